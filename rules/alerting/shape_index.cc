// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/shape_index.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace outrider {
namespace {

// Fewer are looked at one by one.
constexpr size_t kLeaf = 8;

bool Allows(std::span<const Matcher> matchers, const std::string& label, const std::string& value) {
  return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
    return matcher.name() != label || matcher.Matches(value);
  });
}

// The value that a label must have; nullptr: several may do.
const std::string* OnlyValue(std::span<const Matcher> matchers, const std::string& label) {
  for (const Matcher& matcher : matchers) {
    if (matcher.type() == MatchType::kEqual && matcher.name() == label) return &matcher.value();
  }
  return nullptr;
}

}  // namespace

ShapeIndex::ShapeIndex(std::vector<Entry> entries) : root_(Build(std::move(entries), {})) {}

std::string ShapeIndex::BestLabel(const std::vector<Entry>& entries,
                                  const std::set<std::string>& used) {
  std::unordered_map<std::string_view, std::unordered_set<std::string_view>> values;
  for (const Entry& entry : entries) {
    for (const auto& [name, value] : entry.shape->fixed) {
      if (!used.contains(name)) values[name].insert(value);
    }
  }
  // Every shape has a name, and nearly every selector asks for one.
  const auto names = values.find(kMetricName);
  if (names != values.end() && names->second.size() > 1) return std::string(kMetricName);
  std::string_view best;
  size_t most = 1;
  for (const auto& [name, distinct] : values) {
    if (distinct.size() < most || distinct.size() == 1) continue;
    if (distinct.size() == most && name > best) continue;
    best = name;
    most = distinct.size();
  }
  return std::string(best);
}

// As deep as there are labels that are fixed somewhere to different values.
std::unique_ptr<ShapeIndex::Node> ShapeIndex::Build(std::vector<Entry> entries,
                                                    std::set<std::string> used) {
  auto node = std::make_unique<Node>();
  if (entries.size() > kLeaf) node->label = BestLabel(entries, used);
  if (node->label.empty()) {
    node->entries = std::move(entries);
    return node;
  }
  std::map<std::string, std::vector<Entry>> parts;
  std::vector<Entry> open;
  for (const Entry& entry : entries) {
    const auto fixed = entry.shape->fixed.find(node->label);
    (fixed == entry.shape->fixed.end() ? open : parts[fixed->second]).push_back(entry);
  }
  used.insert(node->label);
  for (auto& [value, part] : parts) node->by_value[value] = Build(std::move(part), used);
  if (!open.empty()) node->open = Build(std::move(open), std::move(used));
  return node;
}

void ShapeIndex::MatchIn(const Node& node, std::span<const Matcher> matchers, const Found& found) {
  for (const Entry& entry : node.entries) {
    if (MayMatch(matchers, *entry.shape)) found(entry.rule);
  }
  if (node.open != nullptr) MatchIn(*node.open, matchers, found);
  if (const std::string* only = OnlyValue(matchers, node.label)) {
    const auto at = node.by_value.find(*only);
    if (at != node.by_value.end()) MatchIn(*at->second, matchers, found);
    return;
  }
  for (const auto& [value, child] : node.by_value) {
    if (Allows(matchers, node.label, value)) MatchIn(*child, matchers, found);
  }
}

void ShapeIndex::OverlapIn(const Node& node, const SeriesShape& shape, const Found& found) {
  for (const Entry& entry : node.entries) {
    if (MayOverlap(shape, *entry.shape)) found(entry.rule);
  }
  if (node.open != nullptr) OverlapIn(*node.open, shape, found);
  const auto fixed = shape.fixed.find(node.label);
  if (fixed != shape.fixed.end()) {
    const auto at = node.by_value.find(fixed->second);
    if (at != node.by_value.end()) OverlapIn(*at->second, shape, found);
    return;
  }
  for (const auto& [value, child] : node.by_value) OverlapIn(*child, shape, found);
}

void ShapeIndex::Match(std::span<const Matcher> matchers, const Found& found) const {
  MatchIn(*root_, matchers, found);
}

void ShapeIndex::Overlap(const SeriesShape& shape, const Found& found) const {
  OverlapIn(*root_, shape, found);
}

}  // namespace outrider
