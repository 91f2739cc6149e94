// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/prom_envelope.h"
#include "exporter/api/value_json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kMaxPoints = 11'000;

// What both query endpoints take.
struct QueryRequest {
  promql::EngineOptions engine;
  promql::Expression expr;
  size_t limit = 0;
  bool stats = false;
};

StatusOr<QueryRequest> ReadQuery(const ParamReader& params, const QueryApiDeps& deps) {
  promql::EngineOptions engine = deps.engine;
  engine.timeout = std::min(engine.timeout, TRY(params.Duration("timeout", engine.timeout)));
  const size_t limit = TRY(params.Limit("limit"));
  engine.lookback = TRY(params.Duration("lookback_delta", engine.lookback));
  if (engine.lookback <= 0)
    return InvalidParam("lookback_delta", "lookback delta must be positive");
  StatusOr<promql::Expression> expr = promql::Expression::Parse(params.Text("query"), deps.parser);
  if (!expr.ok()) return InvalidParam("query", Message(expr.status()));
  return QueryRequest{engine, *std::move(expr), limit, !params.Text("stats").empty()};
}

std::string StatsJson(int64_t nanos) {
  const double seconds = static_cast<double>(nanos) / 1e9;
  std::string out;
  JsonWriter(&out)
      .StartObject()
      .Key("timings")
      .StartObject()
      .Key("evalTotalTime")
      .Double(seconds)
      .Key("execTotalTime")
      .Double(seconds)
      .EndObject()
      .EndObject();
  return out;
}

HttpResponse AnswerQuery(const QueryRequest& query, int64_t nanos, promql::QueryResult result) {
  if (TruncateValue(query.limit, &result.value))
    result.warnings.emplace_back("results truncated due to limit");
  auto shared = std::make_shared<const promql::QueryResult>(std::move(result));
  auto json = std::make_shared<ValueJson>(shared, query.stats ? StatsJson(nanos) : "");
  return PromStream([json](std::string* piece) { return json->Next(piece); }, shared->warnings,
                    shared->infos);
}

StatusOr<HttpResponse> Instant(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Timestamp time = TRY(params.Time("time", deps.clock.Now()));
  const QueryRequest query = TRY(ReadQuery(params, deps));
  const int64_t begin = deps.clock.MonotonicNanos();
  promql::QueryResult result =
      TRY(promql::Engine(query.engine, deps.clock).Instant(query.expr, deps.querier, time));
  return AnswerQuery(query, deps.clock.MonotonicNanos() - begin, std::move(result));
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
        "resolution "
        "(?step=XX)");
  }
  return range;
}

StatusOr<HttpResponse> Range(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const RangeOfQuery range = TRY(ReadRange(params));
  const QueryRequest query = TRY(ReadQuery(params, deps));
  const promql::ValueType type = query.expr.type();
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) {
    return InvalidParam(
        "query",
        fmt::format(
            "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
            promql::ValueTypeText(type)));
  }
  const int64_t begin = deps.clock.MonotonicNanos();
  promql::QueryResult result =
      TRY(promql::Engine(query.engine, deps.clock)
              .Range(query.expr, deps.querier, range.start, range.end, range.step));
  return AnswerQuery(query, deps.clock.MonotonicNanos() - begin, std::move(result));
}

StatusOr<HttpResponse> Format(const QueryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const StatusOr<promql::Expression> expr =
      promql::Expression::Parse(params.Text("query"), deps.parser);
  if (!expr.ok()) return InvalidParam("query", Message(expr.status()));
  std::string data;
  JsonWriter(&data).String(expr->ToString());
  return PromSuccess(data);
}

using QueryHandler = StatusOr<HttpResponse> (*)(const QueryApiDeps&, HttpRequest&);
constexpr std::pair<const char*, QueryHandler> kRoutes[] = {
    {"/api/v1/query", Instant},
    {"/api/v1/query_range", Range},
    {"/api/v1/format_query", Format},
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
