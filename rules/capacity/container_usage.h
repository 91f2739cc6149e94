// SPDX-License-Identifier: Apache-2.0
// What containers use, from cAdvisor's series. Source: specs/cost_and_rightsizing.md §4.1.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

// One container of one pod; its restarts and repeated endpoints are one.
struct ContainerUsage {
  std::string namespace_name;
  std::string pod;
  std::string container;
  std::vector<Sample> cpu;     // cores
  std::vector<Sample> memory;  // bytes, working set
  bool ended = false;          // a staleness marker came after the last sample
};

// Left out: container "" (the pod's cgroup) and POD (the pause container), CPU per core where
// cpu="total" tells the sum. `only`: further matchers.
StatusOr<std::vector<ContainerUsage>> ReadContainerUsage(const Querier& querier, Timestamp from,
                                                         Timestamp to,
                                                         std::span<const Matcher> only = {});

}  // namespace outrider
