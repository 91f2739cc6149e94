// SPDX-License-Identifier: Apache-2.0
// Finds, among many shapes of series (rule_footprint.h), those that a selector may match or that
// another shape may overlap, without looking at all of them: a tree that divides the shapes by the
// values of their fixed labels. First the name divides, then at each node the label with the most
// values; shapes that do not fix it go to a branch of their own. A label that a question leaves
// open is answered by all branches, an expression by those whose value matches. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting/rule_footprint.h"

namespace outrider {

class ShapeIndex {
 public:
  struct Entry {
    const SeriesShape* shape = nullptr;
    uint32_t rule = 0;
  };
  // The shapes outlive the index.
  explicit ShapeIndex(std::vector<Entry> entries);

  // Calls `found` for each entry for which MayMatch / MayOverlap holds.
  using Found = std::function<void(uint32_t rule)>;
  void Match(std::span<const Matcher> matchers, const Found& found) const;
  void Overlap(const SeriesShape& shape, const Found& found) const;

 private:
  struct Node {
    std::vector<Entry> entries;  // of a leaf
    std::string label;           // of a fork
    std::map<std::string, std::unique_ptr<Node>> by_value;
    std::unique_ptr<Node> open;  // shapes without a fixed value; may be null
  };
  static std::unique_ptr<Node> Build(std::vector<Entry> entries, std::set<std::string> used);
  static std::string BestLabel(const std::vector<Entry>& entries,
                               const std::set<std::string>& used);
  static void MatchIn(const Node& node, std::span<const Matcher> matchers, const Found& found);
  static void OverlapIn(const Node& node, const SeriesShape& shape, const Found& found);

  std::unique_ptr<Node> root_;
};

}  // namespace outrider
