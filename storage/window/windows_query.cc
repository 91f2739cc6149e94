// SPDX-License-Identifier: Apache-2.0
// Reading. The index gives ids, then each series is read under its shard's lock. A series that went
// meanwhile, and whose slot another one took, is told by its birth number.
#include <algorithm>

#include "fmt/format.h"
#include "storage/window/windows.h"
#include "storage/window/windows_visit.h"

namespace outrider {
namespace {

// A histogram of a few dozen buckets is some hundred bytes, a sample 16.
constexpr size_t kHistogramCost = 16;
constexpr size_t kPieceSamples = 32 * 1024;  // read under one lock, about

size_t CostOf(const SeriesSet& set) {
  return set.times.size() + set.histograms.size() * kHistogramCost;
}

Status TooManySamples(size_t max) {
  return absl::ResourceExhaustedError(
      fmt::format("the query would load more than {} samples into memory", max));
}

bool ReadAside(const SeriesAside& aside, Timestamp from, Timestamp to, SeriesSet* out) {
  if (out->want_starts) aside.starts.Collect(from, to, &out->starts);
  if (!out->want_histograms || !aside.histograms) return true;
  return aside.histograms->Read(from, to, &out->histograms);
}

}  // namespace

void Windows::PrefetchSeries(const Shard& shard, uint32_t slot) {
  if (slot >= shard.series.size()) return;
  const auto* series = reinterpret_cast<const char*>(&shard.series[slot]);
  __builtin_prefetch(series);
  __builtin_prefetch(series + sizeof(Series) - 1);
  shard.decoded.PrefetchTail(slot);
}

void Windows::PrefetchSamples(const Shard& shard, uint32_t slot) {
  if (slot >= shard.series.size() || shard.decoded.PrefetchSamples(slot)) return;
  shard.series[slot].open.PrefetchBytes();
}

// Appends what a selection wants of one series. False on a damaged chunk.
bool Windows::ReadSeries(const Shard& shard, uint32_t slot, const Series& series,
                         const TimeRange& range, SeriesSet* out) const {
  if (out->newest_will_do && series.HasNewest(range.from, range.to)) {
    out->times.push_back(series.open.last_time());
    out->values.push_back(series.open.last_value());
    return true;
  }
  const size_t begin = out->times.size();
  const bool ok =
      shard.decoded.Read(slot, series, range, &out->times, &out->values, &decoded_budget_);
  return series.MergeLate(range.from, range.to, begin, &out->times, &out->values) && ok;
}

void Windows::AddRow(const Shard& shard, uint32_t id, const PairList& pairs, const Series& series,
                     const TimeRange& range, SeriesSet* out) const {
  SeriesSet::Row row{.labels = SeriesLabels(&index_.table(), pairs),
                     .id = id,
                     .begin = out->times.size(),
                     .histograms_begin = out->histograms.size(),
                     .starts_begin = out->starts.size()};
  bool fine = ReadSeries(shard, SlotOf(id), series, range, out);
  if (series.aside) fine &= ReadAside(*series.aside, range.from, range.to, out);
  if (!fine) ++damaged_chunks_;
  row.end = out->times.size();
  row.histograms_end = out->histograms.size();
  row.starts_end = out->starts.size();
  if (row.end == row.begin && row.histograms_end == row.histograms_begin) return;
  out->rows.push_back(std::move(row));
}

Status Windows::SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                               size_t max_samples, SeriesSet* piece,
                               const std::function<Status(SeriesSet&)>& use) const {
  const uint64_t born_before = next_birth_;
  const MatchedSeries matched = index_.MatchPinned(matchers);
  piece->Clear();
  piece->matched = matched.ids.size();
  Status status;
  const auto add = [&](const Shard& shard, size_t i, const Series& series)
                       ABSL_NO_THREAD_SAFETY_ANALYSIS {
                         AddRow(shard, matched.ids[i], matched.pairs[i], series, {from, to}, piece);
                         if (CostOf(*piece) > max_samples) status = TooManySamples(max_samples);
                         if (!status.ok()) return Go::kEnd;
                         return CostOf(*piece) < kPieceSamples ? Go::kOn : Go::kPause;
                       };
  const auto hand_over = [&] {
    if (piece->rows.empty()) return true;
    piece->pin = matched.pin;
    status = use(*piece);
    piece->ClearRows();
    return status.ok();
  };
  ForEach(matched.ids, born_before, add, hand_over);
  return status;
}

Status Windows::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                       size_t max_samples, SeriesSet* out) const {
  const uint64_t born_before = next_birth_;
  const MatchedSeries matched = index_.MatchPinned(matchers);
  out->Clear();
  out->pin = matched.pin;
  out->matched = matched.ids.size();
  out->rows.reserve(matched.ids.size());
  const auto add = [&](const Shard& shard, size_t i, const Series& series)
                       ABSL_NO_THREAD_SAFETY_ANALYSIS {
                         AddRow(shard, matched.ids[i], matched.pairs[i], series, {from, to}, out);
                         return CostOf(*out) > max_samples ? Go::kEnd : Go::kOn;
                       };
  ForEach(matched.ids, born_before, add, [] { return true; });
  if (CostOf(*out) <= max_samples) return absl::OkStatus();
  out->Clear();
  return TooManySamples(max_samples);
}

std::vector<Timestamp> Windows::NewestOf(std::span<const uint32_t> ids) const {
  std::vector<Timestamp> newest(ids.size(), kNoTime);
  const auto take = [&](const Shard& /*shard*/, size_t i, const Series& series) {
    newest[i] = series.last_time();
    return Go::kOn;
  };
  ForEach({ids.begin(), ids.end()}, next_birth_, take, [] { return true; });
  return newest;
}

std::vector<uint32_t> Windows::Live(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                                    std::vector<Labels>* labels) const {
  const uint64_t born_before = next_birth_;
  const std::vector<uint32_t> ids = index_.Match(matchers, labels);
  std::vector<uint32_t> live;
  std::vector<Labels> live_labels;
  const auto take = [&](const Shard& /*shard*/, size_t i, const Series& series) {
    if (!series.HasSampleIn(from, to)) return Go::kOn;
    if (labels != nullptr) live_labels.push_back(std::move((*labels)[i]));
    live.push_back(ids[i]);
    return Go::kOn;
  };
  ForEach(ids, born_before, take, [] { return true; });
  if (labels != nullptr) *labels = std::move(live_labels);
  return live;
}

StatusOr<std::vector<Labels>> Windows::SelectLabels(std::span<const Matcher> matchers,
                                                    Timestamp from, Timestamp to) const {
  std::vector<Labels> labels;
  Live(matchers, from, to, &labels);
  std::sort(labels.begin(), labels.end());
  return labels;
}

StatusOr<std::vector<std::string>> Windows::LabelNames(std::span<const Matcher> matchers,
                                                       Timestamp from, Timestamp to) const {
  return index_.NamesOf(Live(matchers, from, to, nullptr));
}

StatusOr<std::vector<std::string>> Windows::LabelValues(std::string_view name,
                                                        std::span<const Matcher> matchers,
                                                        Timestamp from, Timestamp to) const {
  return index_.ValuesOf(name, Live(matchers, from, to, nullptr));
}

}  // namespace outrider
