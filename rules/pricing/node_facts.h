// SPDX-License-Identifier: Apache-2.0
// What nodes are, from the series of kube-state-metrics, and of OpenCost and Karpenter where those
// are there. kube_node_labels carries no labels unless kube-state-metrics is told to; then
// provider_id gives provider and zone, and capacity the size. Source:
// specs/cost_and_rightsizing.md §4.2.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

using NodeMap = std::map<std::string, NodeFacts, std::less<>>;

// A further label that marks spot nodes, beside the known ones (karpenter.sh/capacity-type,
// eks.amazonaws.com/capacityType, cloud.google.com/gke-spot, gke-preemptible,
// kubernetes.azure.com/scalesetpriority). Written as kube_node_labels writes it, without label_.
struct SpotLabel {
  std::string name;
  std::string value;
};

// As of the last minutes before `now`. A machine that is only known to node_exporter is no node.
StatusOr<NodeMap> ReadNodeFacts(const Querier& querier, Timestamp now,
                                const std::vector<SpotLabel>& spot_labels);
std::vector<SeriesReference> NodeFactsReach();

// Of a label set as kube_node_labels has it, label_ taken off.
bool IsSpot(const Labels& labels, const std::vector<SpotLabel>& spot_labels);

}  // namespace outrider
