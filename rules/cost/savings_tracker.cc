// SPDX-License-Identifier: Apache-2.0
// Rows of family kCost: key "s" | workload and container as the row codec writes them; value:
// format 1, since, seen, realised, then request, target, before of CPU and memory.
#include "rules/cost/savings_tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kRowFormat = 1;
constexpr std::string_view kPrefix = "s";
constexpr double kSame = 0.01;                // a request that differs by less did not change
constexpr DurationMs kKeepUnseen = 2 * kDay;  // of one without savings
constexpr size_t kTracked = 2;                // CPU and memory

using Values = std::array<std::optional<double>, kTracked>;

std::string KeyOf(const WorkloadKey& workload, const std::string& container) {
  RowWriter out(kRowFormat);
  out.Text(workload.cluster).Text(workload.namespace_name).Text(workload.workload_kind);
  out.Text(workload.workload).Text(container);
  return std::string(kPrefix) + out.Take();
}

void SaveValues(const Values& values, RowWriter& out) {
  for (const auto& value : values) out.Bool(value.has_value()).Double(value.value_or(0));
}

Values LoadValues(RowReader& in) {
  Values values;
  for (auto& value : values) {
    const bool has = in.Bool();
    const double number = in.Double();
    if (has && std::isfinite(number)) value = number;
  }
  return values;
}

bool Differs(double a, double b) {
  return std::abs(a - b) > kSame * std::max(std::abs(a), std::abs(b));
}

}  // namespace

Status SavingsTracker::Restore() {
  std::vector<std::string> damaged;
  TRY(store_.Scan(Family::kCost, kPrefix, kPrefix, [&](const Row& row) {
    RowReader name(std::string_view(row.key).substr(kPrefix.size()), kRowFormat, "a row's key");
    Key key;
    key.workload.cluster = name.Text();
    key.workload.namespace_name = name.Text();
    key.workload.workload_kind = name.Text();
    key.workload.workload = name.Text();
    key.container = name.Text();
    RowReader in(row.value, kRowFormat, "realised savings");
    Entry entry;
    entry.since = in.I64();
    entry.seen = in.I64();
    entry.realised = in.I64();
    entry.request = LoadValues(in);
    entry.target = LoadValues(in);
    entry.before = LoadValues(in);
    if (name.Finish().ok() && in.Finish().ok()) {
      entries_[std::move(key)] = entry;
    } else {
      damaged.push_back(row.key);
    }
    return true;
  }));
  if (!damaged.empty()) {
    LogWarn("realised savings that cannot be read begin anew",
            {{"rows", std::to_string(damaged.size())}});
  }
  gone_.insert(gone_.end(), damaged.begin(), damaged.end());
  return absl::OkStatus();
}

Status SavingsTracker::Save(Durability durability) {
  Batch batch;
  for (const std::string& key : gone_) batch.Delete(Family::kCost, key);
  for (const auto& [key, entry] : entries_) {
    if (!entry.changed) continue;
    RowWriter out(kRowFormat);
    out.I64(entry.since).I64(entry.seen).I64(entry.realised);
    SaveValues(entry.request, out);
    SaveValues(entry.target, out);
    SaveValues(entry.before, out);
    batch.Put(Family::kCost, KeyOf(key.workload, key.container), out.Take());
  }
  if (batch.empty()) return absl::OkStatus();
  TRY(store_.Commit(batch, durability));
  gone_.clear();
  for (auto& [key, entry] : entries_) entry.changed = false;
  return absl::OkStatus();
}

void SavingsTracker::ObserveResource(const ResourceAdvice& advice, size_t resource, Timestamp now,
                                     Entry* entry) {
  if (!advice.request) return;
  auto& request = entry->request[resource];
  auto& target = entry->target[resource];
  const double current = *advice.request;
  if (request && Differs(*request, current)) {
    // Towards the recommendation: it was taken up.
    const bool taken = target && std::abs(current - *target) < std::abs(*request - *target);
    if (taken && !entry->before[resource]) {
      entry->before[resource] = request;
      if (entry->since == 0) entry->since = now;
    }
    entry->changed = true;
  }
  if (!request || Differs(*request, current)) {
    request = current;
    entry->changed = true;
  }
  if (advice.enough_data && (!target || Differs(*target, advice.recommended.target))) {
    target = advice.recommended.target;
    entry->changed = true;
  }
}

void SavingsTracker::Observe(std::span<const Recommendation> recommendations, Timestamp now) {
  for (const Recommendation& one : recommendations) {
    if (one.container.empty()) continue;  // a machine: nobody requests it
    Entry& entry = entries_[{one.key, one.container}];
    ObserveResource(one.cpu, 0, now, &entry);
    ObserveResource(one.memory, 1, now, &entry);
    if (now - entry.seen >= kHour) entry.changed = true;
    if (entry.seen == 0 || entry.changed) entry.seen = now;
  }
  Forget(now);
}

void SavingsTracker::Forget(Timestamp now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    if (entry.since != 0 && now - entry.since > kCounted) {
      entry.before = {};  // what was realised stays
      entry.dollars_per_hour = 0;
    }
    const DurationMs keep = entry.since == 0 ? kKeepUnseen : kCounted;
    if (now - entry.seen <= keep) {
      ++it;
      continue;
    }
    gone_.push_back(KeyOf(it->first.workload, it->first.container));
    it = entries_.erase(it);
  }
}

void SavingsTracker::Count(const CostScene& scene, DurationMs time) {
  std::map<std::pair<std::string_view, std::string_view>, const CostRates*> rates;
  for (const CostNode& node : scene.nodes) rates[{node.cluster, node.name}] = &node.rates;
  for (auto& [key, entry] : entries_) entry.dollars_per_hour = 0;
  for (const CostHolding& holding : scene.holdings) {
    const CostKey& key = holding.key;
    auto found = entries_.find(
        {{key.namespace_name, key.workload, key.workload_kind, key.cluster}, key.container});
    if (found == entries_.end()) {
      // Recommendations know the cluster only where the series tell it.
      found = entries_.find({{key.namespace_name, key.workload, key.workload_kind}, key.container});
    }
    if (found == entries_.end() || found->second.since == 0) continue;
    const auto node = rates.find({key.cluster, key.node});
    const CostRates& rate = node == rates.end() ? scene.fallback : *node->second;
    Entry& entry = found->second;
    for (size_t i = 0; i < kTracked; ++i) {
      const std::optional<double>& before = entry.before[i];
      if (!before) continue;
      const double old_held = std::max(*before, holding.used[i]);
      const double held = std::max(holding.requested[i], holding.used[i]);
      entry.dollars_per_hour += (old_held - held) * rate[i];
    }
  }
  const double hours = static_cast<double>(time) / static_cast<double>(kHour);
  for (auto& [key, entry] : entries_) {
    const NanoUnits saved = ToNanoUnits(entry.dollars_per_hour * hours);
    entry.realised += saved;
    entry.changed = entry.changed || saved != 0;
  }
}

std::vector<RealisedSavings> SavingsTracker::All() const {
  std::vector<RealisedSavings> all;
  for (const auto& [key, entry] : entries_) {
    if (entry.since == 0) continue;
    RealisedSavings one = {key.workload,           key.container, entry.since, entry.realised,
                           entry.dollars_per_hour, entry.before,  {}};
    for (size_t i = 0; i < kTracked; ++i) {
      if (entry.before[i]) one.now[i] = entry.request[i];
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace outrider
