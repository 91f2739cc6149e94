// SPDX-License-Identifier: Apache-2.0
// Reading. The index gives ids, then each series is read under its shard's lock. A series that went
// meanwhile, and whose slot another one took, is told by its birth number.
#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

// A histogram of a few dozen buckets is some hundred bytes, a sample 16.
constexpr size_t kHistogramCost = 16;
constexpr uint32_t kPiece = 256;  // series read under one lock

bool ReadAside(const SeriesAside& aside, Timestamp from, Timestamp to, SeriesSet* out) {
  if (out->want_starts) aside.starts.Collect(from, to, &out->starts);
  if (!out->want_histograms || !aside.histograms) return true;
  return aside.histograms->Read(from, to, &out->histograms);
}

}  // namespace

// Shard by shard: a lock is taken for many series, and what is needed next is fetched ahead.
template <typename Visit>
void Windows::ForEach(const std::vector<uint32_t>& ids, uint64_t born_before, Visit visit) const {
  constexpr size_t kAhead = 8;
  std::array<uint32_t, kShards + 1> begin{};
  for (const uint32_t id : ids) ++begin[id % kShards + 1];
  for (uint32_t shard = 0; shard < kShards; ++shard) begin[shard + 1] += begin[shard];
  std::array<uint32_t, kShards + 1> next = begin;
  std::vector<uint32_t> order(ids.size());
  for (uint32_t i = 0; i < ids.size(); ++i) order[next[ids[i] % kShards]++] = i;
  for (uint32_t at = 0; at < kShards; ++at) {
    const Shard& shard = shards_[at];
    for (uint32_t piece = begin[at]; piece < begin[at + 1]; piece += kPiece) {
      const uint32_t end = std::min(piece + kPiece, begin[at + 1]);
      const absl::ReaderMutexLock lock(&shard.mutex);
      const auto series_at = [&](uint32_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS -> const Series* {
        const uint32_t slot = i < end ? ids[order[i]] / kShards : UINT32_MAX;
        return slot < shard.series.size() ? &shard.series[slot] : nullptr;
      };
      for (uint32_t i = piece; i < piece + 2 * kAhead; ++i) __builtin_prefetch(series_at(i));
      for (uint32_t i = piece; i < end; ++i) {
        __builtin_prefetch(series_at(i + 2 * kAhead));
        if (const Series* soon = series_at(i + kAhead)) soon->open.PrefetchBytes();
        const Series* series = series_at(i);
        if (series == nullptr || series->birth == 0 || series->birth >= born_before) continue;
        if (!visit(order[i], *series)) return;
      }
    }
  }
}

Status Windows::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                       size_t max_samples, SeriesSet* out) const {
  out->Clear();
  const uint64_t born_before = next_birth_;
  const std::vector<uint32_t> ids = index_.Match(matchers);
  out->rows.reserve(ids.size());
  bool too_many = false;
  ForEach(ids, born_before, [&](size_t i, const Series& series) {
    SeriesSet::Row row{.labels = {},
                       .id = ids[i],
                       .begin = out->times.size(),
                       .histograms_begin = out->histograms.size(),
                       .starts_begin = out->starts.size()};
    bool fine = true;
    if (out->newest_will_do && series.HasNewest(from, to)) {
      out->times.push_back(series.open.last_time());
      out->values.push_back(series.open.last_value());
    } else {
      fine = series.Read(from, to, &out->times, &out->values);
    }
    if (series.aside) fine &= ReadAside(*series.aside, from, to, out);
    if (!fine) ++damaged_chunks_;
    row.end = out->times.size();
    row.histograms_end = out->histograms.size();
    row.starts_end = out->starts.size();
    if (row.end == row.begin && row.histograms_end == row.histograms_begin) return true;
    row.labels = index_.LabelsOf(ids[i]);  // its shard's lock keeps the series in the index
    out->rows.push_back(std::move(row));
    too_many = out->times.size() + out->histograms.size() * kHistogramCost > max_samples;
    return !too_many;
  });
  if (!too_many) return absl::OkStatus();
  out->Clear();
  return absl::ResourceExhaustedError(
      fmt::format("the query would load more than {} samples into memory", max_samples));
}

std::vector<Timestamp> Windows::NewestOf(std::span<const uint32_t> ids) const {
  std::vector<Timestamp> newest(ids.size(), kNoTime);
  ForEach({ids.begin(), ids.end()}, next_birth_, [&](size_t i, const Series& series) {
    newest[i] = series.last_time();
    return true;
  });
  return newest;
}

std::vector<uint32_t> Windows::Live(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                                    std::vector<Labels>* labels) const {
  const uint64_t born_before = next_birth_;
  const std::vector<uint32_t> ids = index_.Match(matchers, labels);
  std::vector<uint32_t> live;
  std::vector<Labels> live_labels;
  ForEach(ids, born_before, [&](size_t i, const Series& series) {
    if (!series.HasSampleIn(from, to)) return true;
    if (labels != nullptr) live_labels.push_back(std::move((*labels)[i]));
    live.push_back(ids[i]);
    return true;
  });
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
