// SPDX-License-Identifier: Apache-2.0
// A rule reads another one when one of its selectors matches the other's series by name and by the
// labels that rule sets. From what the expectations select, the rules read are followed backwards.
#include "rules/trial/rule_coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider {
namespace {

using Reach = promql::Expression::Reach;
using Place = CoverageReport::Place;

struct Candidate {
  const Rule* rule = nullptr;
  Place place;
  bool active = false;
};

// Whether a selector with these matchers names what the rule writes. Selectors without a name
// would match everything and count for nothing; so do ALERTS of any alert for one that never was.
bool Selects(const std::vector<Matcher>& matchers, const Candidate& candidate) {
  const Rule& rule = *candidate.rule;
  const bool alert = rule.kind == RuleKind::kAlerting;
  bool named = false;
  bool alert_named = false;
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName) {
      named = alert ? matcher.Matches("ALERTS") || matcher.Matches("ALERTS_FOR_STATE")
                    : matcher.Matches(rule.name);
      if (!named) return false;
    } else if (alert && matcher.name() == kAlertName) {
      alert_named = true;
      if (!matcher.Matches(rule.name)) return false;
    } else if (const auto label = rule.labels.find(matcher.name()); label != rule.labels.end()) {
      const bool fixed = label->second.find("{{") == std::string::npos;
      if (fixed && !matcher.Matches(label->second)) return false;
    }
  }
  return named && (!alert || alert_named || candidate.active);
}

}  // namespace

void CoverageReport::Add(std::span<const RuleGroup> groups, const RuleTestCase& test,
                         const promql::ParseOptions& promql, const std::set<Place>& active) {
  std::vector<Candidate> candidates;
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      const Place place{group.file, rule.line, rule.column};
      candidates.push_back({&rule, place, active.contains(place)});
      RuleCoverage& known = rules_[place];
      known.kind = rule.kind;
      known.name = rule.name;
      known.group = group.name;
      known.active |= active.contains(place);
    }
  }
  std::vector<Reach> open;  // selectors still to be followed
  for (const ExprExpectation& expr : test.exprs) {
    const auto parsed = promql::Expression::Parse(expr.expr, promql);
    if (parsed.ok()) std::ranges::copy(parsed->Selectors(0), std::back_inserter(open));
  }
  std::set<Place> reached;
  const auto reach = [&](const Candidate& candidate) {
    if (!reached.insert(candidate.place).second) return;
    rules_[candidate.place].tested = true;
    if (!candidate.rule->expression) return;
    std::ranges::copy(candidate.rule->expression->Selectors(0), std::back_inserter(open));
  };
  for (const Candidate& candidate : candidates) {
    if (candidate.rule->kind != RuleKind::kAlerting) continue;
    const bool named = std::ranges::any_of(test.alerts, [&](const AlertExpectation& expectation) {
      return expectation.alertname == candidate.rule->name;
    });
    if (named) reach(candidate);
  }
  while (!open.empty()) {
    const Reach selector = std::move(open.back());
    open.pop_back();
    for (const Candidate& candidate : candidates) {
      if (Selects(selector.matchers, candidate)) reach(candidate);
    }
  }
}

void CoverageReport::Merge(const CoverageReport& other) {
  for (const auto& [place, rule] : other.rules_) {
    const auto [at, is_new] = rules_.emplace(place, rule);
    if (is_new) continue;
    at->second.tested |= rule.tested;
    at->second.active |= rule.active;
  }
}

size_t CoverageReport::tested() const {
  return static_cast<size_t>(
      std::ranges::count_if(rules_, [](const auto& entry) { return entry.second.tested; }));
}

double CoverageReport::Percent() const {
  if (rules_.empty()) return 0;
  return 100.0 * static_cast<double>(tested()) / static_cast<double>(rules_.size());
}

std::string CoverageReport::Text() const {
  if (rules_.empty()) return "Coverage: there are no rules\n";
  std::string text = fmt::format("Coverage: {} of {} rules are tested ({:.1f}%)\n", tested(),
                                 rules_.size(), Percent());
  for (const auto& [place, rule] : rules_) {
    if (rule.tested && rule.active) continue;
    const char* what = rule.tested ? "tested, but it never gave anything" : "not tested";
    text += fmt::format("  {}:{}: group {}, {} {}: {}\n", place.file, place.line, rule.group,
                        rule.kind == RuleKind::kAlerting ? "alert" : "record", rule.name, what);
  }
  return text;
}

}  // namespace outrider
