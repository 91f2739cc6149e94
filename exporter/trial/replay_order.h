// SPDX-License-Identifier: Apache-2.0
// In which order rules can be replayed so that each sees what it would have seen live. A rule that
// reads nothing of others, or only what comes before it, is evaluated for hours at once; rules that
// read each other in a circle, or what a later rule wrote one cycle ago, go step by step together.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "exporter/trial/rule_reads.h"
#include "rules/promql/engine.h"
#include "rules/rulefile/rule_group.h"
#include "storage/base/clock.h"

namespace outrider {

// A rule in its place: its group's number, and its own within the group.
struct ReplayRule {
  const RuleGroup* group = nullptr;
  const Rule* rule = nullptr;
  size_t group_index = 0;
  size_t rule_index = 0;
  DurationMs query_offset = 0;
};

struct ReplayStage {
  std::vector<size_t> rules;  // indexes, in the order of the files
  bool stepwise = false;      // at each time all of them in turn, before the next time
  size_t level = 0;           // stages of one level have nothing to do with each other
};

// By level. Every rule is in one stage; what a stage reads (`reads`, by rule) is written by itself
// or by stages of lower levels.
std::vector<ReplayStage> OrderForReplay(std::span<const ReplayRule> rules,
                                        std::span<const RuleReads> reads);

// Whether an expression looks at nothing but the past of its evaluation time, so that a range query
// gives at each step what an instant query would: no @, no negative offset, nothing that depends on
// the query's range.
bool ReadsOnlyThePast(const promql::Expression& expression);
// Whether some selector is pinned by @ to a time of its own.
bool ReadsFixedTimes(const promql::Expression& expression);

// Whether a selector may match what the rule writes: its recorded series, or ALERTS and
// ALERTS_FOR_STATE of its alerts.
bool MayRead(std::span<const Matcher> selector, const Rule& writer);

}  // namespace outrider
