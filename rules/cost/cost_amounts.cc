// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_amounts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace outrider {
namespace {

constexpr double kLargest = 9.2e18;
constexpr std::array<std::string_view, kCostResources> kNames = {
    "cpu", "memory", "gpu", "storage", "network", "load_balancer"};

void SaveDoubles(const std::array<double, kNodeResources>& values, RowWriter& out) {
  for (const double value : values) out.Double(value);
}

void LoadDoubles(RowReader& in, std::array<double, kNodeResources>* values) {
  for (double& value : *values) value = in.Double();
}

}  // namespace

NanoUnits ToNanoUnits(double units) {
  const double nanos = units * kNanosPerUnit;
  if (std::isnan(nanos)) return 0;
  return static_cast<NanoUnits>(std::round(std::clamp(nanos, -kLargest, kLargest)));
}

std::string_view CostResourceText(CostResource resource) {
  return kNames[static_cast<size_t>(resource)];
}

NanoUnits SumNanoUnits(NanoUnits a, NanoUnits b) {
  NanoUnits sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<NanoUnits>::min() : std::numeric_limits<NanoUnits>::max();
}

NanoUnits CostAmounts::Total() const {
  return std::accumulate(cost.begin(), cost.end(), overhead, SumNanoUnits);
}

NanoUnits CostAmounts::IdleShares() const {
  return std::accumulate(idle_share.begin(), idle_share.end(), NanoUnits{0}, SumNanoUnits);
}

void CostAmounts::Add(const CostAmounts& other) {
  const auto add = [](NanoUnits more, NanoUnits* sum) { *sum = SumNanoUnits(*sum, more); };
  for (size_t i = 0; i < kCostResources; ++i) add(other.cost[i], &cost[i]);
  for (size_t i = 0; i < kNodeResources; ++i) {
    add(other.idle_share[i], &idle_share[i]);
    held[i] += other.held[i];
    requested[i] += other.requested[i];
    used[i] += other.used[i];
  }
  add(other.overhead, &overhead);
  add(other.time, &time);
  storage_byte_hours += other.storage_byte_hours;
  sent_bytes += other.sent_bytes;
  received_bytes += other.received_bytes;
}

CostAmounts CostAmounts::Scaled(double share) const {
  if (share >= 1) return *this;
  CostAmounts scaled = *this;
  const auto money = [&](NanoUnits& value) {
    value = static_cast<NanoUnits>(std::round(static_cast<double>(value) * share));
  };
  for (NanoUnits& value : scaled.cost) money(value);
  for (NanoUnits& value : scaled.idle_share) money(value);
  money(scaled.overhead);
  money(scaled.time);
  for (size_t i = 0; i < kNodeResources; ++i) {
    scaled.held[i] *= share;
    scaled.requested[i] *= share;
    scaled.used[i] *= share;
  }
  scaled.storage_byte_hours *= share;
  scaled.sent_bytes *= share;
  scaled.received_bytes *= share;
  return scaled;
}

void CostAmounts::Save(RowWriter& out) const {
  for (const NanoUnits value : cost) out.I64(value);
  for (const NanoUnits value : idle_share) out.I64(value);
  out.I64(overhead).I64(time);
  SaveDoubles(held, out);
  SaveDoubles(requested, out);
  SaveDoubles(used, out);
  out.Double(storage_byte_hours).Double(sent_bytes).Double(received_bytes);
}

CostAmounts CostAmounts::Load(RowReader& in) {
  CostAmounts amounts;
  for (NanoUnits& value : amounts.cost) value = in.I64();
  for (NanoUnits& value : amounts.idle_share) value = in.I64();
  amounts.overhead = in.I64();
  amounts.time = in.I64();
  LoadDoubles(in, &amounts.held);
  LoadDoubles(in, &amounts.requested);
  LoadDoubles(in, &amounts.used);
  amounts.storage_byte_hours = in.Double();
  amounts.sent_bytes = in.Double();
  amounts.received_bytes = in.Double();
  return amounts;
}

std::vector<NanoUnits> SplitExactly(NanoUnits total, const std::vector<double>& weights) {
  std::vector<NanoUnits> parts(weights.size(), 0);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0) || total == 0) return parts;
  const bool negative = total < 0;
  const NanoUnits whole = negative ? -total : total;
  std::vector<std::pair<double, size_t>> rest;  // remainder -> which
  rest.reserve(weights.size());
  NanoUnits left = whole;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double exact = static_cast<double>(whole) * (weights[i] / sum);
    // Rounding of large products may exceed what is left by a unit.
    parts[i] = std::min(left, static_cast<NanoUnits>(std::floor(exact)));
    left -= parts[i];
    if (weights[i] > 0) rest.emplace_back(exact - static_cast<double>(parts[i]), i);
  }
  // What is left is below the number of parts; with totals beyond 2^53 it may be more.
  std::ranges::stable_sort(rest, [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto count = static_cast<NanoUnits>(rest.size());
  for (const auto& [remainder, at] : rest) parts[at] += left / count;
  for (NanoUnits i = 0; i < left % count; ++i) ++parts[rest[static_cast<size_t>(i)].second];
  if (negative) {
    for (NanoUnits& part : parts) part = -part;
  }
  return parts;
}

void CostKey::Save(RowWriter& out) const {
  for (const std::string* text :
       {&cluster, &namespace_name, &workload_kind, &workload, &container, &team, &pod, &node}) {
    out.Text(*text);
  }
  out.U64(labels.size());
  for (const std::string& label : labels) out.Text(label);
}

CostKey CostKey::Load(RowReader& in) {
  CostKey key;
  for (std::string* text : {&key.cluster, &key.namespace_name, &key.workload_kind, &key.workload,
                            &key.container, &key.team, &key.pod, &key.node}) {
    *text = in.Text();
  }
  for (uint64_t left = in.Count(); left > 0; --left) key.labels.push_back(in.Text());
  return key;
}

}  // namespace outrider
