// SPDX-License-Identifier: Apache-2.0
// What the capacity engine costs for each sample of use on top of ingesting it: following,
// accumulating, judging once a minute, publishing, saving in turn. Containers in the real windows,
// three to a workload, with owners, requests, limits and counters as kube-state-metrics and
// cAdvisor tell them; every series has a sample each 15 s, a run follows each. With churn a
// twentieth of the pods is replaced in an hour: their series are found. CPU time of the one thread,
// over an hour that follows a quarter of one.
//   capacity_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "rules/capacity/capacity_engine.h"
#include "rules/workloads/workload_engine.h"
#include "storage/state/memory_store.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr DurationMs kScrape = 15 * kSecond;
constexpr int kWarmUp = 60;
constexpr int kSteps = 240;

class Cluster {
 public:
  explicit Cluster(int64_t containers) : containers_(containers) {
    for (int64_t i = 0; i < containers; ++i) {
      begin_.push_back(rows_.size());
      AddContainer(i, 0);
    }
  }
  // Replaces this share of the pods by others of the same workloads.
  void Replace(double share) {
    owed_ += share * static_cast<double>(containers_);
    for (; owed_ >= 1; owed_ -= 1) {
      const int64_t i = replaced_++ % containers_;
      const size_t begin = begin_[static_cast<size_t>(i)];
      // Made behind the others, moved into the place of the old ones.
      const size_t end = rows_.size();
      AddContainer(i, 1 + replaced_ / containers_);
      for (size_t at = end; at < rows_.size(); ++at) rows_[begin + at - end] = rows_[at];
      rows_.resize(end);
      steps_.resize(end);
    }
  }
  void Scrape(Timestamp time) {
    ++scrapes_;
    for (size_t i = 0; i < rows_.size(); ++i) {
      // Not a constant: a tenth more or less from scrape to scrape.
      const double wave = 1 + static_cast<double>((i * 7 + scrapes_ * 13) % 21) / 100 - .1;
      rows_[i].sample.time = time;
      if (steps_[i] > 0) rows_[i].sample.value += steps_[i] * wave;
      if (steps_[i] < 0) rows_[i].sample.value = -steps_[i] * wave;
    }
    windows.AppendBatch(rows_, Origin::kRemote, time);
  }

  Windows windows{WindowsOptions()};

 private:
  // `step`: of a counter, by scrape; negative: a gauge about that; 0: constant 1.
  void Add(const char* name, const Labels& labels, double step) {
    rows_.push_back({labels.With(kMetricName, name), {0, 1}});
    steps_.push_back(step);
  }
  void AddContainer(int64_t i, int64_t generation) {
    const std::string set = fmt::format("web{}-7d4b9c6f5d", i / 3);
    const Labels pod({{"namespace", fmt::format("team-{}", i % 97)},
                      {"pod", fmt::format("{}-x{}k{}p", set, i % 3, generation)}});
    const Labels container = pod.With("container", "app");
    const Labels cadvisor =
        container.With("image", "registry/web:1").With("id", fmt::format("/{}/{}", i, generation));
    Add("container_cpu_usage_seconds_total", cadvisor.With("cpu", "total"), 3);
    Add("container_memory_working_set_bytes", cadvisor, -3e8);
    Add("container_memory_rss", cadvisor, -2e8);
    Add("container_cpu_cfs_periods_total", cadvisor, 150);
    Add("container_cpu_cfs_throttled_periods_total", cadvisor, 1);
    Add("container_oom_events_total", cadvisor, 0);
    Add("kube_pod_owner", pod.With("owner_kind", "ReplicaSet").With("owner_name", set), 0);
    Add("kube_pod_status_phase", pod.With("phase", "Running"), 0);
    Add("kube_pod_container_status_restarts_total", container, 0);
    Add("kube_pod_container_resource_requests", container.With("resource", "cpu"), 0);
    Add("kube_pod_container_resource_requests", container.With("resource", "memory"), 0);
    Add("kube_pod_container_resource_limits", container.With("resource", "memory"), 0);
    if (i % 3 == 0) {
      Add("kube_replicaset_owner",
          Labels({{"namespace", pod.Get("namespace")},
                  {"replicaset", set},
                  {"owner_kind", "Deployment"},
                  {"owner_name", fmt::format("web{}", i / 3)}}),
          0);
    }
  }

  int64_t containers_;
  int64_t replaced_ = 0;
  double owed_ = 0;
  std::vector<size_t> begin_;  // of each container, in rows_
  std::vector<LabeledSample> rows_;
  std::vector<double> steps_;
  size_t scrapes_ = 0;
};

void Use(benchmark::State& state, bool with_findings, double churn) {
  for (auto _ : state) {
    Cluster cluster(state.range(0));
    DerivedTable table;
    MemoryStore store;
    const auto capacity =
        *CapacityEngine::Create(CapacityOptions(), cluster.windows, table, &store);
    WorkloadEngine workloads(cluster.windows, capacity->workloads(), table, store);
    if (with_findings) capacity->SetObserver(&workloads);
    const SystemClock clock;
    int64_t run = 0;
    int64_t save = 0;
    Timestamp now = kStart;
    for (int i = 0; i < kWarmUp + kSteps; ++i) {
      cluster.Replace(churn * kScrape / kHour);
      cluster.Scrape(now += kScrape);
      const int64_t begin = clock.ThreadCpuNanos();
      capacity->Run(now + kSecond);
      const int64_t ran = clock.ThreadCpuNanos();
      if (!capacity->Save(now + kSecond, CapacityEngine::Part::kNext).ok()) {
        state.SkipWithError("cannot save");
      }
      if (i < kWarmUp) continue;
      run += ran - begin;
      save += clock.ThreadCpuNanos() - ran;
    }
    const double samples = 2.0 * static_cast<double>(state.range(0)) * kSteps;
    const auto size = capacity->MeasureSize();
    state.counters["run_ns"] = static_cast<double>(run) / samples;
    state.counters["save_ns"] = static_cast<double>(save) / samples;
    state.counters["run_ms"] = static_cast<double>(run) / kSteps / 1e6;
    state.counters["state_bytes"] =
        static_cast<double>(size.demand) / static_cast<double>(size.entries);
    state.counters["recommended"] = static_cast<double>(capacity->Recommendations().size());
  }
}
BENCHMARK_CAPTURE(Use, engine, false, 0)->Arg(5000)->Arg(30'000)->Iterations(1);
BENCHMARK_CAPTURE(Use, churn, false, .05)->Arg(5000)->Iterations(1);
BENCHMARK_CAPTURE(Use, with_findings, true, 0)->Arg(30'000)->Iterations(1);

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  // As the daemon has it: Debian's Abseil looks for cycles of locks by default.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
