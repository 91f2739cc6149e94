// SPDX-License-Identifier: Apache-2.0
// Pod -> workload along the owner chain that kube-state-metrics tells, else by name.
// Source: specs/cost_and_rightsizing.md §4.4.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/workload_names.h"
#include "rules/capacity/kube_label.h"
#include "rules/capacity/series_stream.h"
#include "storage/base/clock.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Find() and Resolve() are thread-safe; the others are for one thread.
class WorkloadResolver final : public WorkloadNames {
 public:
  // How long a pod waits for its owner before its name is taken instead. Without any owner series
  // nobody waits.
  static constexpr DurationMs kGrace = 2 * kMinute;

  // `feed` outlives the resolver.
  explicit WorkloadResolver(const SampleFeed& feed);
  ~WorkloadResolver() override;

  // Learns the owner series that are new. An owner is known as long as the windows have its series:
  // hours longer than the pod lives. True if something was learned.
  bool Update(Timestamp now);
  // A pod has been seen at `now`: its grace begins. Until Forget().
  void Note(std::string_view namespace_name, std::string_view pod, Timestamp now,
            std::string_view cluster = "");
  void Forget(std::string_view namespace_name, std::string_view pod, std::string_view cluster = "");

  struct Resolved {
    WorkloadName workload;
    bool by_name = false;  // an owner series is missing: may become another
  };
  // Nothing while the pod's owner may still become known.
  std::optional<Resolved> Resolve(std::string_view cluster, std::string_view namespace_name,
                                  std::string_view pod) const;
  // Of several clusters the first that knows the pod.
  std::optional<WorkloadName> Find(std::string_view namespace_name,
                                   std::string_view pod) const override;

  static std::vector<SeriesReference> Reach(DurationMs horizon);

 private:
  struct Owner {
    std::string kind;  // empty: owned by nobody
    std::string name;
    bool controller = false;
    uint32_t series = 0;  // that tell of it
  };
  // The owners of one kind of object: "cluster/namespace/name" ->.
  class Owners;
  struct Step;

  void SeeCluster(std::string_view cluster) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Resolved Climb(std::string_view cluster, std::string_view namespace_name, std::string_view pod,
                 const Owner& owner) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::array<std::unique_ptr<Owners>, 4> owners_;  // of pods, replica sets, jobs, controllers
  absl::flat_hash_map<std::string, Timestamp> noted_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> clusters_ ABSL_GUARDED_BY(mutex_);  // that were seen; "" first
  Timestamp now_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace outrider
