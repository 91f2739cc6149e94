// SPDX-License-Identifier: Apache-2.0
// No data is not all clear: tells an alert that is over from one whose input is missing. An input
// is missing when its selector, narrowed by the alert's labels, has matched series before and
// matches none now.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting/alert_rule.h"
#include "rules/alerting/alert_state.h"
#include "rules/alerting/group_policy.h"
#include "rules/rulefile/rule_group.h"
#include "storage/window/querier.h"

namespace outrider {

// The policy of a rule: its annotation's, else its group's.
NoDataPolicy NoDataPolicyOf(const Rule& rule, const GroupPolicy& group);

// One rule's. One caller at a time.
class NoDataWatch {
 public:
  // `rule`, of a group of this name, and `querier` outlive the watch; `lookback` is the engine's.
  NoDataWatch(const Rule& rule, std::string group, NoDataPolicy policy, const Querier& querier,
              DurationMs lookback);
  bool enabled() const { return !selectors_.empty(); }

  // Of `old`, the pending and firing alerts that are not among `now` because their input is
  // missing: they keep their state. Both are sorted by label set, and so is the result.
  AlertSet Keep(const AlertSet& old, std::span<const AlertInstance> now, Timestamp ts,
                Timestamp sample_time);
  // After Keep: the alert that tells of it; none when nothing is missing.
  std::vector<AlertInstance> OwnAlert() const;

 private:
  struct Selector {
    std::vector<Matcher> matchers;
    DurationMs reach = 0;
    bool range = false;
  };
  // The input of one alert, as it is when it goes missing.
  struct Kept {
    Selector input;
    Timestamp since = 0;
  };
  bool IsLive(const Selector& selector, Timestamp at) const;
  bool WasThere(std::span<const Matcher> matchers, Timestamp at) const;
  bool IsMissing(const Selector& selector, Timestamp at) const;
  Selector Narrowed(const Selector& selector, const Labels& alert, Timestamp at) const;
  bool Keeps(const ActiveAlert& alert, Timestamp ts, Timestamp sample_time);
  void Note(const Selector& selector);

  const Rule& rule_;
  const std::string group_;
  const NoDataPolicy policy_;
  const Querier& querier_;
  std::vector<Selector> selectors_;   // empty: switched off
  std::map<std::string, Kept> kept_;  // by the alert's packed labels
  std::vector<std::string> missing_;  // texts of selectors, as of the last Keep; each once
  size_t kept_alerts_ = 0;
};

}  // namespace outrider
