// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/promql_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "rules/promql/engine.h"
#include "rules/trial/classic_histograms.h"
#include "rules/trial/memory_querier.h"
#include "rules/trial/promql_compare.h"
#include "rules/trial/promql_script.h"
#include "rules/trial/promql_variants.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expression;
using promql::QueryResult;

// The settings that the corpus was written for.
promql::EngineOptions CorpusOptions() {
  return {.lookback = 5 * kMinute,
          .default_subquery_step = kMinute,
          .max_samples = 10'000,
          .timeout = 100 * kSecond,
          .delayed_name_removal = true,
          .use_start_timestamps = true};
}

class Runner {
 public:
  Runner(std::string name, const Clock& clock)
      : name_(std::move(name)), engine_(CorpusOptions(), clock) {}

  StatusOr<PromqlTestReport> Run(const std::vector<TestCommand>& commands) {
    for (const TestCommand& command : commands) {
      if (std::holds_alternative<ClearCommand>(command)) storage_.Clear();
      if (const auto* load = std::get_if<LoadCommand>(&command)) TRY(Load(*load));
      if (const auto* eval = std::get_if<EvalCommand>(&command)) Case(*eval);
    }
    return std::move(report_);
  }

 private:
  Status Load(const LoadCommand& load) {
    const SeriesLine* starts = nullptr;  // the line before, if it is of start times
    for (const SeriesLine& line : load.series) {
      if (line.start_times) {
        starts = &line;
        continue;
      }
      LoadSeries(load, line, std::exchange(starts, nullptr));
    }
    if (!load.with_native_histograms) return {};
    for (const auto& [labels, by_time] : TRY(ConvertClassic(load.series, load.step))) {
      for (const auto& [time, histogram] : by_time) {
        storage_.Append(labels, time, std::make_shared<const NativeHistogram>(histogram));
      }
    }
    return {};
  }

  void LoadSeries(const LoadCommand& load, const SeriesLine& line, const SeriesLine* starts) {
    for (size_t i = 0; i < line.values.size(); ++i) {
      const SequenceValue& value = line.values[i];
      if (value.omitted) continue;
      const Timestamp time = static_cast<Timestamp>(i) * load.step;
      Timestamp start = 0;
      if (starts != nullptr && !starts->values[i].omitted) {
        start = time + static_cast<Timestamp>(starts->values[i].value);
      }
      if (value.histogram != nullptr) {
        storage_.Append(line.labels, time, value.histogram, start);
      } else {
        storage_.Append(line.labels, {time, value.value}, start);
      }
    }
  }

  void Case(const EvalCommand& eval) {
    const StatusOr<Expression> parsed = Expression::Parse(eval.expr, promql::kWholeLanguage);
    const Status status = parsed.ok()  ? Check(eval, *parsed)
                          : eval.fails ? CompareFailure(eval, parsed.status())
                                       : parsed.status();
    if (status.ok()) {
      ++report_.passed;
      return;
    }
    ++report_.failed;
    report_.messages.push_back(
        fmt::format("{}:{}: {}: {}", name_, eval.line, eval.expr, Message(status)));
  }

  Status Check(const EvalCommand& eval, const Expression& expr) {
    return eval.range ? CheckRange(eval, expr) : CheckInstant(eval);
  }

  Status CheckRange(const EvalCommand& eval, const Expression& expr) {
    const StatusOr<QueryResult> result =
        engine_.Range(expr, storage_, eval.start, eval.end, eval.step);
    if (eval.fails) return CompareFailure(eval, result.status());
    TRY(result.status());
    TRY(CompareAnnotations(eval, *result));
    return CompareMatrix(eval, {eval.start, eval.end, eval.step},
                         std::get<promql::Matrix>(result->value));
  }

  Status CheckInstant(const EvalCommand& eval) {
    const std::vector<QueryVariant> variants = VariantsOf(eval.expr, eval.start);
    for (size_t i = 0; i < variants.size(); ++i) {
      Status status = CheckVariant(eval, variants[i]);
      if (status.ok()) continue;
      if (i == 0) return status;
      return Annotate(status, fmt::format("as {} at {}", variants[i].expr, variants[i].time));
    }
    return {};
  }

  Status CheckVariant(const EvalCommand& eval, const QueryVariant& variant) {
    const Expression expr = TRY(Expression::Parse(variant.expr, promql::kWholeLanguage));
    const StatusOr<QueryResult> result = engine_.Instant(expr, storage_, variant.time);
    if (eval.fails) return CompareFailure(eval, result.status());
    TRY(result.status());
    TRY(CompareAnnotations(eval, *result));
    TRY(CompareInstant(eval, result->value));
    if (eval.string || eval.range_vector || !SameInRange(variant.expr)) return {};
    const Status middle = CheckMiddleOfRange(eval, expr, variant.time);
    return middle.ok() ? middle : Annotate(middle, "in range mode");
  }

  static Status CompareInstant(const EvalCommand& eval, const promql::Value& value) {
    if (const auto* text = std::get_if<promql::String>(&value)) {
      if (eval.string == text->value) return {};
      return absl::FailedPreconditionError("got string " + Quote(text->value));
    }
    if (const auto* matrix = std::get_if<promql::Matrix>(&value)) {
      if (!eval.range_vector) {
        return absl::FailedPreconditionError("got a range vector, which is not expected");
      }
      return CompareMatrix(eval, *eval.range_vector, *matrix);
    }
    if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
      return CompareScalar(eval, scalar->value);
    }
    if (eval.scalar) return absl::FailedPreconditionError("expected a scalar, got a vector");
    return CompareVector(eval, std::get<promql::Vector>(value), eval.ordered);
  }

  Status CheckMiddleOfRange(const EvalCommand& eval, const Expression& expr, Timestamp time) {
    const QueryResult result =
        TRY(engine_.Range(expr, storage_, time - kMinute, time + kMinute, kMinute));
    if (eval.ordered) return {};  // a range query has its own order
    promql::Vector middle;
    for (const promql::Series& series : std::get<promql::Matrix>(result.value)) {
      for (const Sample& sample : series.samples) {
        if (sample.time == time) middle.push_back({series.labels, time, sample.value});
      }
      for (const promql::HistogramPoint& point : series.histograms) {
        if (point.time == time) middle.push_back({series.labels, time, 0, point.histogram});
      }
    }
    if (!eval.scalar) return CompareVector(eval, middle, /*ordered=*/false);
    if (middle.size() != 1) return absl::FailedPreconditionError("expected one value");
    return CompareScalar(eval, middle[0].value);
  }

  std::string name_;
  promql::Engine engine_;
  MemoryQuerier storage_;
  PromqlTestReport report_;
};

}  // namespace

StatusOr<PromqlTestReport> RunPromqlTest(std::string_view text, const std::string& name,
                                         const Clock& clock) {
  StatusOr<std::vector<TestCommand>> commands = ParseTestScript(text);
  if (!commands.ok()) return Annotate(commands.status(), name);
  return Runner(name, clock).Run(*commands);
}

StatusOr<PromqlTestReport> RunPromqlTestFile(const std::string& path, const Clock& clock) {
  const std::string text = TRY(ReadFile(path));
  const size_t slash = path.rfind('/');
  return RunPromqlTest(text, slash == std::string::npos ? path : path.substr(slash + 1), clock);
}

}  // namespace outrider
