// SPDX-License-Identifier: Apache-2.0
// What a rule reads: the selectors of its expression, and of what its labels and annotations query.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/engine.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

struct RuleReads {
  std::vector<promql::Expression::Reach> selectors;
  bool anything = false;  // some text queries what only running it would tell
};

// Of the `query` calls in texts. A text that is put together by printf counts with what its format
// says: values that it fills in match anything. `lookback` of the engine.
RuleReads ReadsOfTexts(const std::map<std::string, std::string>& texts, DurationMs lookback,
                       const promql::ParseOptions& promql);

// Of its expression, labels and annotations.
RuleReads ReadsOfRule(const Rule& rule, DurationMs lookback, const promql::ParseOptions& promql);

}  // namespace outrider
