// SPDX-License-Identifier: Apache-2.0
// What a back-test has to fetch: the selectors of all rules, each once, and how far before the
// first evaluation they reach.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "exporter/trial/history_source.h"
#include "exporter/trial/replay_order.h"

namespace outrider {

class HistoryNeeds {
 public:
  // `reads`: by rule, with the engine's lookback.
  HistoryNeeds(std::span<const ReplayRule> rules, std::span<const RuleReads> reads);

  // The longest of all.
  DurationMs horizon() const { return horizon_; }
  // What of [from, to] is needed by evaluations from `start` on. May be nothing.
  std::vector<HistoryQuery> QueriesFor(Timestamp from, Timestamp to, Timestamp start) const;
  // Whether the rules write series of this name themselves: from `start` on the source's are left
  // out.
  bool WritesName(std::string_view name) const { return own_names_.contains(name); }

 private:
  struct Need {
    std::vector<Matcher> matchers;
    DurationMs horizon = 0;
    bool own = false;  // matches only what the rules write
  };

  std::vector<Need> needs_;
  std::set<std::string, std::less<>> own_names_;
  DurationMs horizon_ = 0;
};

}  // namespace outrider
