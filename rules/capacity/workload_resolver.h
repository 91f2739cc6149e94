// SPDX-License-Identifier: Apache-2.0
// Pod -> workload along the owner chain that kube-state-metrics tells, else by name.
// Source: specs/cost_and_rightsizing.md §4.4.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/workload_names.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/series_labels.h"

namespace outrider {

// Thread-safe.
class WorkloadResolver final : public WorkloadNames {
 public:
  // How long a pod waits for its owner before its name is taken instead. Without any owner series
  // nobody waits.
  static constexpr DurationMs kGrace = 2 * kMinute;

  // Reads the owner series of the last minutes. Owners of dead pods are kept for a day.
  Status Update(const Querier& querier, Timestamp now);
  // A pod has been seen at `now`: its grace begins.
  void Note(std::string_view namespace_name, std::string_view pod, Timestamp now);

  std::optional<WorkloadName> Find(std::string_view namespace_name,
                                   std::string_view pod) const override;

 private:
  struct Owner {
    std::string kind;  // empty: owned by nobody
    std::string name;
    bool controller = false;
    Timestamp seen = 0;
  };
  using Owners = StringMap<Owner>;  // "namespace/name" ->

  Status ReadOwners(const Querier& querier, std::string_view metric, std::string_view object_label,
                    Timestamp now, Owners* owners);
  WorkloadName Climb(std::string_view namespace_name, std::string_view pod,
                     const Owner& owner) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Owners pods_ ABSL_GUARDED_BY(mutex_);
  Owners replica_sets_ ABSL_GUARDED_BY(mutex_);
  Owners jobs_ ABSL_GUARDED_BY(mutex_);
  Owners controllers_ ABSL_GUARDED_BY(mutex_);
  struct Noted {
    Timestamp first = 0;
    Timestamp last = 0;
  };
  StringMap<Noted> noted_ ABSL_GUARDED_BY(mutex_);
  Timestamp now_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A label of a kube-state-metrics series: exported_<name> where it was scraped without
// honor_labels, for then <name> is about kube-state-metrics itself.
std::string_view KubeLabel(const SeriesLabels& labels, std::string_view name);

}  // namespace outrider
