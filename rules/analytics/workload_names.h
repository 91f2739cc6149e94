// SPDX-License-Identifier: Apache-2.0
// Which workload a pod belongs to: what the per-workload entries need of rules/capacity.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrider {

struct WorkloadName {
  std::string name;
  std::string kind;  // Deployment, StatefulSet, DaemonSet, CronJob, Pod, …
  friend bool operator==(const WorkloadName&, const WorkloadName&) = default;
};

// Thread-safe.
class WorkloadNames {
 public:
  virtual ~WorkloadNames() = default;
  // Nothing while the pod's owner may still become known.
  virtual std::optional<WorkloadName> Find(std::string_view namespace_name,
                                           std::string_view pod) const = 0;
};

}  // namespace outrider
