// SPDX-License-Identifier: Apache-2.0
// Series as cAdvisor and kube-state-metrics write them, and the engine over them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/capacity/capacity_engine.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {

inline constexpr Timestamp kWorldStart = 1'763'700'000'000;
inline constexpr DurationMs kWorldScrape = 15 * kSecond;
inline constexpr double kMebi = 1024.0 * 1024.0;

// Labels written `a=b,c=d`.
inline Labels ParseLabels(const std::string& text) {
  std::map<std::string, std::string> labels;
  for (const std::string_view pair : Split(text, ',')) {
    const std::vector<std::string_view> parts = Split(pair, '=');
    labels[std::string(parts.front())] = parts.back();
  }
  return Labels::FromMap(labels);
}

class StreamWorld {
 public:
  std::unique_ptr<CapacityEngine> Make(StateStore* store = nullptr) {
    CapacityOptions options;
    options.minimum_coverage = 30 * kSecond;
    options.minimum_samples = 3;
    options.judge_growth = 0;
    return *CapacityEngine::Create(options, windows, table, store);
  }
  // A scrape's worth of a counter of CPU seconds at `cores`, or of a gauge.
  void Cpu(std::string_view labels, Timestamp time, double cores) {
    double& counter = counters_[std::string(labels)];
    counter += cores * kWorldScrape / kSecond;
    Add("container_cpu_usage_seconds_total", labels, time, counter);
  }
  void ResetCpu(std::string_view labels) { counters_[std::string(labels)] = 0; }
  void Add(std::string_view metric, std::string_view labels, Timestamp time, double value) {
    windows.Add(ParseLabels(std::string(labels)).With(kMetricName, metric), time, value);
  }

  FakeWindows windows;
  DerivedTable table;

 private:
  std::map<std::string, double> counters_;
};

struct SeenContainer {
  std::string cluster;
  std::string pod;
  std::string node;
  std::string container;
  std::string workload;  // "kind/name"; empty: not known yet
  PodPhase phase = PodPhase::kUnknown;
  bool init = false;
  ContainerResources requests;
  ContainerResources limits;
  std::optional<double> cpu;
  std::optional<double> memory;
};
inline std::vector<SeenContainer> Visit(const PodInventory& inventory) {
  std::vector<SeenContainer> all;
  inventory.VisitContainers([&](const ContainerView& view) {
    SeenContainer one;
    one.cluster = view.cluster;
    one.pod = view.pod;
    one.node = view.node;
    one.container = view.container;
    if (view.workload != nullptr) {
      one.workload = view.workload->workload_kind + "/" + view.workload->workload;
    }
    one.phase = view.phase;
    one.init = view.init;
    one.requests = view.requests;
    one.limits = view.limits;
    one.cpu = view.cpu_cores;
    one.memory = view.memory_bytes;
    all.push_back(std::move(one));
  });
  return all;
}

}  // namespace outrider
