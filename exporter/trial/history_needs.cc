// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/history_needs.h"

#include <algorithm>
#include <map>

namespace outrider {
namespace {

// The name every series of the selector has, or "".
std::string NameOf(std::span<const Matcher> matchers) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == MatchType::kEqual) {
      return matcher.value();
    }
  }
  return "";
}

// Whether `wide` selects whatever `narrow` does: all its matchers are among the other's.
bool Covers(std::span<const Matcher> wide, std::span<const Matcher> narrow) {
  return std::ranges::all_of(wide, [&](const Matcher& matcher) {
    return std::ranges::find(narrow, matcher) != narrow.end();
  });
}

}  // namespace

HistoryNeeds::HistoryNeeds(std::span<const ReplayRule> rules, std::span<const RuleReads> reads) {
  for (const ReplayRule& rule : rules) {
    if (rule.rule->kind == RuleKind::kRecording) {
      own_names_.insert(rule.rule->name);
    } else {
      own_names_.insert({"ALERTS", "ALERTS_FOR_STATE"});
    }
  }
  std::map<std::string, DurationMs> by_name;  // series of one name are fetched equally far back
  std::map<std::string, std::vector<Need>> needs;
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const auto& selector : reads[i].selectors) {
      const DurationMs horizon = std::max<DurationMs>(selector.horizon + rules[i].query_offset, 0);
      const std::string name = NameOf(selector.matchers);
      by_name[name] = std::max(by_name[name], horizon);
      horizon_ = std::max(horizon_, horizon);
      std::vector<Need>& same = needs[name];
      const bool known = std::ranges::any_of(
          same, [&](const Need& need) { return Covers(need.matchers, selector.matchers); });
      if (known) continue;
      std::erase_if(same,
                    [&](const Need& need) { return Covers(selector.matchers, need.matchers); });
      same.push_back({selector.matchers, 0, !name.empty() && WritesName(name)});
    }
  }
  const auto any_name = by_name.find("");
  const DurationMs least = any_name == by_name.end() ? 0 : any_name->second;
  for (auto& [name, same] : needs) {
    for (Need& need : same) {
      need.horizon = std::max(by_name[name], least);
      // A selector without a name may meet series of any other one.
      if (name.empty()) need.horizon = horizon_;
      needs_.push_back(std::move(need));
    }
  }
}

std::vector<HistoryQuery> HistoryNeeds::QueriesFor(Timestamp from, Timestamp to,
                                                   Timestamp start) const {
  std::vector<HistoryQuery> queries;
  for (const Need& need : needs_) {
    const Timestamp begin = std::max(from, start - need.horizon);
    const Timestamp end = need.own ? std::min(to, start - 1) : to;
    if (begin <= end) queries.push_back({need.matchers, begin, end});
  }
  return queries;
}

}  // namespace outrider
