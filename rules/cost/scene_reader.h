// SPDX-License-Identifier: Apache-2.0
// The scene that is allocated: containers as the capacity engine tells them, nodes as the price
// book does, and what only costs need: labels, volumes, traffic, load balancers. Source:
// specs/cost_and_rightsizing.md §4.1 and 4.2.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/capacity/pod_inventory.h"
#include "rules/cost/allocation.h"
#include "rules/cost/cost_settings.h"
#include "rules/cost/scene_watch.h"
#include "rules/pricing/price_book.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Not thread-safe. Remembers counters of the pods that run, for their traffic.
class SceneReader {
 public:
  // What runs at `now`; traffic is that since the last call. When silence() then is not kNone, the
  // scene is not to be counted, and its traffic is told by the next one that is.
  StatusOr<CostScene> Read(const CostSettings& options, const PodInventory& inventory,
                           const PriceBook& book, const Querier& querier, Timestamp now);
  SceneSilence silence() const { return silence_; }  // of the last reading
  // Whether anything was ever read or, before a restart, counted.
  bool SawAnything() const { return watch_.SawAnything(); }
  void Remember(bool nodes, bool containers) { watch_.Remember(nodes, containers); }
  // After a restart: traffic is counted up to here.
  void GoOnFrom(Timestamp last) { traffic_from_ = last; }
  // What the windows must keep.
  static std::vector<SeriesReference> Reach();

 private:
  struct Counter {
    double value = 0;
    Timestamp seen = 0;
  };
  // What one reading shares.
  struct Reading {
    const CostSettings& options;
    const PriceBook& book;
    const Querier& querier;
    Timestamp now = 0;
    CostScene scene = {};
    StringMap<CostKey> pods = {};  // "cluster/namespace/pod" -> without container
    StringMap<std::vector<std::string>> pod_labels = {};  // -> label values, team last
    StringMap<std::vector<std::string>> namespace_labels = {};
    StringMap<std::string> node_addresses = {};  // internal IP -> node
  };

  static Status ReadLabels(Reading& reading);
  static Status ReadNodeAddresses(Reading& reading);
  static void TakeContainers(Reading& reading, const PodInventory& inventory);
  static void TakeMachines(Reading& reading, std::vector<CostHolding> machines);
  static void TakeNodes(Reading& reading);
  static Status ReadVolumes(Reading& reading);
  static Status ReadLoadBalancers(Reading& reading);
  Status ReadTraffic(Reading& reading);
  // How much a counter grew since the last reading; 0 the first time.
  double Growth(const std::string& key, double value, Timestamp now);

  StringMap<Counter> counters_;
  std::optional<Timestamp> traffic_from_;  // until counters were read once
  SceneWatch watch_;
  SceneSilence silence_ = SceneSilence::kNone;
};

}  // namespace outrider
