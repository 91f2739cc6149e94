// SPDX-License-Identifier: Apache-2.0
// What a sample and a read of the derived series cost.
#include <benchmark/benchmark.h>

#include <vector>

#include "rules/analytics/baseline.h"
#include "rules/analytics/derived_table.h"
#include "rules/analytics/forecast.h"
#include "rules/analytics/trend.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

Entry TrendEntry() {
  Entry entry;
  entry.windows.assign(kTrendWindows.begin(), kTrendWindows.end());
  return entry;
}

// All seven windows; a day of samples before, so that every tier is in use.
void TrendObserve(benchmark::State& state) {
  const auto plan = MakeTrendPlan(TrendEntry());
  std::vector<TrendDetector> series(static_cast<size_t>(state.range(0)), TrendDetector(plan));
  Timestamp now = kStart;
  for (int i = 0; i < 400; ++i) {
    now += 4 * kMinute;
    for (TrendDetector& one : series) one.Observe(now, static_cast<double>(now % 7));
  }
  for (auto _ : state) {
    now += 15 * kSecond;
    for (TrendDetector& one : series) one.Observe(now, static_cast<double>(now % 7));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_series"] = static_cast<double>(series.front().MemoryBytes());
}
BENCHMARK(TrendObserve)->Arg(1)->Arg(5000)->Arg(100'000);

void TrendReport(benchmark::State& state) {
  Entry entry = TrendEntry();
  if (state.range(0) > 0) {
    entry.trend = {.errors = true, .theil_sen = true, .mann_kendall = true, .changepoints = true};
  }
  const auto trend = TrendDetector::Create(entry);
  std::vector<double> out(TrendDetector::Outputs(entry).size());
  Timestamp now = kStart;
  for (int i = 0; i < 6000; ++i) trend->Observe(now += 15 * kSecond, i % 7);
  for (auto _ : state) {
    trend->Report(now, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(TrendReport)->Arg(0)->Arg(1);

Entry ForecastEntry(int64_t model) {
  Entry entry;
  entry.windows = {6 * kHour};
  entry.threshold = 1000;
  entry.forecast.model = static_cast<ForecastModel>(model);
  return entry;
}

void ForecastObserve(benchmark::State& state) {
  const auto forecast = ForecastDetector::Create(ForecastEntry(state.range(0)));
  Timestamp now = kStart;
  int i = 0;
  for (auto _ : state) forecast->Observe(now += 15 * kSecond, i++ % 7);
}
BENCHMARK(ForecastObserve)->DenseRange(0, 3);

void ForecastReport(benchmark::State& state) {
  const auto forecast = ForecastDetector::Create(ForecastEntry(state.range(0)));
  std::vector<double> out(ForecastDetector::Outputs(ForecastEntry(state.range(0))).size());
  Timestamp now = kStart;
  for (int i = 0; i < 12'000; ++i) forecast->Observe(now += 15 * kSecond, i % 7);
  for (auto _ : state) {
    forecast->Report(now, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(ForecastReport)->DenseRange(0, 3);

void BaselineMeasure(benchmark::State& state) {
  Baseline baseline;
  for (int i = 0; i < 300; ++i) baseline.Add(kStart + i * 15 * kSecond, i * 37 % 101);
  for (auto _ : state) benchmark::DoNotOptimize(baseline.Measure());
}
BENCHMARK(BaselineMeasure);

void SnapshotOf100k(benchmark::State& state) {
  static constexpr DerivedMetric kMetric = {"outrider_trend_slope", "Slope."};
  DerivedTable table;
  for (int i = 0; i < 100'000; ++i) {
    table.Add(kMetric, Labels({{"entry", "load"}, {"instance", std::to_string(i)}}), i);
  }
  for (auto _ : state) benchmark::DoNotOptimize(table.Snapshot());
}
BENCHMARK(SnapshotOf100k)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
