// SPDX-License-Identifier: Apache-2.0
#include "storage/window/retention_plan.h"

#include <algorithm>

namespace outrider {
namespace {

std::string_view ValueOf(std::span<const LabelView> labels, std::string_view name) {
  for (const LabelView& label : labels) {
    if (label.name == name) return label.value;
  }
  return {};
}

bool Matches(const SeriesReference& reference, std::span<const LabelView> labels) {
  return std::all_of(
      reference.matchers.begin(), reference.matchers.end(),
      [&](const Matcher& matcher) { return matcher.Matches(ValueOf(labels, matcher.name())); });
}

bool IsMetricName(const Matcher& matcher) {
  return matcher.name() == kMetricName && matcher.type() == MatchType::kEqual &&
         !matcher.value().empty();
}

// False when no series can match both: a label one of them pins down is refused by the other.
bool MayMeet(std::span<const Matcher> a, std::span<const Matcher> b) {
  const auto contradict = [](const Matcher& one, const Matcher& other) {
    return one.type() == MatchType::kEqual && one.name() == other.name() &&
           !other.Matches(one.value());
  };
  return std::none_of(a.begin(), a.end(), [&](const Matcher& one) {
    return std::any_of(b.begin(), b.end(), [&](const Matcher& other) {
      return contradict(one, other) || contradict(other, one);
    });
  });
}

}  // namespace

RetentionPlan::RetentionPlan(DurationMs retention, DurationMs unreferenced,
                             std::vector<SeriesReference> references)
    : retention_(retention), unreferenced_(unreferenced), references_(std::move(references)) {
  std::stable_sort(references_.begin(), references_.end(),
                   [](const auto& a, const auto& b) { return a.horizon > b.horizon; });
  for (size_t i = 0; i < references_.size(); ++i) {
    const auto& matchers = references_[i].matchers;
    const auto name = std::find_if(matchers.begin(), matchers.end(), IsMetricName);
    if (name == matchers.end()) {
      of_any_metric_.push_back(i);
    } else {
      by_metric_[name->value()].push_back(i);
    }
  }
}

DurationMs RetentionPlan::Keep(DurationMs horizon) const {
  return std::min(retention_, std::max(horizon, unreferenced_));
}

DurationMs RetentionPlan::HorizonOf(std::span<const Matcher> matchers) const {
  const auto may_meet = [&](size_t i) { return MayMeet(references_[i].matchers, matchers); };
  size_t first = references_.size();
  const auto look = [&](const std::vector<size_t>& indexes) {
    const auto found = std::find_if(indexes.begin(), indexes.end(), may_meet);
    if (found != indexes.end()) first = std::min(first, *found);
  };
  const auto name = std::find_if(matchers.begin(), matchers.end(), IsMetricName);
  if (name == matchers.end()) {
    for (size_t i = 0; i < references_.size() && first == references_.size(); ++i) {
      if (may_meet(i)) first = i;
    }
  } else {
    if (const auto it = by_metric_.find(name->value()); it != by_metric_.end()) look(it->second);
    look(of_any_metric_);
  }
  return first == references_.size() ? 0 : references_[first].horizon;
}

DurationMs RetentionPlan::KeepOf(std::span<const LabelView> labels) const {
  size_t first = references_.size();
  const auto look = [&](const std::vector<size_t>& indexes) {
    for (const size_t i : indexes) {
      // The lists are sorted by horizon: the first match is the longest, and beyond `first` none is
      // longer.
      if (i >= first || Keep(references_[i].horizon) == Keep(0)) return;
      if (Matches(references_[i], labels)) {
        first = i;
        return;
      }
    }
  };
  if (const auto it = by_metric_.find(ValueOf(labels, kMetricName)); it != by_metric_.end()) {
    look(it->second);
  }
  look(of_any_metric_);
  return Keep(first == references_.size() ? 0 : references_[first].horizon);
}

}  // namespace outrider
