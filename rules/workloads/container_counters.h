// SPDX-License-Identifier: Apache-2.0
// What containers count beside their use: restarts and throttled CPU periods, from
// kube-state-metrics and cAdvisor. Read once a minute, newest values only.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// What one container of one pod counted since the last reading.
struct CounterChange {
  double restarts = 0;
  double periods = 0;    // CPU periods
  double throttled = 0;  // those cut short
  double throttled_seconds = 0;
  double seconds = 0;  // the longest time that a change of CPU counters above came about in
};

struct PodContainer {
  std::string namespace_name;
  std::string pod;
  std::string container;
  std::string cluster;  // empty: there is none
};

// Not thread-safe.
class ContainerCounters {
 public:
  static constexpr DurationMs kEvery = kMinute;

  // Calls `use(who, change)` for every container that has a counter with a new value. A counter
  // that fell began at 0 again; the first value of a series is no change. Where several series tell
  // of one container (two endpoints, a predecessor), the largest change counts.
  template <typename Use>
  Status Read(const Querier& querier, Timestamp now, Use use) {
    TRY(Update(querier, now));
    for (auto& [key, counted] : counted_) {
      if (counted.seen != now) continue;
      use(counted.who, std::exchange(counted.change, {}));
    }
    return absl::OkStatus();
  }
  bool IsDue(Timestamp now) const { return now >= due_; }

  static std::vector<SeriesReference> Reach();

 private:
  struct Counted {
    PodContainer who;
    Timestamp seen = INT64_MIN;  // of the reading
    CounterChange change;        // since Read() gave it away
  };
  // A series: how far it was counted.
  struct Counter {
    Counted* counted = nullptr;
    double last = 0;
    Timestamp time = INT64_MIN;
    Timestamp seen = INT64_MIN;
  };
  struct Source {
    std::string_view metric;
    double CounterChange::* where;
    bool of_kube;                                    // kube-state-metrics
    std::unordered_map<uint32_t, Counter> counters;  // by id of the series
  };
  Status Update(const Querier& querier, Timestamp now);
  Status ReadOne(const Querier& querier, Timestamp now, Source* source);
  Counted& Slot(const SeriesLabels& labels, bool of_kube);

  StringMap<Counted> counted_;  // "cluster/namespace/pod/container" ->
  std::array<Source, 4> sources_ = {{
      {"kube_pod_container_status_restarts_total", &CounterChange::restarts, true, {}},
      {"container_cpu_cfs_periods_total", &CounterChange::periods, false, {}},
      {"container_cpu_cfs_throttled_periods_total", &CounterChange::throttled, false, {}},
      {"container_cpu_cfs_throttled_seconds_total", &CounterChange::throttled_seconds, false, {}},
  }};
  Timestamp due_ = INT64_MIN;
};

}  // namespace outrider
