// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mute/inhibit.h"

#include <utility>

namespace outrider {
namespace {

std::string EqualKey(const InhibitRuleConfig& rule, const Labels& labels) {
  std::string key;
  for (const std::string& name : rule.equal) {
    const std::string_view value = labels.Get(name);
    key += std::to_string(value.size());
    key += ':';
    key += value;
  }
  return key;
}

// Puts the number in or out. True when the set was empty, or is now.
bool Flip(NumberSet* set, uint64_t number, bool in) {
  const bool before = set->empty();
  if (in) {
    set->insert(number);
  } else {
    set->erase(number);
  }
  return set->empty() != before;
}

}  // namespace

Inhibitor::Inhibitor(std::vector<InhibitRuleConfig> rules) {
  rules_.reserve(rules.size());
  for (InhibitRuleConfig& rule : rules) rules_.push_back({std::move(rule), {}, {}});
}

std::vector<Inhibitor::Targets> Inhibitor::SetFiring(const Labels& alert, bool firing) {
  std::vector<Targets> touched;
  for (size_t i = 0; i < rules_.size(); ++i) {
    Rule& rule = rules_[i];
    if (!MatchesAll(rule.config.source_matchers, alert)) continue;
    std::string key = EqualKey(rule.config, alert);
    const bool both = MatchesAll(rule.config.target_matchers, alert);
    auto found = rule.sources.find(key);
    if (found == rule.sources.end()) {
      if (!firing) continue;
      found = rule.sources.try_emplace(key).first;
    }
    Sources& sources = found->second;
    const bool flipped =
        Flip(both ? &sources.both_sides : &sources.only_source, alert.Fingerprint(), firing);
    if (sources.only_source.empty() && sources.both_sides.empty()) rule.sources.erase(found);
    if (flipped) touched.push_back({i, std::move(key)});
  }
  return touched;
}

std::optional<uint64_t> Inhibitor::InhibitedBy(const Labels& alert) const {
  for (const Rule& rule : rules_) {
    if (rule.sources.empty() || !MatchesAll(rule.config.target_matchers, alert)) continue;
    const auto found = rule.sources.find(EqualKey(rule.config, alert));
    if (found == rule.sources.end()) continue;
    const Sources& sources = found->second;
    if (!sources.only_source.empty()) return *sources.only_source.begin();
    // What matches both sides is never muted by another of its kind, itself included.
    if (!MatchesAll(rule.config.source_matchers, alert)) return *sources.both_sides.begin();
  }
  return std::nullopt;
}

bool Inhibitor::IsTarget(const Targets& targets, const Labels& alert) const {
  const InhibitRuleConfig& rule = rules_[targets.rule].config;
  return MatchesAll(rule.target_matchers, alert) && EqualKey(rule, alert) == targets.equal;
}

void Inhibitor::SetWaiting(const Labels& alert, bool waiting) {
  for (Rule& rule : rules_) {
    if (!MatchesAll(rule.config.target_matchers, alert)) continue;
    const std::string key = EqualKey(rule.config, alert);
    NumberSet& set = rule.waiting[key];
    if (waiting) {
      set.insert(alert.Fingerprint());
    } else {
      set.erase(alert.Fingerprint());
    }
    if (set.empty()) rule.waiting.erase(key);
  }
}

const NumberSet& Inhibitor::Waiting(const Targets& targets) const {
  const StringMap<NumberSet>& waiting = rules_[targets.rule].waiting;
  const auto found = waiting.find(targets.equal);
  return found == waiting.end() ? none_ : found->second;
}

}  // namespace outrider
