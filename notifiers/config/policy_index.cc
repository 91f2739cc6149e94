// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/policy_index.h"

#include <algorithm>
#include <map>
#include <utility>

namespace outrider {
namespace {

// Of a label that is not there every policy's matcher would have to be asked.
bool FindsByValue(const Matcher& matcher) {
  return matcher.type() == MatchType::kEqual && !matcher.value().empty();
}

using LabelValue = std::pair<std::string_view, std::string_view>;

std::map<LabelValue, size_t> CountValues(const std::vector<EscalationPolicy>& policies) {
  std::map<LabelValue, size_t> counts;
  for (const EscalationPolicy& policy : policies) {
    for (const Matcher& matcher : policy.match) {
      if (FindsByValue(matcher)) ++counts[{matcher.name(), matcher.value()}];
    }
  }
  return counts;
}

// The matcher that fewest policies share; nullptr: it has none by which it could be found.
const Matcher* RarestOf(const EscalationPolicy& policy,
                        const std::map<LabelValue, size_t>& counts) {
  const Matcher* rarest = nullptr;
  size_t least = 0;
  for (const Matcher& matcher : policy.match) {
    if (!FindsByValue(matcher)) continue;
    const size_t count = counts.at({matcher.name(), matcher.value()});
    if (rarest != nullptr && count >= least) continue;
    rarest = &matcher;
    least = count;
  }
  return rarest;
}

}  // namespace

bool PolicyMatches(const EscalationPolicy& policy, Severity severity, const Labels& labels,
                   Nanos now, const ActiveAt& active_at) {
  const bool severe = policy.severities.empty() ||
                      std::ranges::find(policy.severities, severity) != policy.severities.end();
  if (!severe || !MatchesAll(policy.match, labels)) return false;
  return policy.active_time_intervals.empty() ||
         (active_at && active_at(policy.active_time_intervals, now));
}

PolicyIndex::PolicyIndex(std::vector<EscalationPolicy> policies, ActiveAt active_at)
    : policies_(std::move(policies)), active_at_(std::move(active_at)) {
  const std::map<LabelValue, size_t> counts = CountValues(policies_);
  for (uint32_t rank = 0; rank < policies_.size(); ++rank) {
    by_name_.try_emplace(policies_[rank].name, rank);
    const Matcher* rarest = RarestOf(policies_[rank], counts);
    if (rarest == nullptr) {
      Add(rank, &others_);
      continue;
    }
    auto label = std::ranges::find(by_label_, rarest->name(), &ByLabel::name);
    if (label == by_label_.end()) {
      by_label_.push_back({rarest->name(), {}});
      label = std::prev(by_label_.end());
    }
    Add(rank, &label->by_value[rarest->value()]);
  }
}

void PolicyIndex::Add(uint32_t rank, Ranks* ranks) const {
  const std::vector<Severity>& severities = policies_[rank].severities;
  for (int i = 0; i < kSeverityCount; ++i) {
    const auto severity = static_cast<Severity>(i);
    if (severities.empty() || std::ranges::find(severities, severity) != severities.end()) {
      (*ranks)[static_cast<size_t>(i)].push_back(rank);
    }
  }
}

void PolicyIndex::Try(const std::vector<uint32_t>& ranks, Severity severity, const Labels& labels,
                      Nanos now, uint32_t* best) const {
  for (const uint32_t rank : ranks) {
    if (rank >= *best) return;
    if (!PolicyMatches(policies_[rank], severity, labels, now, active_at_)) continue;
    *best = rank;
    return;
  }
}

const EscalationPolicy* PolicyIndex::Choose(Severity severity, const Labels& labels,
                                            Nanos now) const {
  const auto column = static_cast<size_t>(severity);
  auto best = static_cast<uint32_t>(policies_.size());
  for (const ByLabel& label : by_label_) {
    const std::string_view value = labels.Get(label.name);
    if (value.empty()) continue;
    const auto found = label.by_value.find(value);
    if (found != label.by_value.end()) {
      Try(found->second[column], severity, labels, now, &best);
    }
  }
  Try(others_[column], severity, labels, now, &best);
  return best == policies_.size() ? nullptr : &policies_[best];
}

const EscalationPolicy* PolicyIndex::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &policies_[found->second];
}

}  // namespace outrider
