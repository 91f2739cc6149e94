// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/no_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/alerting/arrivals.h"
#include "rules/alerting/rule_footprint.h"
#include "rules/alerting/startup_hold.h"
#include "rules/promql/ast.h"
#include "rules/promql/functions/table.h"
#include "rules/promql/plan.h"
#include "rules/rulefile/template_text.h"
#include "storage/base/text.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr size_t kMostSamples = 5'000'000;

// Whether the expression itself asks for missing series.
bool AsksForAbsence(const promql::Expr& expr) {
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    if (call->function->name.starts_with("absent")) return true;
  }
  return std::ranges::any_of(promql::ChildrenOf(expr),
                             [](const promql::Expr* child) { return AsksForAbsence(*child); });
}

bool ReadsAlerts(std::span<const Matcher> matchers) {
  return std::ranges::any_of(matchers, [](const Matcher& matcher) {
    return matcher.name() == kMetricName && matcher.value().starts_with("ALERTS");
  });
}

// name{a="b",…}
std::string SelectorText(std::span<const Matcher> matchers) {
  std::string name;
  std::vector<std::string> rest;
  for (const Matcher& matcher : matchers) {
    if (name.empty() && matcher.name() == kMetricName && matcher.type() == MatchType::kEqual) {
      name = matcher.value();
    } else {
      rest.push_back(matcher.ToString());
    }
  }
  return rest.empty() ? name : fmt::format("{}{{{}}}", name, Join(rest, ","));
}

std::string_view PackedOf(const AlertInstance& instance) { return instance.labels.packed(); }
std::string_view LabelsOf(const AlertPtr& alert) { return alert->labels.packed(); }

}  // namespace

NoDataPolicy NoDataPolicyOf(const Rule& rule, const GroupPolicy& group) {
  const auto own = rule.annotations.find(kNoDataAnnotation);
  if (own == rule.annotations.end()) return group.no_data;
  return ParseNoDataPolicy(own->second).value_or(group.no_data);
}

NoDataWatch::NoDataWatch(const Rule& rule, std::string group, NoDataPolicy policy,
                         const Querier& querier, DurationMs lookback)
    : rule_(rule), group_(std::move(group)), policy_(policy), querier_(querier) {
  if (!policy.keep || rule.kind != RuleKind::kAlerting || !rule.expression) return;
  if (AsksForAbsence(rule.expression->root())) return;
  const auto with = rule.expression->Selectors(lookback);
  const auto without = rule.expression->Selectors(0);
  for (size_t i = 0; i < with.size(); ++i) {
    selectors_.push_back({.matchers = with[i].matchers,
                          .reach = with[i].horizon,
                          .range = with[i].horizon == without[i].horizon,
                          .ignored = ReadsAlerts(with[i].matchers)});
  }
  tree_ = InputsOf(rule.expression->root());
  enabled_ = std::ranges::any_of(selectors_, [](const Selector& s) { return !s.ignored; });
}

void NoDataWatch::Inherit(const NoDataWatch& before) {
  kept_ = before.kept_;
  const bool same = rule_.expr == before.rule_.expr;
  if (same) return;
  for (auto& [alert, kept] : kept_) kept.inputs.clear();  // other ones now: looked for again
}

bool NoDataWatch::WasThere(std::span<const Matcher> matchers, Timestamp at) const {
  return HasSamples(querier_, matchers, 0, at);
}

// A range needs two samples to give a rate, an instant selector one that is no stale marker.
bool NoDataWatch::IsLive(const Selector& selector, Timestamp at) const {
  SeriesSet set;
  set.newest_will_do = !selector.range;
  set.want_histograms = true;
  const auto look = [&](const SeriesSet& piece) {
    const bool live = std::ranges::any_of(piece.rows, [&](const SeriesSet::Row& row) {
      if (row.histograms_end > row.histograms_begin) return true;
      const auto values = piece.Values(row);
      if (values.empty() || IsStale(values.back())) return false;
      return !selector.range || values.size() > 1;
    });
    return live ? absl::CancelledError() : absl::OkStatus();  // the first will do
  };
  // Also when there is too much to read: some will be live.
  return !querier_
              .SelectInPieces(selector.matchers, at - selector.reach + 1, at, kMostSamples, &set,
                              look)
              .ok();
}

// Since when the selector gives nothing, as its newest samples tell: a restart remembers no more.
Timestamp NoDataWatch::SilentSince(const Selector& selector, Timestamp at) const {
  SeriesSet set;
  set.newest_will_do = true;
  set.want_histograms = true;
  Timestamp since = 0;
  const auto look = [&](const SeriesSet& piece) {
    for (const SeriesSet::Row& row : piece.rows) {
      const std::vector<Timestamp> times = SampleTimes(piece, row);
      since = std::max(since, times.back() + (HasEnded(piece, row) ? 0 : selector.reach));
    }
    return absl::OkStatus();
  };
  const bool read =
      querier_.SelectInPieces(selector.matchers, 0, at, kMostSamples, &set, look).ok();
  return read && since > 0 ? std::min(since, at) : at;
}

// Labels of the alert that its rule set, or that came from elsewhere in the expression, say nothing
// about the selector's series.
NoDataWatch::Finding NoDataWatch::FindInSelector(const Selector& selector, const Labels& alert,
                                                 Timestamp at) const {
  Finding finding;
  Selector narrowed = selector;
  for (const LabelView& label : alert) {
    const std::string name(label.name);
    if (label.name == kAlertName || rule_.labels.contains(name)) continue;
    std::vector<Matcher> one = selector.matchers;
    one.push_back(Matcher::Equal(name, std::string(label.value)));
    if (!WasThere(one, at)) continue;
    narrowed.matchers.push_back(std::move(one.back()));
    ++finding.narrowed;
  }
  if (finding.narrowed > 1 && !WasThere(narrowed.matchers, at)) {  // not all at once
    narrowed = selector;
    finding.narrowed = 0;
  }
  const bool live = IsLive(narrowed, at);
  // Nobody misses a range whose first sample has just come, unless an alert was made of it.
  const bool may_begin = narrowed.range && alert.empty();
  finding.known = live || WasThere(narrowed.matchers, may_begin ? at - narrowed.reach : at);
  if (finding.known && !live) finding.missing.push_back(std::move(narrowed));
  return finding;
}

// Missing as soon as one of them is.
NoDataWatch::Finding NoDataWatch::AllOf(std::vector<Finding> parts) {
  Finding all;
  for (Finding& part : parts) {
    all.known = all.known && part.known;
    all.narrowed = std::max(all.narrowed, part.narrowed);
    std::ranges::move(part.missing, std::back_inserter(all.missing));
  }
  return all;
}

// Missing when all of them are. Those that know less of the alert's labels cannot have given it.
NoDataWatch::Finding NoDataWatch::AnyOf(std::vector<Finding> parts) {
  std::erase_if(parts, [](const Finding& part) { return !part.known; });
  Finding any;
  any.known = !parts.empty();
  for (const Finding& part : parts) any.narrowed = std::max(any.narrowed, part.narrowed);
  for (Finding& part : parts) {
    if (part.narrowed < any.narrowed) continue;
    if (part.missing.empty()) {
      any.missing.clear();
      return any;
    }
    std::ranges::move(part.missing, std::back_inserter(any.missing));
  }
  return any;
}

// As deep as the expression, whose depth is limited.
std::optional<NoDataWatch::Finding> NoDataWatch::FindIn(const InputTree& tree, const Labels& alert,
                                                        Timestamp at) const {
  if (tree.kind == InputTree::Kind::kSelector) {
    if (selectors_[tree.selector].ignored) return std::nullopt;
    return FindInSelector(selectors_[tree.selector], alert, at);
  }
  std::vector<Finding> parts;
  parts.reserve(tree.children.size());
  for (const InputTree& child : tree.children) {
    if (auto part = FindIn(child, alert, at)) parts.push_back(*std::move(part));
  }
  if (parts.empty() && !tree.children.empty()) return std::nullopt;
  return tree.kind == InputTree::Kind::kAll ? AllOf(std::move(parts)) : AnyOf(std::move(parts));
}

void NoDataWatch::Note(const Selector& selector) {
  std::string text = SelectorText(selector.matchers);
  if (std::ranges::find(missing_, text) == missing_.end()) missing_.push_back(std::move(text));
}

bool NoDataWatch::Keeps(const ActiveAlert& alert, Timestamp ts, Timestamp sample_time) {
  const std::string& key = alert.labels.packed();
  const auto known = kept_.find(key);
  if (known != kept_.end()) {
    const Timestamp since = known->second.since;
    // Remembered as long as the alert is there: the limit is not granted twice.
    if (policy_.limit > 0 && ts - since >= policy_.limit) return false;
    const std::vector<Selector>& inputs = known->second.inputs;
    const auto live = [&](const Selector& input) { return IsLive(input, sample_time); };
    if (!inputs.empty() && std::ranges::none_of(inputs, live)) {
      Note(inputs.front());
      return true;
    }
  }
  Finding found = FindIn(tree_, alert.labels, sample_time).value_or(Finding{});
  if (found.missing.empty()) {
    kept_.erase(key);
    return false;
  }
  const Timestamp since =
      known != kept_.end() ? known->second.since
                           : SilentSince(found.missing.front(), sample_time) + (ts - sample_time);
  if (policy_.limit > 0 && ts - since >= policy_.limit) {
    kept_[key] = {std::move(found.missing), since};
    return false;
  }
  Note(found.missing.front());
  kept_[key] = {std::move(found.missing), since};
  return true;
}

AlertSet NoDataWatch::Keep(const AlertSet& old, std::span<const AlertInstance> now, Timestamp ts,
                           Timestamp sample_time) {
  AlertSet keep;
  missing_.clear();
  for (const AlertPtr& alert : old) {
    if (std::ranges::binary_search(now, std::string_view(alert->labels.packed()), {}, PackedOf)) {
      kept_.erase(alert->labels.packed());
      continue;
    }
    if (alert->state != AlertState::kInactive && Keeps(*alert, ts, sample_time)) {
      keep.push_back(alert);
    }
  }
  kept_alerts_ = keep.size();
  std::erase_if(kept_, [&](const auto& entry) {
    return !std::ranges::binary_search(old, std::string_view(entry.first), {}, LabelsOf);
  });
  // Also when nothing fires: silence is not health.
  if (now.empty() && keep.empty()) {
    const std::optional<Finding> found = FindIn(tree_, Labels(), sample_time);
    if (found) std::ranges::for_each(found->missing, [&](const Selector& s) { Note(s); });
  }
  return keep;
}

std::vector<AlertInstance> NoDataWatch::OwnAlert() const {
  if (missing_.empty()) return {};
  LabelsBuilder labels;
  for (const auto& [name, value] : rule_.labels) {
    if (!HasActions(value)) labels.Set(name, value);
  }
  // With the group, so that rules of one name have alerts of their own.
  labels.Set("rule", rule_.name).Set("rule_group", group_).Set(kAlertName, kNoDataAlert);
  AlertInstance alert;
  alert.labels = labels.Build();
  const std::string more =
      missing_.size() == 1 ? "" : fmt::format(" and {} more", missing_.size() - 1);
  alert.annotations["summary"] = fmt::format("no data from {}{}", missing_.front(), more);
  alert.annotations["description"] =
      kept_alerts_ == 0
          ? fmt::format("Rule {} has nothing to look at.", rule_.name)
          : fmt::format("{} alerts of rule {} keep their last state.", kept_alerts_, rule_.name);
  for (const char* name : {"outrider_receiver", "outrider_escalation", "outrider_runbook"}) {
    const auto own = rule_.annotations.find(name);
    if (own != rule_.annotations.end() && !HasActions(own->second)) {
      alert.annotations[name] = own->second;
    }
  }
  alert.value = static_cast<double>(missing_.size());
  return {std::move(alert)};
}

}  // namespace outrider
