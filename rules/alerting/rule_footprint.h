// SPDX-License-Identifier: Apache-2.0
// Which series a rule may read and write, as far as its text tells: what decides which rules of a
// group may run at the same time. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "rules/rulefile/rule_group.h"
#include "storage/model/matcher.h"

namespace outrider {

// A set of label sets: all of them have `fixed` (an empty value: they lack the label), and beside
// these none but `others`, if that is known.
struct SeriesShape {
  std::map<std::string, std::string> fixed;
  std::optional<std::set<std::string>> others;
};

// Whether a label set of the shape may match; unknown values may.
bool MayMatch(std::span<const Matcher> matchers, const SeriesShape& shape);
// Whether one label set may have both shapes.
bool MayOverlap(const SeriesShape& a, const SeriesShape& b);

struct RuleFootprint {
  std::vector<std::vector<Matcher>> reads;  // the selectors
  bool reads_anything = false;              // its templates query
  std::vector<SeriesShape> writes;
};
RuleFootprint FootprintOf(const Rule& rule);

// The alert that tells of missing data (no_data.h) is recorded too.
inline constexpr const char* kNoDataAlert = "OutriderNoData";

// Labels beside __name__ that the samples of an expression can have; nullopt: any.
std::optional<std::set<std::string>> OutputLabels(const promql::Expression& expression);

}  // namespace outrider
