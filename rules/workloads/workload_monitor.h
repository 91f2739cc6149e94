// SPDX-License-Identifier: Apache-2.0
// Background monitoring as KubeOpt's real-time API has it: somebody names containers and an
// interval, and asks what was found. The findings are the engine's, so an alert begins once, ends
// once and is the same everywhere. What is monitored survives a restart.
#pragma once

#include <compare>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/workloads/workload_finding.h"
#include "storage/state/state_store.h"

namespace outrider {

struct MonitoredContainer {
  std::string namespace_name;
  std::string workload;
  std::string container;
  friend auto operator<=>(const MonitoredContainer&, const MonitoredContainer&) = default;
};

struct MonitorStatus {
  bool running = false;
  DurationMs interval = 0;
  size_t containers = 0;
  uint64_t checks = 0;
  Timestamp last_check = 0;             // 0: none yet
  std::vector<WorkloadFinding> alerts;  // as of the last check; empty when stopped
};

// Thread-safe.
class WorkloadMonitor {
 public:
  static constexpr DurationMs kShortest = 10 * kSecond;
  static constexpr DurationMs kLongest = kHour;

  // `findings`: all active ones, callable from several threads. `store` outlives the monitor.
  WorkloadMonitor(std::function<std::vector<WorkloadFinding>()> findings, StateStore& store)
      : findings_(std::move(findings)), store_(store) {}

  // Goes on as before the restart.
  Status Restore();
  // Replaces containers and interval, also of a running monitor, and checks at once.
  // InvalidArgument for an interval out of bounds; an error of the store changes nothing.
  Status Start(std::vector<MonitoredContainer> containers, DurationMs interval, Timestamp now);
  Status Stop();
  // Checks if it is time to, or if the clock went back behind the last check; call about once a
  // second.
  void Tick(Timestamp now);
  MonitorStatus status() const;

 private:
  struct Plan {
    bool running = false;
    DurationMs interval = 0;
    std::set<MonitoredContainer> containers;
    uint64_t checks = 0;
    Timestamp last_check = 0;
  };
  Status Store(const Plan& plan, Durability durability);

  const std::function<std::vector<WorkloadFinding>()> findings_;
  StateStore& store_;
  mutable absl::Mutex mutex_;
  Plan plan_ ABSL_GUARDED_BY(mutex_);
  Timestamp next_check_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<WorkloadFinding> alerts_ ABSL_GUARDED_BY(mutex_);
  bool said_unstored_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace outrider
