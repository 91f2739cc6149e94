// SPDX-License-Identifier: Apache-2.0
// No data is not all clear: tells an alert that is over from one whose input is missing. An input
// is missing when its selector, narrowed by the alert's labels, has matched series before and
// matches none now; of the sides of an `or`, when that holds for all that ever matched any
// (input_tree.h).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting/alert_rule.h"
#include "rules/alerting/alert_state.h"
#include "rules/alerting/group_policy.h"
#include "rules/alerting/input_tree.h"
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
  bool enabled() const { return enabled_; }
  // Goes on where the watch of the same rule before a reload ended: the limit is not granted anew.
  void Inherit(const NoDataWatch& before);

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
    bool ignored = false;
  };
  // The inputs of one alert that were missing when it was kept first, and since when it is kept.
  struct Kept {
    std::vector<Selector> inputs;
    Timestamp since = 0;
  };
  // What a part of the expression has to look at.
  struct Finding {
    bool known = true;    // all that it needs has been there before
    size_t narrowed = 0;  // by how many labels of the alert
    std::vector<Selector> missing;
  };
  bool IsLive(const Selector& selector, Timestamp at) const;
  bool WasThere(std::span<const Matcher> matchers, Timestamp at) const;
  Timestamp SilentSince(const Selector& selector, Timestamp at) const;
  // nullopt: it says nothing about missing data.
  std::optional<Finding> FindIn(const InputTree& tree, const Labels& alert, Timestamp at) const;
  Finding FindInSelector(const Selector& selector, const Labels& alert, Timestamp at) const;
  static Finding AllOf(std::vector<Finding> parts);
  static Finding AnyOf(std::vector<Finding> parts);
  bool Keeps(const ActiveAlert& alert, Timestamp ts, Timestamp sample_time);
  void Note(const Selector& selector);

  const Rule& rule_;
  const std::string group_;
  const NoDataPolicy policy_;
  const Querier& querier_;
  InputTree tree_;
  std::vector<Selector> selectors_;  // by the tree's numbers
  bool enabled_ = false;
  std::map<std::string, Kept> kept_;  // by the alert's packed labels
  std::vector<std::string> missing_;  // texts of selectors, as of the last Keep; each once
  size_t kept_alerts_ = 0;
};

}  // namespace outrider
