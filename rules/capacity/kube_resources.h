// SPDX-License-Identifier: Apache-2.0
// Requests and limits as they are now, from kube-state-metrics. Source:
// specs/cost_and_rightsizing.md §4.2.
#pragma once

#include <optional>
#include <string_view>

#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"

namespace outrider {

// Cores and bytes; absent: not set.
struct ContainerSpec {
  std::optional<double> cpu_request;
  std::optional<double> cpu_limit;
  std::optional<double> memory_request;
  std::optional<double> memory_limit;
};

class KubeResources {
 public:
  // The newest values of the last minutes before `now`.
  static StatusOr<KubeResources> Read(const Querier& querier, Timestamp now);

  // An empty spec if nothing is known.
  ContainerSpec Find(std::string_view namespace_name, std::string_view pod,
                     std::string_view container) const;

 private:
  StringMap<ContainerSpec> specs_;  // "namespace/pod/container" ->
};

}  // namespace outrider
