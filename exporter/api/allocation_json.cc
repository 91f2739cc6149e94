// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/allocation_json.h"

#include <algorithm>

#include "exporter/api/product_common.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr auto kCpu = static_cast<size_t>(CostResource::kCpu);
constexpr auto kMemory = static_cast<size_t>(CostResource::kMemory);
constexpr auto kGpu = static_cast<size_t>(CostResource::kGpu);

void WriteMillis(std::string_view key, Timestamp time, JsonWriter* json) {
  WriteTime(key, time * kNanosPerMilli, json);
}

// Use by request; without a request 1 where there is use that costs, else 0.
double Efficiency(const CostAmounts& amounts, size_t resource) {
  if (amounts.requested[resource] > 0) {
    return amounts.used[resource] / amounts.requested[resource];
  }
  return amounts.used[resource] > 0 && amounts.cost[resource] > 0 ? 1 : 0;
}

// Weighted by cost.
double TotalEfficiency(const CostAmounts& amounts) {
  const double cost = ToUnits(amounts.cost[kCpu]) + ToUnits(amounts.cost[kMemory]);
  if (!(cost > 0)) return 0;
  return (Efficiency(amounts, kCpu) * ToUnits(amounts.cost[kCpu]) +
          Efficiency(amounts, kMemory) * ToUnits(amounts.cost[kMemory])) /
         cost;
}

void WriteProperties(const AllocationRow& row, std::span<const std::string> labels,
                     JsonWriter* json) {
  const CostKey& key = row.key;
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) json->Key(name).String(value);
  };
  json->Key("properties").StartObject();
  text("cluster", key.cluster);
  text("node", key.node);
  text("container", key.container);
  text("controller", key.workload);
  text("controllerKind", ToLower(key.workload_kind));
  text("namespace", key.namespace_name);
  text("pod", key.pod);
  text("team", key.team);
  json->Key("labels").StartObject();
  for (size_t i = 0; i < std::min(labels.size(), key.labels.size()); ++i) {
    text(labels[i], key.labels[i]);
  }
  json->EndObject().EndObject();
}

class RowWriterOf {
 public:
  RowWriterOf(const AllocationRow& row, const AllocationSet& set, double rate, JsonWriter* json)
      : row_(row),
        hours_(static_cast<double>(set.watched) / static_cast<double>(kHour)),
        rate_(rate),
        json_(json) {}

  void Resources() {
    const CostAmounts& amounts = row_.amounts;
    Average("cpuCores", amounts.held[kCpu]);
    Average("cpuCoreRequestAverage", amounts.requested[kCpu]);
    Average("cpuCoreUsageAverage", amounts.used[kCpu]);
    Number("cpuCoreHours", amounts.held[kCpu]);
    Money("cpuCost", amounts.cost[kCpu]);
    Money("cpuCostIdle", row_.idle[kCpu]);
    Number("cpuEfficiency", Efficiency(amounts, kCpu));
    Average("gpuCount", amounts.held[kGpu]);
    Average("gpuRequestAverage", amounts.requested[kGpu]);
    Number("gpuHours", amounts.held[kGpu]);
    Money("gpuCost", amounts.cost[kGpu]);
    Money("gpuCostIdle", row_.idle[kGpu]);
    Average("ramBytes", amounts.held[kMemory]);
    Average("ramByteRequestAverage", amounts.requested[kMemory]);
    Average("ramByteUsageAverage", amounts.used[kMemory]);
    Number("ramByteHours", amounts.held[kMemory]);
    Money("ramCost", amounts.cost[kMemory]);
    Money("ramCostIdle", row_.idle[kMemory]);
    Number("ramEfficiency", Efficiency(amounts, kMemory));
  }
  void Rest() {
    const CostAmounts& amounts = row_.amounts;
    Number("networkTransferBytes", amounts.sent_bytes);
    Number("networkReceiveBytes", amounts.received_bytes);
    Money("networkCost", amounts.Cost(CostResource::kNetwork));
    Money("loadBalancerCost", amounts.Cost(CostResource::kLoadBalancer));
    Average("pvBytes", amounts.storage_byte_hours);
    Number("pvByteHours", amounts.storage_byte_hours);
    Money("pvCost", amounts.Cost(CostResource::kStorage));
    Money("sharedCost", row_.shared);
    Money("overheadCost", amounts.overhead);
    Money("externalCost", 0);
    Money("totalCost", row_.Total());
    Number("totalEfficiency", TotalEfficiency(amounts));
  }

 private:
  void Number(std::string_view key, double value) { json_->Key(key).Double(value); }
  void Average(std::string_view key, double quantity_hours) {
    Number(key, hours_ > 0 ? quantity_hours / hours_ : 0);
  }
  void Money(std::string_view key, NanoUnits amount) { Number(key, ToUnits(amount) * rate_); }

  const AllocationRow& row_;
  const double hours_;
  const double rate_;
  JsonWriter* json_;
};

}  // namespace

void WriteAllocationRow(const AllocationRow& row, const AllocationSet& set,
                        std::span<const std::string> labels, double rate, JsonWriter* json) {
  json->StartObject().Key("name").String(row.name);
  WriteProperties(row, labels, json);
  json->Key("window").StartObject();
  WriteMillis("start", set.from, json);
  WriteMillis("end", set.to, json);
  json->EndObject();
  WriteMillis("start", set.from, json);
  WriteMillis("end", set.to, json);
  json->Key("minutes").Double(static_cast<double>(set.watched) / static_cast<double>(kMinute));
  RowWriterOf writer(row, set, rate, json);
  writer.Resources();
  writer.Rest();
  json->EndObject();
}

}  // namespace outrider
