// SPDX-License-Identifier: Apache-2.0
// The policy `vpa`: what the recommender of the Vertical Pod Autoscaler says with its default
// flags, to the last unit: percentile -> safety margin -> confidence -> least per pod, in whole
// millicores and bytes.
//            percentile  margin  confidence c = min(days between first and last sample,
//   target         0.90    15 %  -                                samples / 1440)
//   lower          0.50    15 %  * (1 + 0.001/c)^-2
//   upper          0.95    15 %  * (1 + 1/c)
// Least per pod 25m and 250 MiB, divided by its containers. Limits stay in proportion to requests.
// Source: kubernetes/autoscaler pkg/recommender/logic (read 2026-08), specs §1.1.
#pragma once

#include <cstdint>

#include "rules/capacity/recommend/policy.h"

namespace outrider {

// VPA's integers: millicores or bytes.
struct VpaAmounts {
  int64_t target = 0;
  int64_t lower = 0;
  int64_t upper = 0;
};
VpaAmounts VpaCpuMillicores(const ContainerDemand& demand, size_t containers_in_pod);
VpaAmounts VpaMemoryBytes(const ContainerDemand& demand, size_t containers_in_pod);

PolicyAdvice CpuByVpa(const PolicyInput& input);
PolicyAdvice MemoryByVpa(const PolicyInput& input);

}  // namespace outrider
