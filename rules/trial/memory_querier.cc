// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/memory_querier.h"

#include <limits>
#include <set>

namespace outrider {

Status MemoryQuerier::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                             size_t max_samples, SeriesSet* out) const {
  uint32_t id = 0;
  for (const auto& [labels, samples] : series_) {
    ++id;
    if (!MatchesAll(matchers, labels)) continue;
    const size_t begin = out->times.size();
    for (auto it = samples.lower_bound(from); it != samples.end() && it->first <= to; ++it) {
      out->times.push_back(it->first);
      out->values.push_back(it->second);
    }
    if (out->times.size() == begin) continue;
    if (out->times.size() > max_samples) return absl::ResourceExhaustedError("too many samples");
    out->rows.push_back({labels, id, begin, out->times.size()});
  }
  return {};
}

StatusOr<std::vector<Labels>> MemoryQuerier::SelectLabels(std::span<const Matcher> matchers,
                                                          Timestamp from, Timestamp to) const {
  std::vector<Labels> found;
  for (const auto& [labels, samples] : series_) {
    const auto first = samples.lower_bound(from);
    if (first == samples.end() || first->first > to || !MatchesAll(matchers, labels)) continue;
    found.push_back(labels);
  }
  return found;
}

StatusOr<std::vector<std::string>> MemoryQuerier::LabelNames(std::span<const Matcher> matchers,
                                                             Timestamp from, Timestamp to) const {
  std::set<std::string> names;
  for (const Labels& labels : TRY(SelectLabels(matchers, from, to))) {
    for (const LabelView label : labels) names.emplace(label.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

StatusOr<std::vector<std::string>> MemoryQuerier::LabelValues(std::string_view name,
                                                              std::span<const Matcher> matchers,
                                                              Timestamp from, Timestamp to) const {
  std::set<std::string> values;
  for (const Labels& labels : TRY(SelectLabels(matchers, from, to))) {
    if (labels.Has(name)) values.emplace(labels.Get(name));
  }
  return std::vector<std::string>(values.begin(), values.end());
}

Timestamp MemoryQuerier::OldestKept() const { return std::numeric_limits<Timestamp>::min(); }

}  // namespace outrider
