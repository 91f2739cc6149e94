// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_order.h"

#include <algorithm>
#include <limits>

#include "rules/alerting/rule_footprint.h"
#include "rules/alerting/shape_index.h"

namespace outrider {
namespace {

// More than so many waits are not worth keeping: in order, then.
constexpr size_t kMostLinks = 1'000'000;

// Pairs (earlier, later) of rules, each packed into a number.
class Links {
 public:
  void Add(uint32_t a, uint32_t b) {
    if (a == b || too_many()) return;
    pairs_.push_back(uint64_t{std::min(a, b)} << 32 | std::max(a, b));
    if (pairs_.size() > limit_) Tidy();
  }
  bool too_many() const { return limit_ == 0; }
  // By earlier, then by later; each once.
  const std::vector<uint64_t>& Sorted() {
    Tidy();
    return pairs_;
  }

 private:
  void Tidy() {
    std::ranges::sort(pairs_);
    pairs_.erase(std::ranges::unique(pairs_).begin(), pairs_.end());
    if (pairs_.size() > kMostLinks) limit_ = 0;
  }
  size_t limit_ = 2 * kMostLinks;
  std::vector<uint64_t> pairs_;
};

// Who waits for whom: readers and writers of the same series, and writers among themselves.
Links FindLinks(const std::vector<RuleFootprint>& footprints) {
  std::vector<ShapeIndex::Entry> writes;
  std::vector<uint32_t> writers;
  for (uint32_t rule = 0; rule < footprints.size(); ++rule) {
    for (const SeriesShape& shape : footprints[rule].writes) writes.push_back({&shape, rule});
    if (!footprints[rule].writes.empty()) writers.push_back(rule);
  }
  const ShapeIndex index(std::move(writes));
  Links links;
  for (uint32_t rule = 0; rule < footprints.size() && !links.too_many(); ++rule) {
    const auto link = [&](uint32_t other) { links.Add(rule, other); };
    const RuleFootprint& own = footprints[rule];
    for (const SeriesShape& shape : own.writes) index.Overlap(shape, link);
    if (own.reads_anything) {
      std::ranges::for_each(writers, link);
      continue;
    }
    for (const std::vector<Matcher>& matchers : own.reads) index.Match(matchers, link);
  }
  return links;
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
  std::vector<RuleFootprint> footprints;
  footprints.reserve(rules.size());
  for (const Rule& rule : rules) footprints.push_back(FootprintOf(rule));
  Links links = FindLinks(footprints);
  if (links.too_many()) return InOrder(rules.size());
  RuleOrder order = Empty(rules.size());
  for (const uint64_t pair : links.Sorted()) {
    Link(pair >> 32, pair & std::numeric_limits<uint32_t>::max(), &order);
  }
  return order;
}

}  // namespace outrider
