// SPDX-License-Identifier: Apache-2.0
// A small world for tests of costs: what runs, what it costs, series beside them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/capacity/pod_inventory.h"
#include "rules/cost/cost_engine.h"
#include "rules/pricing/price_book.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {

inline constexpr double kTestGib = 1024.0 * 1024.0 * 1024.0;

// Whole prices: 0.04 a core, 0.005 a GiB, 1 a GPU.
class FakeBook final : public PriceBook {
 public:
  void AddNode(const std::string& name, int cores, int gib, int gpus = 0) {
    PricedNode node;
    node.facts.name = name;
    node.facts.cores = Decimal::FromInt(cores);
    node.facts.memory_gib = Decimal::FromInt(gib);
    node.facts.gpus = Decimal::FromInt(gpus);
    node.price.rates = price_.rates;
    nodes_[name] = node;
  }
  const NodePrice* ForNode(std::string_view node) const override {
    const auto found = nodes_.find(node);
    return found == nodes_.end() ? nullptr : &found->second.price;
  }
  const std::map<std::string, PricedNode, std::less<>>& Nodes() const override { return nodes_; }
  StatusOr<NodePrice> PriceOf(const NodeFacts& /*facts*/) const override { return NodePrice(); }
  const ResourcePrice& Default() const override { return price_; }
  UnitPrice Storage(std::string_view storage_class) const override {
    return {storage_class == "fast" ? 0.0002_usd : 0.0001_usd, PriceSource::kCatalogue, ""};
  }
  std::optional<UnitPrice> Volume(std::string_view /*persistent_volume*/) const override {
    return std::nullopt;
  }
  UnitPrice EgressPerGib(Egress kind) const override {
    return {kind == Egress::kInternet ? 0.09_usd : 0.01_usd, PriceSource::kCatalogue, ""};
  }
  UnitPrice LoadBalancerHour() const override { return {0.025_usd, PriceSource::kCatalogue, ""}; }
  UnitPrice ControlPlaneHour() const override { return {0.1_usd, PriceSource::kCatalogue, ""}; }
  const Currency& currency() const override { return currency_; }

 private:
  std::map<std::string, PricedNode, std::less<>> nodes_;
  ResourcePrice price_ = {{0.04_usd, 0.005_usd, 1_usd}, PriceSource::kDefault, "aws", "", ""};
  Currency currency_;
};

struct FakeContainer {
  std::string namespace_name;
  std::string pod;
  std::string node;
  WorkloadKey workload;
  double cores = 0;
  double gib = 0;
  double used_cores = 0;
  double used_gib = 0;
  double gpus = 0;
  bool init = false;
  PodPhase phase = PodPhase::kRunning;
  Timestamp last_use = INT64_MIN;
};

class FakeInventory final : public PodInventory {
 public:
  void VisitContainers(const std::function<void(const ContainerView&)>& use) const override {
    for (const FakeContainer& one : all) {
      ContainerView view;
      view.namespace_name = one.namespace_name;
      view.pod = one.pod;
      view.node = one.node;
      view.container = one.pod.empty() ? "" : "app";
      view.workload = one.workload.workload.empty() ? nullptr : &one.workload;
      view.phase = one.phase;
      view.last_use = one.last_use;
      view.init = one.init;
      view.requests = {one.cores, one.gib * kTestGib, one.gpus, std::nullopt};
      view.cpu_cores = one.used_cores;
      view.memory_bytes = one.used_gib * kTestGib;
      use(view);
    }
  }
  FakeContainer& Add(const std::string& namespace_name, const std::string& workload,
                     const std::string& node, double cores, double gib) {
    all.push_back({namespace_name,
                   workload + "-1",
                   node,
                   {namespace_name, workload, "Deployment"},
                   cores,
                   gib});
    return all.back();
  }
  std::vector<FakeContainer> all;
};

// The engine over them, in virtual time.
struct CostWorld {
  explicit CostWorld(Timestamp start, CostSettings wanted = {})
      : now(start), options(std::move(wanted)) {
    Start();
  }
  void Start() {
    engine.reset();
    engine = std::make_unique<CostEngine>(
        options, CostSeams{windows, table, store, inventory, [this] { return book; },
                           [this] { return recommendations; }});
    const Status restored = engine->Restore(now);
    if (!restored.ok()) std::abort();
  }
  // Minute after minute.
  void RunFor(DurationMs time) {
    for (const Timestamp end = now + time; now < end;) {
      now += kMinute;
      engine->Run(now);
    }
  }
  std::map<std::string, double> Series() const { return DerivedText(table); }

  Timestamp now;
  CostSettings options;
  FakeWindows windows;
  DerivedTable table;
  MemoryStore store;
  FakeInventory inventory;
  std::shared_ptr<FakeBook> book = std::make_shared<FakeBook>();
  std::vector<Recommendation> recommendations;
  std::unique_ptr<CostEngine> engine;
};

}  // namespace outrider
