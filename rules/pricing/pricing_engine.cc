// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/pricing_engine.h"

#include <array>
#include <set>
#include <tuple>

#include "fmt/format.h"
#include "rules/pricing/node_facts.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DurationMs kEvery = kMinute;
constexpr DurationMs kForget = kDay;

// One series for each kind of node and resource: as many as there are kinds, not nodes.
constexpr DerivedMetric kPrice = {
    "outrider_price_dollars_per_hour",
    "What a kind of node costs an hour: resource node is the whole, core, gib and gpu a unit. "
    "The label source says where the price is from."};
constexpr DerivedMetric kPricedNodes = {
    "outrider_priced_nodes", "Nodes by the source of their price; source none: without a price."};

std::vector<SpotLabel> SpotLabelsOf(const Pricer& pricer) {
  std::vector<SpotLabel> labels;
  for (const UserPrices& file : pricer.files()) {
    if (!file.spot_label.empty()) labels.push_back({file.spot_label, file.spot_value});
  }
  return labels;
}

Labels KindLabels(const PricedNode& node, std::string_view resource) {
  return Labels({{"capacity_type", CapacityTypeText(node.facts.capacity_type)},
                 {"instance_type", node.facts.instance_type},
                 {"provider", node.facts.provider},
                 {"region", node.facts.region},
                 {"resource", resource},
                 {"source", PriceSourceText(node.price.source)}});
}

}  // namespace

PricedNodes::PricedNodes(std::shared_ptr<const Pricer> pricer) : pricer_(std::move(pricer)) {}

PricedNodes::PricedNodes(std::shared_ptr<const Pricer> pricer, StreamPrices stream,
                         std::vector<NodeFacts> nodes)
    : pricer_(std::move(pricer)), stream_(std::move(stream)) {
  for (NodeFacts& facts : nodes) {
    PricedNode node;
    StatusOr<NodePrice> price = pricer_->PriceOf(facts, stream_);
    node.facts = pricer_->Completed(std::move(facts));
    if (!price.ok()) {
      node.error = Message(price.status());
    } else if (price->rates == ResourceRates() && !price->hourly.IsZero()) {
      node.error = "the size of the node is not known: no kube_node_status_capacity";
    } else {
      node.price = *std::move(price);
    }
    std::string name = node.facts.name;
    nodes_.emplace(std::move(name), std::move(node));
  }
}

const NodePrice* PricedNodes::ForNode(std::string_view node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() || !found->second.error.empty() ? nullptr : &found->second.price;
}

StatusOr<NodePrice> PricedNodes::PriceOf(const NodeFacts& facts) const {
  return pricer_->PriceOf(facts, stream_);
}

std::optional<UnitPrice> PricedNodes::Volume(std::string_view persistent_volume) const {
  const auto found = stream_.volumes.find(persistent_volume);
  if (found == stream_.volumes.end() || found->second.IsZero()) return std::nullopt;
  return UnitPrice{found->second, PriceSource::kOpenCost, "OpenCost's pv_hourly_cost"};
}

PricingEngine::PricingEngine(std::shared_ptr<const Pricer> pricer, const Querier& querier,
                             DerivedTable& table)
    : querier_(querier),
      pricer_(std::move(pricer)),
      publisher_(table),
      book_(std::make_shared<const PricedNodes>(pricer_)) {}

PricingEngine::~PricingEngine() = default;

void PricingEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  if (last_run_ != INT64_MIN && now - last_run_ < kEvery) return;
  last_run_ = now;
  const Status status = Read(now);
  const absl::MutexLock result_lock(&result_mutex_);
  const std::string error = status.ok() ? "" : Message(status);
  if (!error.empty() && error != stats_.error) {
    LogWarn("prices and nodes cannot be read", {{"error", error}});
  }
  stats_.error = error;
}

void PricingEngine::SetPricer(std::shared_ptr<const Pricer> pricer) {
  const absl::MutexLock lock(&mutex_);
  pricer_ = std::move(pricer);
  last_run_ = INT64_MIN;
}

Status PricingEngine::Read(Timestamp now) {
  StreamPrices stream;
  if (pricer_->options().prices_from_stream) {
    stream = TRY(ReadStreamPrices(querier_, now, &guard_));
  }
  guard_.Forget(now - kForget);
  NodeMap facts = TRY(ReadNodeFacts(querier_, now, SpotLabelsOf(*pricer_)));
  std::vector<NodeFacts> nodes;
  nodes.reserve(facts.size());
  for (auto& [name, node] : facts) nodes.push_back(std::move(node));
  auto book = std::make_shared<const PricedNodes>(pricer_, std::move(stream), std::move(nodes));
  Publish(*book);
  PricingStats stats;
  stats.nodes = book->Nodes().size();
  stats.outliers = guard_.passed_over();
  for (const auto& [name, node] : book->Nodes()) stats.unpriced += node.error.empty() ? 0 : 1;
  const absl::MutexLock lock(&result_mutex_);
  book_ = std::move(book);
  stats_ = std::move(stats);
  return absl::OkStatus();
}

void PricingEngine::Publish(const PricedNodes& book) {
  std::map<std::string_view, uint64_t> by_source;
  std::set<
      std::tuple<std::string_view, std::string_view, std::string_view, CapacityType, PriceSource>>
      told;
  for (const auto& [name, node] : book.Nodes()) {
    by_source[node.error.empty() ? PriceSourceText(node.price.source) : "none"]++;
    if (!node.error.empty()) continue;
    const NodeFacts& facts = node.facts;
    if (!told.insert({facts.provider, facts.region, facts.instance_type, facts.capacity_type,
                      node.price.source})
             .second) {
      continue;
    }
    const std::pair<std::string_view, Money> values[] = {{"node", node.price.hourly},
                                                         {"core", node.price.rates.core_hour},
                                                         {"gib", node.price.rates.gib_hour},
                                                         {"gpu", node.price.rates.gpu_hour}};
    for (const auto& [resource, value] : values) {
      if (resource == "gpu" && facts.gpus.IsZero()) continue;
      publisher_.Set(kPrice, KindLabels(node, resource), value.ToDouble());
    }
  }
  const ResourcePrice& usual = book.Default();
  const PricedNode anywhere = {
      .facts = {.provider = usual.provider, .region = usual.region, .instance_type = "default"},
      .price = {.source = usual.source}};
  publisher_.Set(kPrice, KindLabels(anywhere, "core"), usual.rates.core_hour.ToDouble());
  publisher_.Set(kPrice, KindLabels(anywhere, "gib"), usual.rates.gib_hour.ToDouble());
  for (const auto& [source, count] : by_source) {
    publisher_.Set(kPricedNodes, Labels({{"source", source}}), static_cast<double>(count));
  }
  publisher_.Finish();
}

std::shared_ptr<const PricedNodes> PricingEngine::Book() const {
  const absl::MutexLock lock(&result_mutex_);
  return book_;
}

PricingStats PricingEngine::stats() const {
  const absl::MutexLock lock(&result_mutex_);
  return stats_;
}

std::vector<SeriesReference> PricingEngine::Reach() {
  std::vector<SeriesReference> all = StreamPriceReach();
  for (SeriesReference& reference : NodeFactsReach()) all.push_back(std::move(reference));
  return all;
}

}  // namespace outrider
