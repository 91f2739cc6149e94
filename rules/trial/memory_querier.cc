// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/memory_querier.h"

#include <iterator>
#include <limits>
#include <set>

#include "rules/promql/histogram/histogram_math.h"

namespace outrider {

namespace {

// Whether Prometheus would write `next` into the chunk that `before` is in. What chunks begin with
// bears no hint; what follows there is known to be no reset.
bool ContinuesChunk(const NativeHistogram& before, const NativeHistogram& next) {
  if (before.reset_hint == ResetHint::kGauge || next.reset_hint == ResetHint::kYes) return false;
  if (IsStale(before) || before.schema != next.schema) return false;
  if (before.zero_threshold != next.zero_threshold || before.custom_values != next.custom_values) {
    return false;
  }
  NativeHistogram unhinted = next;
  unhinted.reset_hint = ResetHint::kUnknown;
  return !promql::DetectReset(unhinted, before);
}

Status TooMany() { return absl::ResourceExhaustedError("too many samples"); }

}  // namespace

void MemoryQuerier::AddEntry(const Entries& entries, Entries::const_iterator at, SeriesSet* out) {
  const auto& [time, entry] = *at;
  if (entry.histogram == nullptr) {
    out->times.push_back(time);
    out->values.push_back(entry.value);
    return;
  }
  if (!out->want_histograms) return;
  out->histograms.push_back({time, *entry.histogram});
  NativeHistogram& histogram = out->histograms.back().histogram;
  if (histogram.reset_hint == ResetHint::kGauge || IsStale(histogram)) return;
  const NativeHistogram* before =
      at == entries.begin() ? nullptr : std::prev(at)->second.histogram.get();
  histogram.reset_hint = before != nullptr && ContinuesChunk(*before, histogram)
                             ? ResetHint::kNo
                             : ResetHint::kUnknown;
}

bool MemoryQuerier::AddRow(uint32_t id, const Labels& labels, const Entries& entries,
                           const TimeRange& range, SeriesSet* out) {
  SeriesSet::Row row{.labels = SeriesLabels(labels),
                     .id = id,
                     .begin = out->times.size(),
                     .histograms_begin = out->histograms.size(),
                     .starts_begin = out->starts.size()};
  Timestamp start = 0;
  for (auto it = entries.lower_bound(range.from); it != entries.end() && it->first <= range.to;
       ++it) {
    AddEntry(entries, it, out);
    if (!out->want_starts || it->second.start == start) continue;
    start = it->second.start;
    out->starts.push_back({it->first, start});
  }
  row.end = out->times.size();
  row.histograms_end = out->histograms.size();
  row.starts_end = out->starts.size();
  if (row.end == row.begin && row.histograms_end == row.histograms_begin) return false;
  out->rows.push_back(std::move(row));
  return true;
}

Status MemoryQuerier::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                             size_t max_samples, SeriesSet* out) const {
  uint32_t id = 0;
  for (const auto& [labels, entries] : series_) {
    ++id;
    if (!MatchesAll(matchers, labels) || !AddRow(id, labels, entries, {from, to}, out)) continue;
    if (out->times.size() > max_samples) return TooMany();
  }
  return {};
}

Status MemoryQuerier::SelectInPieces(std::span<const Matcher> matchers, Timestamp from,
                                     Timestamp to, size_t max_samples, SeriesSet* piece,
                                     const std::function<Status(SeriesSet&)>& use) const {
  uint32_t id = 0;
  piece->Clear();
  for (const auto& [labels, entries] : series_) {
    ++id;
    if (!MatchesAll(matchers, labels)) continue;
    piece->ClearRows();
    ++piece->matched;
    if (!AddRow(id, labels, entries, {from, to}, piece)) continue;
    if (piece->times.size() > max_samples) return TooMany();
    TRY(use(*piece));
  }
  piece->ClearRows();
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
