// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/allocation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace outrider {
namespace {

double Hours(DurationMs time) { return static_cast<double>(time) / static_cast<double>(kHour); }

double Held(const CostHolding& holding, size_t resource) {
  return std::max({0.0, holding.requested[resource], holding.used[resource]});
}

// Quantities of the holding; money comes from its node.
CostItem ItemOf(const CostHolding& holding, DurationMs time) {
  CostItem item;
  item.key = holding.key;
  item.amounts.time = time;
  for (size_t i = 0; i < kNodeResources; ++i) {
    item.amounts.held[i] = Held(holding, i) * Hours(time);
    item.amounts.requested[i] = std::max(0.0, holding.requested[i]) * Hours(time);
    item.amounts.used[i] = std::max(0.0, holding.used[i]) * Hours(time);
  }
  return item;
}

class Allocator {
 public:
  Allocator(const CostScene& scene, DurationMs time) : scene_(scene), time_(time) {}

  std::vector<CostItem> Run() {
    AddHoldings();
    for (const CostNode& node : scene_.nodes) {
      const std::vector<size_t> on_it = std::exchange(on_node_[{node.cluster, node.name}], {});
      AddNode(node, on_it);
    }
    for (const CostVolume& volume : scene_.volumes) AddVolume(volume);
    AddRest();
    return std::move(items_);
  }

 private:
  using NodeName = std::pair<std::string_view, std::string_view>;

  void AddHoldings() {
    for (const CostNode& node : scene_.nodes) on_node_[{node.cluster, node.name}];
    items_.reserve(scene_.holdings.size() + scene_.nodes.size());
    for (const CostHolding& holding : scene_.holdings) {
      const size_t at = items_.size();
      items_.push_back(ItemOf(holding, time_));
      const auto node = on_node_.find({holding.key.cluster, holding.key.node});
      if (node != on_node_.end() && !holding.key.node.empty()) {
        node->second.push_back(at);
        continue;
      }
      for (size_t i = 0; i < kNodeResources; ++i) {
        items_[at].amounts.cost[i] = ToNanoUnits(items_[at].amounts.held[i] * scene_.fallback[i]);
      }
    }
  }

  void AddNode(const CostNode& node, const std::vector<size_t>& on_it) {
    CostItem idle;
    idle.key = PseudoKey(kIdleName, node.cluster, node.name);
    idle.amounts.time = time_;
    for (size_t i = 0; i < kNodeResources; ++i) {
      const double capacity = std::max(0.0, node.capacity[i]) * Hours(time_);
      std::vector<double> weights;
      weights.reserve(on_it.size() + 1);
      for (const size_t at : on_it) weights.push_back(items_[at].amounts.held[i]);
      const double held = std::accumulate(weights.begin(), weights.end(), 0.0);
      const std::vector<double> holders = weights;
      weights.push_back(std::max(0.0, capacity - held));
      // A node whose capacity is not told costs what is held there.
      const double quantity = capacity > 0 ? capacity : held;
      const std::vector<NanoUnits> parts =
          SplitExactly(ToNanoUnits(quantity * std::max(0.0, node.rates[i])), weights);
      const std::vector<NanoUnits> shares = SplitExactly(parts.back(), holders);
      for (size_t k = 0; k < on_it.size(); ++k) {
        items_[on_it[k]].amounts.cost[i] = parts[k];
        items_[on_it[k]].amounts.idle_share[i] = shares[k];
      }
      idle.amounts.cost[i] = parts.back();
      idle.amounts.held[i] = weights.back();
    }
    items_.push_back(std::move(idle));
  }

  void AddVolume(const CostVolume& volume) {
    const double byte_hours = std::max(0.0, volume.bytes) * Hours(time_);
    const NanoUnits cost = ToNanoUnits(byte_hours * std::max(0.0, volume.byte_hour));
    constexpr auto kAt = static_cast<size_t>(CostResource::kStorage);
    std::vector<CostKey> users = volume.users;
    if (users.empty()) {
      CostKey key = PseudoKey(kUnmountedName, volume.cluster, "");
      if (!volume.namespace_name.empty()) key.namespace_name = volume.namespace_name;
      users.push_back(std::move(key));
    }
    const std::vector<NanoUnits> parts = SplitExactly(cost, std::vector<double>(users.size(), 1));
    for (size_t i = 0; i < users.size(); ++i) {
      CostItem item;
      item.key = std::move(users[i]);
      item.amounts.cost[kAt] = parts[i];
      item.amounts.storage_byte_hours = byte_hours / static_cast<double>(parts.size());
      items_.push_back(std::move(item));
    }
  }

  void AddRest() {
    for (const CostTraffic& traffic : scene_.traffic) {
      CostItem item;
      item.key = traffic.key;
      item.amounts.cost[static_cast<size_t>(CostResource::kNetwork)] = ToNanoUnits(traffic.cost);
      item.amounts.sent_bytes = traffic.sent_bytes;
      item.amounts.received_bytes = traffic.received_bytes;
      items_.push_back(std::move(item));
    }
    for (const CostLoadBalancer& balancer : scene_.load_balancers) {
      CostItem item;
      item.key = balancer.key;
      item.amounts.time = time_;
      item.amounts.cost[static_cast<size_t>(CostResource::kLoadBalancer)] =
          ToNanoUnits(balancer.hour * Hours(time_));
      items_.push_back(std::move(item));
    }
    for (const CostOverhead& overhead : scene_.overheads) {
      CostItem item;
      item.key = PseudoKey(kOverheadName, overhead.cluster, "");
      item.amounts.time = time_;
      item.amounts.overhead = ToNanoUnits(overhead.hour * Hours(time_));
      items_.push_back(std::move(item));
    }
  }

  const CostScene& scene_;
  const DurationMs time_;
  std::map<NodeName, std::vector<size_t>> on_node_;  // indexes of items_
  std::vector<CostItem> items_;
};

}  // namespace

CostKey PseudoKey(std::string_view name, std::string_view cluster, std::string_view node) {
  CostKey key;
  key.cluster = cluster;
  key.namespace_name = name;
  key.workload_kind = name;
  key.workload = name;
  key.container = name;
  key.pod = name;
  key.node = node;
  return key;
}

std::vector<CostItem> Allocate(const CostScene& scene, DurationMs time) {
  return Allocator(scene, time).Run();
}

}  // namespace outrider
