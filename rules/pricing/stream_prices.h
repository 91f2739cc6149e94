// SPDX-License-Identifier: Apache-2.0
// What other systems say things cost, from the series they send: OpenCost's node_*_hourly_cost and
// pv_hourly_cost, Karpenter's offering prices. Source: specs/cost_and_rightsizing.md §2.2, §3.7.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Of one node, as OpenCost's series say.
struct OpenCostNode {
  std::optional<Money> core_hour;
  std::optional<Money> gib_hour;
  std::optional<Money> gpu_hour;
  std::optional<Money> total_hour;
};

// Values of one moment; immutable once read.
struct StreamPrices {
  StringMap<OpenCostNode> opencost;  // by node
  StringMap<Money> volumes;          // OpenCost, by persistent volume: a GiB for an hour
  std::optional<Money> zone_egress;  // OpenCost, per GiB
  std::optional<Money> region_egress;
  std::optional<Money> internet_egress;
  std::optional<Money> control_plane_hour;  // OpenCost, of a cluster
  // Karpenter: "type/capacity type" -> zone -> an hour. The mean of the zones answers for a zone
  // that is not told of.
  StringMap<std::map<std::string, Money, std::less<>>> karpenter;

  std::optional<Money> KarpenterHour(const NodeFacts& facts) const;
};

// Keeps values that jump out: one of more than 30 times a series' running mean is passed over
// (OpenCost's own guard), unless it stays there. Not thread-safe.
class OutlierGuard {
 public:
  static constexpr double kFactor = 30;
  static constexpr int kPatience = 10;  // so many in a row are believed

  // Whether `value` of the series counts.
  bool Passes(std::string_view series, double value, Timestamp now);
  // Forgets series not seen since `before`.
  void Forget(Timestamp before);
  uint64_t passed_over() const { return passed_over_; }

 private:
  struct Mean {
    double mean = 0;
    uint64_t count = 0;
    int outliers = 0;
    Timestamp seen = 0;
  };
  StringMap<Mean> means_;
  uint64_t passed_over_ = 0;
};

// The newest values of the last minutes before `now`. Series with the label kPriceSourceLabel are
// Outrider's own and are not read.
StatusOr<StreamPrices> ReadStreamPrices(const Querier& querier, Timestamp now, OutlierGuard* guard);
// Which series are read.
std::vector<SeriesReference> StreamPriceReach();

}  // namespace outrider
