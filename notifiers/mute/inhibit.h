// SPDX-License-Identifier: Apache-2.0
// Inhibition, as a set: an alert is muted iff some rule's target side matches it and some firing
// alert matches the source side with equal labels, unless both match both sides. Source:
// specs/alertmanager.md §2 "Inhibition".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/base/number_set.h"
#include "storage/model/labels.h"

namespace outrider {

// Keeps, per rule, the firing source alerts by their `equal` labels. Built from the rules; fed each
// alert change. Not thread-safe: the desk owns one.
class Inhibitor {
 public:
  // Targets of a rule with the same `equal` labels: what a source mutes or lets go.
  struct Targets {
    size_t rule = 0;
    std::string equal;
  };

  explicit Inhibitor(std::vector<InhibitRuleConfig> rules);
  // Call whenever an alert begins to fire, is resolved or is forgotten. Returns whose state may
  // have changed by it: nobody's, unless it was the first or the last source of its kind.
  std::vector<Targets> SetFiring(const Labels& alert, bool firing);
  // The fingerprint of an inhibiting alert of the first rule that mutes `alert`, or nothing.
  std::optional<uint64_t> InhibitedBy(const Labels& alert) const;
  bool IsTarget(const Targets& targets, const Labels& alert) const;

  // An index of alerts that wait for something, so that Waiting() need not ask all of them.
  void SetWaiting(const Labels& alert, bool waiting);
  const NumberSet& Waiting(const Targets& targets) const;

 private:
  // Two sets, so that a target that is also a source finds in one look whether another, one-sided
  // source fires.
  struct Sources {
    NumberSet only_source;
    NumberSet both_sides;  // match the target side too
  };
  struct Rule {
    InhibitRuleConfig config;
    StringMap<Sources> sources;    // by the packed equal labels
    StringMap<NumberSet> waiting;  // … of alerts that match the target side
  };
  std::vector<Rule> rules_;
  NumberSet none_;
};

}  // namespace outrider
