// SPDX-License-Identifier: Apache-2.0
// Which escalation policy an alert gets, without asking every policy: a policy with an equality
// matcher is found by that label's value, the others stand in one list per severity. Source:
// specs/source_systems.md §3.3 (first in file order), issue 9 (severity, labels, time).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/incidents_config.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

// Whether `time` lies in one of the time intervals of these names.
using ActiveAt = std::function<bool(const std::vector<std::string>& intervals, Nanos time)>;

// Whether the policy's conditions hold: severity, matchers of the labels, time.
bool PolicyMatches(const EscalationPolicy& policy, Severity severity, const Labels& labels,
                   Nanos now, const ActiveAt& active_at);

// Immutable, thread-safe as `active_at` is. Built once per configuration.
class PolicyIndex {
 public:
  PolicyIndex(std::vector<EscalationPolicy> policies, ActiveAt active_at);

  // The first in order whose conditions hold; nullptr: none.
  const EscalationPolicy* Choose(Severity severity, const Labels& labels, Nanos now) const;
  const EscalationPolicy* Find(std::string_view name) const;
  const std::vector<EscalationPolicy>& policies() const { return policies_; }

 private:
  using Ranks = std::array<std::vector<uint32_t>, kSeverityCount>;  // ascending, by severity
  struct ByLabel {
    std::string name;
    StringMap<Ranks> by_value;
  };
  void Add(uint32_t rank, Ranks* ranks) const;
  // Lowers `*best` to the first of `ranks` whose conditions hold.
  void Try(const std::vector<uint32_t>& ranks, Severity severity, const Labels& labels, Nanos now,
           uint32_t* best) const;

  const std::vector<EscalationPolicy> policies_;
  const ActiveAt active_at_;
  StringMap<uint32_t> by_name_;
  std::vector<ByLabel> by_label_;
  Ranks others_;
};

}  // namespace outrider
