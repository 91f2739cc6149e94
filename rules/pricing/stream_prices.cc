// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/stream_prices.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "rules/pricing/newest_values.h"

namespace outrider {
namespace {

constexpr std::string_view kKarpenterPrice =
    "karpenter_cloudprovider_instance_type_offering_price_estimate";

struct NodeField {
  std::string_view metric;
  std::optional<Money> OpenCostNode::* where;
};
constexpr std::array kNodeFields = {
    NodeField{"node_cpu_hourly_cost", &OpenCostNode::core_hour},
    NodeField{"node_ram_hourly_cost", &OpenCostNode::gib_hour},
    NodeField{"node_gpu_hourly_cost", &OpenCostNode::gpu_hour},
    NodeField{"node_total_hourly_cost", &OpenCostNode::total_hour},
};

struct ClusterField {
  std::string_view metric;
  std::optional<Money> StreamPrices::* where;
};
constexpr std::array kClusterFields = {
    ClusterField{"kubecost_network_zone_egress_cost", &StreamPrices::zone_egress},
    ClusterField{"kubecost_network_region_egress_cost", &StreamPrices::region_egress},
    ClusterField{"kubecost_network_internet_egress_cost", &StreamPrices::internet_egress},
    ClusterField{"kubecost_cluster_management_cost", &StreamPrices::control_plane_hour},
};

std::string_view NodeOf(const SeriesLabels& labels) {
  const std::string_view node = labels.Get("node");
  return node.empty() ? labels.Get("instance") : node;
}

// Reads one metric and hands on what counts: (labels, value). Our own series are left out.
template <typename Take>
Status ReadMetric(const Querier& querier, std::string_view metric, Timestamp now,
                  OutlierGuard* guard, Take take) {
  return ForNewest(querier, metric, now, [&](const SeriesLabels& labels, double value) {
    if (!labels.Get(kPriceSourceLabel).empty() || !(value >= 0) || std::isinf(value)) return;
    if (guard->Passes(labels.All().packed(), value, now)) take(labels, value);
  });
}

}  // namespace

std::optional<Money> StreamPrices::KarpenterHour(const NodeFacts& facts) const {
  const auto found = karpenter.find(
      fmt::format("{}/{}", facts.instance_type, CapacityTypeText(facts.capacity_type)));
  if (found == karpenter.end() || found->second.empty()) return std::nullopt;
  const auto& zones = found->second;
  if (const auto zone = zones.find(facts.zone); zone != zones.end()) return zone->second;
  Money sum;
  for (const auto& [zone, hour] : zones) sum += hour;
  return sum.TimesRatio(1, static_cast<int64_t>(zones.size()));
}

bool OutlierGuard::Passes(std::string_view series, double value, Timestamp now) {
  auto found = means_.find(series);
  if (found == means_.end()) found = means_.emplace(std::string(series), Mean()).first;
  Mean& mean = found->second;
  mean.seen = now;
  if (mean.count > 0 && value > kFactor * mean.mean && mean.mean > 0) {
    ++mean.outliers;
    if (mean.outliers < kPatience) {
      ++passed_over_;
      return false;
    }
    mean.count = 0;  // it is the new price
  }
  mean.outliers = 0;
  ++mean.count;
  mean.mean =
      mean.count == 1 ? value : mean.mean + (value - mean.mean) / static_cast<double>(mean.count);
  return true;
}

void OutlierGuard::Forget(Timestamp before) {
  std::erase_if(means_, [before](const auto& entry) { return entry.second.seen < before; });
}

StatusOr<StreamPrices> ReadStreamPrices(const Querier& querier, Timestamp now,
                                        OutlierGuard* guard) {
  StreamPrices prices;
  for (const NodeField& field : kNodeFields) {
    TRY(ReadMetric(
        querier, field.metric, now, guard, [&](const SeriesLabels& labels, double value) {
          prices.opencost[std::string(NodeOf(labels))].*field.where = Money::FromDouble(value);
        }));
  }
  for (const ClusterField& field : kClusterFields) {
    TRY(ReadMetric(querier, field.metric, now, guard, [&](const SeriesLabels&, double value) {
      prices.*field.where = Money::FromDouble(value);
    }));
  }
  TRY(ReadMetric(querier, "pv_hourly_cost", now, guard,
                 [&](const SeriesLabels& labels, double value) {
                   const std::string_view name = labels.Get("persistentvolume");
                   prices.volumes[std::string(name.empty() ? labels.Get("volumename") : name)] =
                       Money::FromDouble(value);
                 }));
  TRY(ReadMetric(
      querier, kKarpenterPrice, now, guard, [&](const SeriesLabels& labels, double value) {
        if (value == 0) return;
        prices
            .karpenter[fmt::format("{}/{}", labels.Get("instance_type"),
                                   labels.Get("capacity_type"))][std::string(labels.Get("zone"))] =
            Money::FromDouble(value);
      }));
  return prices;
}

std::vector<SeriesReference> StreamPriceReach() {
  std::vector<std::string_view> names = {"pv_hourly_cost", kKarpenterPrice};
  for (const NodeField& field : kNodeFields) names.push_back(field.metric);
  for (const ClusterField& field : kClusterFields) names.push_back(field.metric);
  return ReachOf(names);
}

}  // namespace outrider
