// SPDX-License-Identifier: Apache-2.0
// What a sample costs each detector, one series alone and 10,000 in turn (out of the cache).
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <vector>

#include "rules/detect/detector_table.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

std::vector<double> MadeValues() {
  SeededRandom random(1);
  std::vector<double> values;
  values.reserve(4096);
  for (int i = 0; i < 4096; ++i) {
    values.push_back(50 + 20 * std::sin(i / 300.0) + 5 * (random.Unit() + random.Unit() - 1));
  }
  return values;
}

void Observe(benchmark::State& state, const std::string& name) {
  const std::vector<double> values = MadeValues();
  std::vector<std::unique_ptr<SeriesDetector>> detectors;
  detectors.reserve(static_cast<size_t>(state.range(0)));
  size_t bytes = 0;
  for (int64_t i = 0; i < state.range(0); ++i) {
    detectors.push_back(*MakeSeriesDetector(name, {}));
  }
  Timestamp now = kStart;
  size_t at = 0;
  const auto round = [&] {
    now += 15 * kSecond;
    const double value = values[++at % values.size()];
    for (const auto& detector : detectors) {
      benchmark::DoNotOptimize(detector->Observe(now, value));
    }
  };
  for (int i = 0; i < (state.range(0) == 1 ? 20'000 : 200); ++i) round();
  for (auto _ : state) round();
  for (const auto& detector : detectors) bytes += detector->MemoryBytes();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
}

BENCHMARK_CAPTURE(Observe, seasonal, "seasonal")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, quantile, "quantile")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, mad, "mad")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, zscore, "zscore")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, level_shift, "level_shift")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, novelty, "novelty")->Arg(1)->Arg(10'000);
BENCHMARK_CAPTURE(Observe, auto, "auto") -> Arg(1) -> Arg(10'000);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
