// SPDX-License-Identifier: Apache-2.0
// What counting costs takes: an hour of virtual time of a cluster, a run a minute, with its saving;
// CPU time of the one thread by minute. Five containers to a node's ten, three pods to a workload.
//   cost_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>

#include "fmt/format.h"
#include "tests/rules/cost/cost_world.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'764'547'200'000;
constexpr int kMinutes = 60;
constexpr int64_t kPodsOfNode = 50;

void CountAnHour(benchmark::State& state) {
  const int64_t pods = state.range(0);
  for (auto unused : state) {
    state.PauseTiming();
    CostWorld world(kStart);
    for (int64_t i = 0; i < pods / kPodsOfNode; ++i) {
      world.book->AddNode(fmt::format("node-{}", i), 64, 256);
    }
    for (int64_t i = 0; i < pods; ++i) {
      FakeContainer& one =
          world.inventory.Add(fmt::format("team-{}", i % 97), fmt::format("web{}", i / 3),
                              fmt::format("node-{}", i / kPodsOfNode), 0.5, 1);
      one.pod = fmt::format("web{}-7d4b9c6f5d-x{}k9p", i / 3, i % 3);
      one.used_cores = 0.1;
    }
    state.ResumeTiming();
    world.RunFor(kMinutes * kMinute);
    state.counters["cells"] = static_cast<double>(world.engine->stats().cells);
  }
  state.counters["ms_a_minute"] = benchmark::Counter(
      static_cast<double>(kMinutes) / 1000,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(CountAnHour)->Arg(1'000)->Arg(10'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
