// SPDX-License-Identifier: Apache-2.0
// Recommendations under the names that kube-state-metrics gives to the status of
// VerticalPodAutoscaler objects, so that dashboards made for the autoscaler show ours. Source:
// specs/cost_and_rightsizing.md §4.2.
#pragma once

#include <span>

#include "rules/analytics/derived_table.h"
#include "rules/capacity/recommendation.h"

namespace outrider {

// Not thread-safe.
class VpaSeries {
 public:
  // `table` outlives it.
  explicit VpaSeries(DerivedTable& table) : publisher_(table) {}

  // What is not among the rows any more ends; no rows end everything. Machines and kinds whose API
  // version is not known have none. The uncapped target is the target: what guard rails moved is
  // not kept.
  void Publish(std::span<const Recommendation> rows);

 private:
  DerivedPublisher publisher_;
};

}  // namespace outrider
