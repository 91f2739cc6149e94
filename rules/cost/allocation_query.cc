// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/allocation_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "rules/cost/allocation.h"
#include "rules/cost/cost_fold.h"

namespace outrider {
namespace {

using Field = CostColumn::Field;
constexpr int64_t kMaxSteps = 1000;
constexpr Timestamp kEarliest = 0;
constexpr Timestamp kLatest = 253'402'300'800'000;  // 10000-01-01 00:00:00 UTC

bool IsIdle(const CostKey& key) { return key.workload == kIdleName; }
bool IsOverhead(const CostKey& key) { return key.workload == kOverheadName; }

// One container's (or node's) costs on the way to its row.
struct Part {
  const CostKey* key = nullptr;
  const CostAmounts* amounts = nullptr;
  std::array<NanoUnits, kNodeResources> idle = {};
};

// Idle of a cluster in proportion to what its parts cost, by resource. What nobody is there to
// take stays.
void ShareIdleByCluster(std::vector<Part>& parts, std::vector<CostItem>& left) {
  std::map<std::string_view, std::vector<Part*>> clusters;
  for (Part& part : parts) clusters[part.key->cluster].push_back(&part);
  for (CostItem& idle : left) {
    const auto takers = clusters.find(idle.key.cluster);
    if (takers == clusters.end()) continue;
    for (size_t i = 0; i < kNodeResources; ++i) {
      std::vector<double> weights;
      weights.reserve(takers->second.size());
      for (const Part* part : takers->second) {
        weights.push_back(static_cast<double>(part->amounts->cost[i]));
      }
      const std::vector<NanoUnits> shares = SplitExactly(idle.amounts.cost[i], weights);
      for (size_t k = 0; k < shares.size(); ++k) {
        takers->second[k]->idle[i] += shares[k];
        idle.amounts.cost[i] -= shares[k];
      }
    }
  }
}

// By node it was shared out when it was allocated.
void ShareIdleByNode(std::vector<Part>& parts, std::vector<CostItem>& left) {
  std::map<std::string_view, CostItem*> clusters;
  for (CostItem& idle : left) clusters[idle.key.cluster] = &idle;
  for (Part& part : parts) {
    const auto idle = clusters.find(part.key->cluster);
    if (idle == clusters.end()) continue;
    for (size_t i = 0; i < kNodeResources; ++i) {
      part.idle[i] += part.amounts->idle_share[i];
      idle->second->amounts.cost[i] -= part.amounts->idle_share[i];
    }
  }
}

std::string NameOf(const CostKey& key, const std::vector<CostColumn>& columns) {
  if (columns.empty()) {
    return fmt::format("{}/{}/{}/{}/{}", key.cluster, key.node, key.namespace_name,
                       key.pod.empty() ? key.workload : key.pod, key.container);
  }
  std::string name;
  for (const CostColumn& column : columns) {
    if (!name.empty()) name += '/';
    const std::string& value = column.ValueOf(key);
    name += value.empty() ? kUnallocatedName : std::string_view(value);
  }
  return name;
}

void KeepCommon(const CostKey& other, CostKey* key) {
  for (std::string CostKey::* field :
       {&CostKey::cluster, &CostKey::namespace_name, &CostKey::workload_kind, &CostKey::workload,
        &CostKey::container, &CostKey::team, &CostKey::pod, &CostKey::node}) {
    if (key->*field != other.*field) (key->*field).clear();
  }
  for (size_t i = 0; i < std::min(key->labels.size(), other.labels.size()); ++i) {
    if (key->labels[i] != other.labels[i]) key->labels[i].clear();
  }
}

// Rows by name; what the filter leaves out bears its part of what is shared too, so it has rows of
// its own until that is done.
class Rows {
 public:
  void Add(const std::string& name, const Part& part, bool wanted) {
    std::optional<AllocationRow>& slot = rows_[name][wanted ? 0 : 1];
    if (!slot) {
      slot.emplace();
      slot->name = name;
      slot->key = *part.key;
    } else {
      KeepCommon(*part.key, &slot->key);
    }
    slot->amounts.Add(*part.amounts);
    for (size_t i = 0; i < kNodeResources; ++i) slot->idle[i] += part.idle[i];
  }
  // To all names but pseudo ones; kept as a row of its own when there is none and `keep`.
  void Share(NanoUnits total, bool evenly, bool keep) {
    std::vector<Halves*> takers;
    std::vector<double> weights;
    for (auto& [name, halves] : rows_) {
      const std::vector<double> totals = Weights(halves);
      if (!TakesShares(halves)) continue;
      takers.push_back(&halves);
      weights.push_back(evenly ? 1 : totals[0] + totals[1]);
    }
    const std::vector<NanoUnits> shares = SplitExactly(total, weights);
    for (size_t i = 0; i < shares.size(); ++i) {
      ShareWithin(shares[i], takers[i]);
      total -= shares[i];
    }
    if (total == 0 || !keep) return;
    AllocationRow& row = rows_["__shared__"][0].emplace();
    row.name = "__shared__";
    row.key.workload = row.name;
    row.shared += total;
  }
  std::vector<AllocationRow> TakeWanted() {
    std::vector<AllocationRow> all;
    all.reserve(rows_.size());
    for (auto& [name, halves] : rows_) {
      if (halves[0]) all.push_back(*std::move(halves[0]));
    }
    return all;
  }

 private:
  using Halves = std::array<std::optional<AllocationRow>, 2>;  // wanted, filtered out

  static std::vector<double> Weights(const Halves& halves) {
    std::vector<double> weights;
    for (const auto& half : halves) {
      weights.push_back(half ? static_cast<double>(std::max<NanoUnits>(0, half->Total())) : 0);
    }
    return weights;
  }
  static bool TakesShares(const Halves& halves) {
    return std::ranges::any_of(halves, [](const auto& half) {
      const bool pseudo =
          half && half->key.workload.starts_with("__") && half->key.workload != kOthersName;
      return half && !pseudo;
    });
  }
  // By cost; without any, to what is wanted if there is such.
  static void ShareWithin(NanoUnits share, Halves* halves) {
    const std::vector<NanoUnits> parts = SplitExactly(share, Weights(*halves));
    for (size_t i = 0; i < halves->size(); ++i) {
      std::optional<AllocationRow>& half = (*halves)[i];
      if (!half) continue;
      half->shared += parts[i];
      share -= parts[i];
    }
    ((*halves)[0] ? (*halves)[0] : (*halves)[1])->shared += share;
  }

  std::map<std::string, Halves> rows_;
};

bool Uses(const AllocationQuery& query, Field field) {
  const auto is = [&](const CostColumn& column) { return column.field == field; };
  const auto filter = query.filter.columns();
  return std::ranges::any_of(query.aggregate, is) || std::ranges::any_of(filter, is);
}

bool UsesOnlyNodes(const AllocationQuery& query) {
  const auto is = [&](const CostColumn& column) {
    return column.field == Field::kNode || column.field == Field::kCluster;
  };
  const auto filter = query.filter.columns();
  return !query.aggregate.empty() && std::ranges::all_of(query.aggregate, is) &&
         std::ranges::all_of(filter, is) && query.shared_namespaces.empty();
}

std::string IdleName(const CostKey& key, const AllocationQuery& query) {
  const bool by_node = query.idle_by_node && !key.node.empty();
  return by_node ? fmt::format("{}/{}", key.node, kIdleName) : std::string(kIdleName);
}

}  // namespace

CostGrain GrainOf(const AllocationQuery& query) {
  const bool idle_of_nodes = query.include_idle && query.idle_by_node && !query.share_idle;
  if (Uses(query, Field::kPod)) return CostGrain::kPods;
  if (Uses(query, Field::kNode) || idle_of_nodes) {
    return UsesOnlyNodes(query) ? CostGrain::kNodes : CostGrain::kPods;
  }
  return CostGrain::kWorkloads;
}

// One item a cluster, so that both ways of sharing take from the same.
std::vector<CostItem> IdleOfClusters(const std::vector<CostItem>& idle) {
  std::map<std::string, CostItem> clusters;
  for (const CostItem& item : idle) {
    CostItem& sum = clusters[item.key.cluster];
    sum.key = PseudoKey(kIdleName, item.key.cluster, "");
    sum.amounts.Add(item.amounts);
  }
  std::vector<CostItem> all;
  all.reserve(clusters.size());
  for (auto& [name, item] : clusters) all.push_back(std::move(item));
  return all;
}

AllocationSet Aggregate(const CostRead& read, const AllocationQuery& query) {
  std::vector<Part> parts;
  std::vector<CostItem> idle;
  const auto is_shared = [&](const CostKey& key) {
    return std::ranges::find(query.shared_namespaces, key.namespace_name) !=
           query.shared_namespaces.end();
  };
  NanoUnits shared = 0;
  for (const auto& [key, amounts] : read.cells) {
    if (IsIdle(key)) {
      idle.push_back({key, amounts});
    } else {
      parts.push_back({&key, &amounts, {}});
    }
  }
  if (query.share_idle) {
    idle = IdleOfClusters(idle);
    query.idle_by_node ? ShareIdleByNode(parts, idle) : ShareIdleByCluster(parts, idle);
    std::erase_if(idle, [](const CostItem& item) { return item.amounts.Total() == 0; });
  }
  Rows rows;
  for (const Part& part : parts) {
    if (is_shared(*part.key)) {
      shared += part.amounts->Total() + part.idle[0] + part.idle[1] + part.idle[2];
      continue;
    }
    const bool wanted = query.filter.Matches(*part.key);
    // Without anything to share nobody needs what is left out.
    if (!wanted && query.shared_namespaces.empty()) continue;
    rows.Add(
        IsOverhead(*part.key) ? std::string(kOverheadName) : NameOf(*part.key, query.aggregate),
        part, wanted);
  }
  if (query.include_idle || query.share_idle) {
    for (const CostItem& item : idle) {
      if (query.filter.empty() || query.filter.Matches(item.key)) {
        rows.Add(IdleName(item.key, query), {&item.key, &item.amounts, {}}, true);
      }
    }
  }
  if (shared != 0) rows.Share(shared, query.share_evenly, query.filter.empty());
  return {read.from, read.to, read.watched, rows.TakeWanted()};
}

StatusOr<std::vector<AllocationSet>> RunAllocation(CostReader& reader, const AllocationQuery& query,
                                                   Timestamp now) {
  if (query.from < kEarliest || query.to > kLatest) {
    return InvalidArgument("the window must lie between the years 1970 and 9999");
  }
  const DurationMs length = query.to - query.from;
  const DurationMs step =
      query.step > 0 && !query.accumulate ? query.step : std::max<DurationMs>(1, length);
  if (length > 0 && (length - 1) / step >= kMaxSteps) {
    return InvalidArgument(fmt::format("more than {} steps", kMaxSteps));
  }
  std::vector<AllocationSet> sets;
  size_t rows = 0;
  for (Timestamp from = query.from; from < query.to;) {
    const Timestamp to = step < query.to - from ? from + step : query.to;
    const CostRead read = TRY(reader.Read(from, to, GrainOf(query), now));
    sets.push_back(Aggregate(read, query));
    rows += sets.back().rows.size();
    if (rows > kMaxAllocationRows) {
      return InvalidArgument(
          fmt::format("more than {} rows: ask for a shorter window, longer steps, fewer columns of "
                      "aggregate or a narrower filter",
                      kMaxAllocationRows));
    }
    from = to;
  }
  return sets;
}

}  // namespace outrider
