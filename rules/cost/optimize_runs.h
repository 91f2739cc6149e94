// SPDX-License-Identifier: Apache-2.0
// KubeOpt's optimisation runs: what was recommended when somebody asked, kept under an id, so that
// cost, anomalies and summaries can be asked about it. The recommendations are the capacity
// engine's: a run is complete at once. Source: specs/source_systems.md §1.9.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/capacity/recommendation.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

// Cores or bytes; absent: not set, or not recommended for want of data.
struct RunResource {
  std::optional<double> request;
  std::optional<double> limit;
  std::optional<double> proposed_request;
  std::optional<double> proposed_limit;
  double mean_use = 0;
  double p95_use = 0;
  double max_use = 0;
  std::string reason;
  friend bool operator==(const RunResource&, const RunResource&) = default;
};

struct RunContainer {
  std::string name;
  RunResource cpu;
  RunResource memory;
  friend bool operator==(const RunContainer&, const RunContainer&) = default;
};

struct RunWorkload {
  WorkloadKey key;
  uint64_t replicas = 0;
  std::vector<RunContainer> containers;
  friend bool operator==(const RunWorkload&, const RunWorkload&) = default;
};

struct OptimizeRun {
  std::string id;  // shaped as a UUID
  std::string manifest_path;
  int64_t lookback_days = 7;
  Timestamp created = 0;
  std::vector<RunWorkload> workloads;

  size_t Suggestions() const;  // containers with something to propose
  friend bool operator==(const OptimizeRun&, const OptimizeRun&) = default;
};

// Thread-safe. Runs survive a restart; the oldest beyond kKept go.
class OptimizeRuns {
 public:
  static constexpr size_t kKept = 20;

  explicit OptimizeRuns(StateStore& store) : store_(store) {}

  // Machines are left out: nobody requests them.
  StatusOr<OptimizeRun> Start(std::string manifest_path, int64_t lookback_days,
                              std::span<const Recommendation> recommendations, Timestamp now);
  // NotFound for an unknown id.
  StatusOr<OptimizeRun> Find(std::string_view id) const;
  StatusOr<std::vector<OptimizeRun>> List() const;  // newest first

 private:
  StateStore& store_;
  absl::Mutex mutex_;  // one Start at a time
};

}  // namespace outrider
