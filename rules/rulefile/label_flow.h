// SPDX-License-Identifier: Apache-2.0
// Which labels the result of an expression can have, seen from its text alone: `sum by (job) (x)`
// has job at most, `sum without (instance) (x)` anything but instance.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "rules/promql/ast.h"

namespace outrider {

class LabelFlow {
 public:
  static LabelFlow Any() { return {true, {}}; }
  static LabelFlow Only(std::set<std::string> names) { return {false, std::move(names)}; }

  bool MayHave(const std::string& name) const { return open_ != names_.contains(name); }
  // False: at most names().
  bool open() const { return open_; }
  const std::set<std::string>& names() const { return names_; }

  LabelFlow Keep(std::span<const std::string> names) const;
  LabelFlow Drop(std::span<const std::string> names) const;
  LabelFlow With(const std::string& name) const;
  // Of a result that may be either.
  LabelFlow Or(const LabelFlow& other) const;

 private:
  LabelFlow(bool open, std::set<std::string> names) : open_(open), names_(std::move(names)) {}
  bool open_;
  std::set<std::string> names_;  // open: the labels that are not there; else those that may be
};

// What recording rules of the same files write, by name. Selectors of other names may have
// anything.
using RecordedLabels = std::map<std::string, LabelFlow, std::less<>>;

// __name__ is not looked at.
LabelFlow LabelsOf(const promql::Expr& expr, const RecordedLabels& recorded);

// How the number of series of a result is held down.
struct Reduction {
  // An aggregation (or a choice as topk makes it) stands between the selectors and the result, or
  // the result cannot have more than a few labels.
  bool reduced = false;
  // Labels that take their values from samples: count_values.
  std::set<std::string> from_values;
};
Reduction ReductionOf(const promql::Expr& expr);

}  // namespace outrider
