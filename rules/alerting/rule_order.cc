// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_order.h"

#include <algorithm>

#include "rules/alerting/rule_footprint.h"

namespace outrider {
namespace {

// Every pair is looked at.
constexpr size_t kMostRules = 2000;

bool Reads(const RuleFootprint& reader, const RuleFootprint& writer) {
  if (reader.reads_anything) return !writer.writes.empty();
  return std::ranges::any_of(reader.reads, [&](const std::vector<Matcher>& matchers) {
    return std::ranges::any_of(writer.writes,
                               [&](const SeriesShape& shape) { return MayMatch(matchers, shape); });
  });
}

bool WriteTheSame(const RuleFootprint& a, const RuleFootprint& b) {
  return std::ranges::any_of(a.writes, [&](const SeriesShape& one) {
    return std::ranges::any_of(b.writes,
                               [&](const SeriesShape& other) { return MayOverlap(one, other); });
  });
}

bool Waits(const RuleFootprint& later, const RuleFootprint& earlier) {
  return Reads(later, earlier) || Reads(earlier, later) || WriteTheSame(earlier, later);
}

RuleOrder Empty(size_t rules) {
  RuleOrder order;
  order.followers.resize(rules);
  order.waits.resize(rules);
  return order;
}

void Link(size_t earlier, size_t later, RuleOrder* order) {
  order->followers[earlier].push_back(static_cast<uint32_t>(later));
  ++order->waits[later];
}

}  // namespace

bool RuleOrder::concurrent() const {
  // In a chain every rule but the first waits for the one right before it.
  for (size_t i = 1; i < size(); ++i) {
    if (std::ranges::find(followers[i - 1], static_cast<uint32_t>(i)) == followers[i - 1].end()) {
      return true;
    }
  }
  return false;
}

RuleOrder InOrder(size_t rules) {
  RuleOrder order = Empty(rules);
  for (size_t i = 1; i < rules; ++i) Link(i - 1, i, &order);
  return order;
}

RuleOrder OrderRules(std::span<const Rule> rules) {
  if (rules.size() > kMostRules) return InOrder(rules.size());
  std::vector<RuleFootprint> footprints;
  footprints.reserve(rules.size());
  for (const Rule& rule : rules) footprints.push_back(FootprintOf(rule));
  RuleOrder order = Empty(rules.size());
  for (size_t later = 1; later < rules.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (Waits(footprints[later], footprints[earlier])) Link(earlier, later, &order);
    }
  }
  return order;
}

}  // namespace outrider
