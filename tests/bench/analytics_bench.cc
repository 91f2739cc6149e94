// SPDX-License-Identifier: Apache-2.0
// What a sample and a read of the derived series cost.
#include <benchmark/benchmark.h>

#include <vector>

#include "rules/analytics/baseline.h"
#include "rules/analytics/derived_table.h"
#include "rules/analytics/ring_tiers.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

void RingAdd(benchmark::State& state) {
  std::vector<RingTiers> rings(static_cast<size_t>(state.range(0)), RingTiers(kTrendWindows));
  Timestamp now = kStart;
  for (auto _ : state) {
    now += 15 * kSecond;
    for (RingTiers& ring : rings) ring.Add(now, static_cast<double>(now % 7));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(RingAdd)->Arg(1)->Arg(5000);

void RingFitAllWindows(benchmark::State& state) {
  RingTiers ring(kTrendWindows);
  Timestamp now = kStart;
  for (int i = 0; i < 6000; ++i) ring.Add(now += 15 * kSecond, i % 7);
  for (auto _ : state) {
    for (DurationMs window : kTrendWindows) benchmark::DoNotOptimize(ring.Fit(window, now));
  }
}
BENCHMARK(RingFitAllWindows);

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
