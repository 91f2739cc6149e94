// SPDX-License-Identifier: Apache-2.0
// What everything that runs costs over a short time. Pure. Source: specs/cost_and_rightsizing.md
// §2.1: a container costs the larger of request and use times time times rate; what of a node
// nobody holds is idle; what is billed by use (network) is never idle. Where containers use more
// than their node has, they share what the node costs: the parts of a node are what it costs, never
// more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/cost/cost_amounts.h"

namespace outrider {

// Of the currency, an hour, for a core, a byte, a GPU.
using CostRates = std::array<double, kNodeResources>;

// One container of one pod, or a machine of kind Host (pod empty).
struct CostHolding {
  CostKey key;  // key.node: where it runs; "" or unknown: priced by the fallback, nothing is idle
  std::array<double, kNodeResources> requested = {};  // cores, bytes, GPUs
  std::array<double, kNodeResources> used = {};
};

struct CostNode {
  std::string cluster;
  std::string name;
  std::array<double, kNodeResources> capacity = {};
  CostRates rates = {};
};

// A claim of a volume. Mounted by several pods, its cost is split evenly.
struct CostVolume {
  std::string cluster;
  std::string namespace_name;  // of the claim; "": claimed by nobody
  std::string name;
  std::string volume;  // the persistent volume
  double bytes = 0;
  double byte_hour = 0;        // price
  std::vector<CostKey> users;  // the pods that mount it; empty: __unmounted__
};

// What a pod sent and received in the time that is allocated.
struct CostTraffic {
  CostKey key;
  double sent_bytes = 0;
  double received_bytes = 0;
  double cost = 0;  // of the currency, for these bytes
};

// A Service of type LoadBalancer: a workload of kind Service.
struct CostLoadBalancer {
  CostKey key;
  double hour = 0;  // price
};

// A control plane.
struct CostOverhead {
  std::string cluster;
  double hour = 0;
};

struct CostScene {
  std::vector<CostHolding> holdings;
  std::vector<CostNode> nodes;
  std::vector<CostVolume> volumes;
  std::vector<CostTraffic> traffic;
  std::vector<CostLoadBalancer> load_balancers;
  std::vector<CostOverhead> overheads;
  CostRates fallback = {};           // where the node is not known
  Timestamp newest_use = INT64_MIN;  // of the samples of use; INT64_MIN: there are none
};

// Several items may have one key. Idle of a node is an item of namespace, workload kind and
// workload __idle__ with that node; never negative.
std::vector<CostItem> Allocate(const CostScene& scene, DurationMs time);

// The key of a pseudo-workload.
CostKey PseudoKey(std::string_view name, std::string_view cluster, std::string_view node);

}  // namespace outrider
