// SPDX-License-Identifier: Apache-2.0
// Evaluation alone: the samples lie ready in memory, so that what is measured is the engine.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "rules/promql/engine.h"

namespace outrider::promql {
namespace {

constexpr DurationMs kInterval = 15 * kSecond;

// Answers every Select with the same series, cut to the range asked for.
class FlatQuerier final : public Querier {
 public:
  FlatQuerier(size_t series, size_t samples) : samples_(samples) {
    for (size_t s = 0; s < series; ++s) {
      labels_.push_back(Labels{{"__name__", "http_requests_total"},
                               {"instance", fmt::format("host-{}:9100", s % 100)},
                               {"job", "api"},
                               {"method", "GET"},
                               {"path", fmt::format("/path/{}", s / 100)}});
    }
  }
  Status Select(std::span<const Matcher> /*matchers*/, Timestamp from, Timestamp to,
                size_t /*max_samples*/, SeriesSet* out) const override {
    for (size_t s = 0; s < labels_.size(); ++s) {
      const size_t begin = out->times.size();
      for (size_t i = 0; i < samples_; ++i) {
        const Timestamp t = static_cast<Timestamp>(i) * kInterval;
        if (t < from || t > to) continue;
        out->times.push_back(t);
        out->values.push_back(static_cast<double>(i * (s % 7 + 1)));
      }
      out->rows.push_back(
          {SeriesLabels(labels_[s]), static_cast<uint32_t>(s), begin, out->times.size()});
    }
    return {};
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> /*matchers*/,
                                             Timestamp /*from*/, Timestamp /*to*/) const override {
    return labels_;
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> /*matchers*/,
                                                Timestamp /*from*/,
                                                Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view /*name*/,
                                                 std::span<const Matcher> /*matchers*/,
                                                 Timestamp /*from*/,
                                                 Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  Timestamp OldestKept() const override { return 0; }

 private:
  std::vector<Labels> labels_;
  size_t samples_;
};

void Evaluate(benchmark::State& state, const char* query, bool range) {
  const FlatQuerier querier(static_cast<size_t>(state.range(0)), 80);
  const SystemClock clock;
  const Engine engine({}, clock);
  const auto expr = Expression::Parse(query);
  const Timestamp end = 20 * kMinute;
  for (auto unused : state) {
    const auto result = range ? engine.Range(*expr, querier, end - 5 * kMinute, end, kInterval)
                              : engine.Instant(*expr, querier, end);
    if (!result.ok()) state.SkipWithError("the query failed");
    benchmark::DoNotOptimize(result);
  }
}

void Parse(benchmark::State& state, const char* query) {
  for (auto unused : state) benchmark::DoNotOptimize(Expression::Parse(query));
}

BENCHMARK_CAPTURE(Evaluate, sum_rate, "sum(rate(http_requests_total[5m]))", false)
    ->Arg(4000)
    ->Arg(30000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Evaluate, sum_by_rate, "sum by (instance) (rate(http_requests_total[5m]))", false)
    ->Arg(4000)
    ->Arg(30000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Evaluate, one_to_one, "http_requests_total / http_requests_total", false)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Evaluate, quantile, "quantile_over_time(0.9, http_requests_total[5m])", false)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Evaluate, range_sum_rate, "sum by (instance) (rate(http_requests_total[5m]))",
                  true)
    ->Arg(4000)
    ->Arg(30000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Parse, typical,
                  "sum by (job) (rate(errors_total{code=~\"5..\"}[5m])) / "
                  "sum by (job) (rate(requests_total[5m])) > 0.05");

}  // namespace
}  // namespace outrider::promql

BENCHMARK_MAIN();
