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

}  // namespace

Inhibitor::Inhibitor(std::vector<InhibitRuleConfig> rules) {
  rules_.reserve(rules.size());
  for (InhibitRuleConfig& rule : rules) rules_.push_back({std::move(rule), {}});
}

void Inhibitor::SetFiring(const Labels& alert, bool firing) {
  for (Rule& rule : rules_) {
    if (!MatchesAll(rule.config.source_matchers, alert)) continue;
    const std::string key = EqualKey(rule.config, alert);
    const bool both = MatchesAll(rule.config.target_matchers, alert);
    if (firing) {
      Sources& sources = rule.sources[key];
      (both ? sources.both_sides : sources.only_source).insert(alert);
      continue;
    }
    const auto found = rule.sources.find(key);
    if (found == rule.sources.end()) continue;
    (both ? found->second.both_sides : found->second.only_source).erase(alert);
    if (found->second.only_source.empty() && found->second.both_sides.empty()) {
      rule.sources.erase(found);
    }
  }
}

std::optional<uint64_t> Inhibitor::InhibitedBy(const Labels& alert) const {
  for (const Rule& rule : rules_) {
    if (rule.sources.empty() || !MatchesAll(rule.config.target_matchers, alert)) continue;
    const auto found = rule.sources.find(EqualKey(rule.config, alert));
    if (found == rule.sources.end()) continue;
    const Sources& sources = found->second;
    if (!sources.only_source.empty()) return sources.only_source.begin()->Fingerprint();
    // What matches both sides is never muted by another of its kind, itself included.
    if (!MatchesAll(rule.config.source_matchers, alert)) {
      return sources.both_sides.begin()->Fingerprint();
    }
  }
  return std::nullopt;
}

}  // namespace outrider
