// SPDX-License-Identifier: Apache-2.0
// Inhibition, as a set: an alert is muted iff some rule's target side matches it and some firing
// alert matches the source side with equal labels, unless both match both sides. Source:
// specs/alertmanager.md §2 "Inhibition".
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

// Keeps, per rule, the firing source alerts by their `equal` labels. Built from the rules; fed each
// alert change. Not thread-safe: the desk owns one.
class Inhibitor {
 public:
  explicit Inhibitor(std::vector<InhibitRuleConfig> rules);
  // Call whenever an alert begins to fire, is resolved or is forgotten.
  void SetFiring(const Labels& alert, bool firing);
  // The fingerprint of an inhibiting alert of the first rule that mutes `alert`, or nothing.
  std::optional<uint64_t> InhibitedBy(const Labels& alert) const;

 private:
  // Two sets, so that a target that is also a source finds in one look whether another, one-sided
  // source fires.
  struct Sources {
    std::set<Labels> only_source;
    std::set<Labels> both_sides;  // match the target side too
  };
  struct Rule {
    InhibitRuleConfig config;
    std::unordered_map<std::string, Sources> sources;  // by the packed equal labels
  };
  std::vector<Rule> rules_;
};

}  // namespace outrider
