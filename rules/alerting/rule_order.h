// SPDX-License-Identifier: Apache-2.0
// Which rules of a group wait for which, so that running the others at the same time gives what
// running all of them in order gives. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/rulefile/rule_group.h"

namespace outrider {

struct RuleOrder {
  std::vector<std::vector<uint32_t>> followers;  // of each rule: those that wait for it
  std::vector<uint32_t> waits;                   // of each rule: for how many it waits
  size_t size() const { return waits.size(); }
  // Whether any two rules may run at the same time.
  bool concurrent() const;
};

// A rule waits for an earlier one when it may read what that one writes, when it may write what
// that one reads (which is to see the value of the cycle before), or when both may write one
// series. Takes time in proportion to the rules and what they find (shape_index.h). Rules that wait
// for one another in more than a million pairs run in order.
RuleOrder OrderRules(std::span<const Rule> rules);
// Each waits for the one before.
RuleOrder InOrder(size_t rules);

}  // namespace outrider
