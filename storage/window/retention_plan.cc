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

}  // namespace

RetentionPlan::RetentionPlan(DurationMs retention, DurationMs unreferenced,
                             std::vector<SeriesReference> references)
    : retention_(retention), unreferenced_(unreferenced), references_(std::move(references)) {
  std::stable_sort(references_.begin(), references_.end(),
                   [](const auto& a, const auto& b) { return a.horizon > b.horizon; });
  for (size_t i = 0; i < references_.size(); ++i) {
    const auto& matchers = references_[i].matchers;
    const auto name = std::find_if(matchers.begin(), matchers.end(), [](const Matcher& m) {
      return m.name() == kMetricName && m.type() == MatchType::kEqual && !m.value().empty();
    });
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

DurationMs RetentionPlan::Longest() const {
  return Keep(references_.empty() ? 0 : references_.front().horizon);
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
