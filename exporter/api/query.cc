// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/ast_json.h"
#include "exporter/api/pretty_query.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/query_stats_json.h"
#include "exporter/api/value_json.h"
#include "rules/promql/query_stats.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr int64_t kMaxPoints = 11'000;

// What both query endpoints take.
struct QueryRequest {
  promql::EngineOptions engine;
  promql::Expression expr;
  size_t limit = 0;
  std::string stats;
};

StatusOr<QueryRequest> ReadQuery(const ParamReader& params, const QueryApiDeps& deps) {
  promql::EngineOptions engine = deps.engine;
  const size_t limit = TRY(params.Limit("limit"));
  engine.timeout = std::min(engine.timeout, TRY(params.Duration("timeout", engine.timeout)));
  if (const std::string_view text = params.Text("lookback_delta"); !text.empty()) {
    const StatusOr<DurationMs> lookback = ParseApiDuration(text);
    if (!lookback.ok()) {
      return InvalidArgument("error parsing lookback delta duration: " +
                             Message(lookback.status()));
    }
    if (*lookback > 0) engine.lookback = *lookback;
  }
  StatusOr<promql::Expression> expr = promql::Expression::Parse(params.Text("query"), deps.parser);
  if (!expr.ok()) return InvalidParam("query", Message(expr.status()));
  return QueryRequest{engine, *std::move(expr), limit, std::string(params.Text("stats"))};
}

using Evaluate =
    std::function<StatusOr<promql::QueryResult>(const promql::Engine&, promql::QueryStats*)>;

// Waits for room, evaluates and answers. `steps` are the times of the answer.
StatusOr<HttpResponse> RunQuery(const QueryApiDeps& deps, QueryRequest query,
                                const promql::Steps& steps, const Evaluate& evaluate) {
  if (query.engine.timeout <= 0) {
    return absl::DeadlineExceededError("query timed out in query execution");
  }
  QueryTimes times;
  promql::QueryStats stats;
  promql::QueryResult result;
  {
    const QueryGate::Pass pass = TRY(deps.gate.Enter(query.engine.timeout));
    times.queued_nanos = pass.queued_nanos();
    query.engine.timeout -= pass.queued_nanos() / kNanosPerMilli;
    const int64_t begin = deps.clock.MonotonicNanos();
    result = TRY(
        evaluate(promql::Engine(query.engine, deps.clock), query.stats.empty() ? nullptr : &stats));
    times.eval_nanos = deps.clock.MonotonicNanos() - begin;
  }
  if (TruncateValue(query.limit, &result.value))
    result.warnings.insert(result.warnings.begin(), "results truncated due to limit");
  if (std::optional<std::string> warning = StatsParamWarning(query.stats))
    result.warnings.insert(result.warnings.begin(), *std::move(warning));
  std::string stats_json;
  if (!query.stats.empty()) stats_json = QueryStatsJson(stats, times, steps, query.stats == "all");
  auto shared = std::make_shared<const promql::QueryResult>(std::move(result));
  auto json = std::make_shared<ValueJson>(shared, std::move(stats_json));
  return PromStream([json](std::string* piece) { return json->Next(piece); }, shared->warnings,
                    shared->infos);
}

StatusOr<HttpResponse> Instant(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Timestamp time = TRY(params.Time("time", deps.clock.Now()));
  QueryRequest query = TRY(ReadQuery(params, deps));
  const promql::Expression expr = query.expr;
  return RunQuery(deps, std::move(query), {.start = time},
                  [&](const promql::Engine& engine, promql::QueryStats* stats) {
                    return engine.Instant(expr, deps.querier, time, stats);
                  });
}

struct RangeOfQuery {
  Timestamp start = 0;
  Timestamp end = 0;
  DurationMs step = 0;
};

StatusOr<RangeOfQuery> ReadRange(const ParamReader& params) {
  RangeOfQuery range;
  range.start = TRY(params.Time("start", std::nullopt));
  range.end = TRY(params.Time("end", std::nullopt));
  if (range.end < range.start)
    return InvalidParam("end", "end timestamp must not be before start time");
  range.step = TRY(params.Duration("step", std::nullopt));
  if (range.step <= 0) {
    return InvalidParam(
        "step",
        "zero or negative query resolution step widths are not accepted. Try a positive integer");
  }
  if ((range.end - range.start) / range.step > kMaxPoints) {
    return InvalidArgument(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
        "resolution (?step=XX)");
  }
  return range;
}

StatusOr<HttpResponse> Range(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const RangeOfQuery range = TRY(ReadRange(params));
  QueryRequest query = TRY(ReadQuery(params, deps));
  const promql::ValueType type = query.expr.type();
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) {
    return InvalidParam(
        "query",
        fmt::format(
            "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
            promql::ValueTypeText(type)));
  }
  const promql::Expression expr = query.expr;
  return RunQuery(deps, std::move(query), {.start = range.start, .step = range.step},
                  [&](const promql::Engine& engine, promql::QueryStats* stats) {
                    return engine.Range(expr, deps.querier, range.start, range.end, range.step,
                                        stats);
                  });
}

StatusOr<promql::Expression> ReadExpression(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  StatusOr<promql::Expression> expr = promql::Expression::Parse(params.Text("query"), deps.parser);
  if (!expr.ok()) return InvalidParam("query", Message(expr.status()));
  return expr;
}

StatusOr<HttpResponse> Format(const QueryApiDeps& deps, HttpRequest& request) {
  const promql::Expression expr = TRY(ReadExpression(deps, request));
  std::string data;
  JsonWriter(&data).String(PrettyQuery(expr.root()));
  return PromSuccess(data);
}

StatusOr<HttpResponse> Parse(const QueryApiDeps& deps, HttpRequest& request) {
  const promql::Expression expr = TRY(ReadExpression(deps, request));
  std::string data;
  JsonWriter json(&data);
  WriteAst(expr.root(), &json);
  return PromSuccess(data);
}

using QueryHandler = StatusOr<HttpResponse> (*)(const QueryApiDeps&, HttpRequest&);
constexpr std::pair<const char*, QueryHandler> kRoutes[] = {
    {"/api/v1/query", Instant},
    {"/api/v1/query_range", Range},
    {"/api/v1/format_query", Format},
    {"/api/v1/parse_query", Parse},
};

}  // namespace

void RegisterQueryApi(Router& router, const QueryApiDeps& deps) {
  for (const auto& [pattern, handler] : kRoutes) {
    for (const char* method : {"GET", "POST"}) {
      router.Add(method, pattern, PromRoute([deps, handler](HttpRequest& request) {
                   return handler(deps, request);
                 }));
    }
  }
}

}  // namespace outrider
