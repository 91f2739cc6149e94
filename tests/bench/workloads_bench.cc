// SPDX-License-Identifier: Apache-2.0
// What a run of the capacity engine costs every 15 s, alone and with the findings of
// rules/workloads fed by it, over N containers in the real windows.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "rules/capacity/capacity_engine.h"
#include "rules/workloads/workload_engine.h"
#include "storage/state/memory_store.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr DurationMs kScrape = 15 * kSecond;

class Cluster {
 public:
  explicit Cluster(int64_t containers) {
    for (int64_t i = 0; i < containers; ++i) {
      const std::string workload = "web" + std::to_string(i / 3);
      const Labels pod({{"namespace", "shop"},
                        {"pod", workload + "-" + std::to_string(i % 3)},
                        {"container", "app"},
                        {"image", "registry/web:1"},
                        {"node", "node" + std::to_string(i % 50)}});
      const auto add = [&](const char* name, double per_scrape, const Labels& labels) {
        rows_.push_back({labels.With(kMetricName, name), {}});
        steps_.push_back(per_scrape);
      };
      add("container_cpu_usage_seconds_total", 3 + static_cast<double>(i % 7), pod);
      add("container_memory_working_set_bytes", 0, pod);
      add("container_cpu_cfs_periods_total", 150, pod);
      add("container_cpu_cfs_throttled_periods_total", 1, pod);
      add("kube_pod_container_status_restarts_total", 0, pod);
      add("kube_pod_owner", 0, pod.With("owner_kind", "StatefulSet").With("owner_name", workload));
      add("kube_pod_container_resource_requests", 0, pod.With("resource", "cpu"));
      add("kube_pod_container_resource_limits", 0, pod.With("resource", "memory"));
    }
    for (LabeledSample& row : rows_) row.sample.value = 2e9;
  }
  void Scrape(Timestamp time) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].sample.time = time;
      rows_[i].sample.value += steps_[i];
    }
    windows.AppendBatch(rows_, Origin::kRemote, time);
  }

  Windows windows{WindowsOptions()};

 private:
  std::vector<LabeledSample> rows_;
  std::vector<double> steps_;
};

// Argument: containers. A quarter of an hour of scrapes comes first, an hour is measured.
void RunEvery15s(benchmark::State& state, bool with_findings) {
  Cluster cluster(state.range(0));
  DerivedTable table;
  MemoryStore store;
  const auto capacity = *CapacityEngine::Create(CapacityOptions(), cluster.windows, table);
  WorkloadEngine workloads(cluster.windows, capacity->workloads(), table, store);
  if (with_findings) capacity->SetObserver(&workloads);
  Timestamp now = kStart;
  for (int i = 0; i < 80; ++i) {
    cluster.Scrape(now += kScrape);
    if (i >= 60) capacity->Run(now + kSecond);
  }
  for (auto _ : state) {
    state.PauseTiming();
    cluster.Scrape(now += kScrape);
    state.ResumeTiming();
    capacity->Run(now + kSecond);
  }
  state.counters["findings"] = static_cast<double>(workloads.stats().findings);
}
BENCHMARK_CAPTURE(RunEvery15s, capacity_alone, false)
    ->Arg(5000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(240);
BENCHMARK_CAPTURE(RunEvery15s, with_findings, true)
    ->Arg(5000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(240);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
