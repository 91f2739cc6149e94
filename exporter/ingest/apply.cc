// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/apply.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr SampleReason kSampleReasons[] = {
    {"out_of_order", "out of order sample", &AppendCounts::out_of_order},
    {"duplicate", "duplicate sample for timestamp", &AppendCounts::duplicate},
    {"too_old", "out of bounds: older than what is kept", &AppendCounts::too_old},
    {"too_far_ahead", "out of bounds: timestamp is too far in the future",
     &AppendCounts::too_far_ahead},
};
constexpr size_t kSeriesVerdicts = static_cast<size_t>(SeriesVerdict::kEnd);

void NoteSamples(std::span<const LabelView> labels, const AppendCounts& counts,
                 ApplyResult* result) {
  for (size_t i = 0; i < std::size(kSampleReasons); ++i) {
    std::string& first = result->first[kSeriesVerdicts + i];
    if (counts.*kSampleReasons[i].count > 0 && first.empty()) first = DescribeSeries(labels);
  }
}

SeriesVerdict Judge(const WriteRows& rows, const ApplyOptions& options, IncomingSeries* series) {
  const SeriesVerdict verdict = CheckSeries(series);
  if (verdict == SeriesVerdict::kOwn && options.origin == Origin::kLocal)
    return SeriesVerdict::kFine;
  // Prometheus sends exemplars in series of their own, and its receiver refuses those; we keep
  // them.
  const bool empty =
      series->samples.empty() && series->histograms.empty() && series->exemplars.empty();
  if (verdict == SeriesVerdict::kFine && empty && rows.wants_data()) return SeriesVerdict::kNoData;
  return verdict;
}

// False when the series is left out.
bool Admit(const WriteRows& rows, const ApplyOptions& options, IncomingSeries* series,
           ApplyResult* result) {
  const SeriesVerdict verdict = Judge(rows, options, series);
  ++result->series[static_cast<size_t>(verdict)];
  if (verdict == SeriesVerdict::kFine) return true;
  if (verdict == SeriesVerdict::kOwn) {
    result->own_samples += series->samples.size();
    result->own_histograms += series->histograms.size();
    return false;
  }
  result->samples_of_refused_series += series->samples.size() + series->histograms.size();
  std::string& first = result->first[static_cast<size_t>(verdict)];
  if (options.explain && first.empty()) first = DescribeSeries(series->labels);
  return false;
}

void CountExemplar(ExemplarVerdict verdict, ApplyResult* result) {
  switch (verdict) {
    case ExemplarVerdict::kAdded:
    case ExemplarVerdict::kDuplicate:
      ++result->exemplars;
      return;
    case ExemplarVerdict::kOutOfOrder:
      ++result->exemplars_late;
      return;
    case ExemplarVerdict::kTooLong:
    case ExemplarVerdict::kBadUtf8:
    case ExemplarVerdict::kDisabled:
    case ExemplarVerdict::kEnd:
      ++result->exemplars_left_out;
  }
}

// What a fine series has beside samples; its labels are sorted.
void TakeExemplars(const IncomingSeries& series, ExemplarStore* store, ApplyResult* result) {
  if (store == nullptr) {
    result->exemplars_left_out += series.exemplars.size();
    return;
  }
  const Labels labels = Labels::FromSorted(series.labels);
  for (const IncomingExemplar& exemplar : series.exemplars) {
    CountExemplar(store->Add(labels, {.labels = Labels::FromViews(exemplar.labels),
                                      .value = exemplar.value,
                                      .time = exemplar.time}),
                  result);
  }
}

// Histograms that are as they should be, for AppendHistograms.
void SortOut(const IncomingSeries& series, ApplyScratch* scratch, ApplyResult* result) {
  scratch->kept.clear();
  scratch->kept_starts.clear();
  for (IncomingHistogram& histogram : scratch->histograms) {
    if (histogram.refusal.ok()) {
      scratch->kept.push_back(std::move(histogram.sample));
      scratch->kept_starts.push_back(histogram.start_time);
      continue;
    }
    ++result->histograms_invalid;
    if (std::string& first = result->first.back(); first.empty()) {
      first = fmt::format("{}: {}", DescribeSeries(series.labels), Message(histogram.refusal));
    }
  }
}

// `takes_place`: the row has something to make a series of.
SeriesMaker MakerOf(const WriteRows& rows, uint32_t row, const ApplyOptions& options,
                    bool takes_place) {
  const bool counted =
      takes_place && options.places != nullptr && options.places->Take(rows.source(row));
  return {.sender = options.sender, .counted = counted};
}

void TakeHistograms(const ApplyOptions& options, const SeriesMaker& maker, Windows* windows,
                    ApplyScratch* scratch, ApplyResult* result) {
  SortOut(scratch->series, scratch, result);
  const AppendCounts counts =
      windows->AppendHistograms(scratch->series.labels, scratch->kept, scratch->kept_starts,
                                options.origin, options.now, maker);
  if (counts.Rejected() > 0) NoteSamples(scratch->series.labels, counts, result);
  result->histograms += counts;
}

void TakeSpecials(const WriteRows& rows, const ApplyOptions& options, const WriteTargets& targets,
                  ApplyScratch* scratch, ApplyResult* result) {
  IncomingSeries& series = scratch->series;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (!rows.special(row) || !rows.Decode(row, &series).ok()) continue;
    if (Judge(rows, options, &series) != SeriesVerdict::kFine) continue;
    if (!series.exemplars.empty()) TakeExemplars(series, targets.exemplars, result);
    if (series.histograms.empty()) continue;
    if (rows.DecodeHistograms(row, series, &scratch->histograms).ok()) {
      const SeriesMaker maker = MakerOf(rows, row, options, series.samples.empty());
      TakeHistograms(options, maker, targets.windows, scratch, result);
    }
  }
}

constexpr size_t kSlice = 256;  // rows that are appended while others wait

// Fills the slice with those of the rows that are let in.
void FillSlice(const WriteRows& rows, std::span<const uint32_t> unknown,
               const ApplyOptions& options, ApplyScratch* scratch, ApplyResult* result) {
  IncomingSeries& series = scratch->series;
  std::vector<LabelView>& labels = scratch->slice_labels;
  std::array<size_t, kSlice> labels_end;
  labels.clear();
  scratch->slice.clear();
  scratch->slice_rows.clear();
  for (const uint32_t row : unknown) {
    const bool read = scratch->labels.Recall(rows, row, &series) || rows.Decode(row, &series).ok();
    if (!read || !Admit(rows, options, &series, result)) continue;
    const KeyedRow& keyed = rows.rows()[row];
    const size_t size = keyed.end - keyed.begin;
    labels_end[scratch->slice.size()] = labels.size() + series.labels.size();
    labels.insert(labels.end(), series.labels.begin(), series.labels.end());
    scratch->slice_rows.push_back(row);
    scratch->slice.push_back({.labels = {},
                              .samples = std::span(rows.samples()).subspan(keyed.begin, size),
                              .starts = rows.starts().empty()
                                            ? std::span<const Timestamp>()
                                            : std::span(rows.starts()).subspan(keyed.begin, size),
                              .key = rows.kind() == KeyKind::kSender ? keyed.key : Hash128(),
                              .maker = MakerOf(rows, row, options, size > 0)});
  }
  size_t begin = 0;
  for (size_t i = 0; i < scratch->slice.size(); ++i) {  // now that they stay where they are
    scratch->slice[i].labels = std::span(labels).subspan(begin, labels_end[i] - begin);
    begin = labels_end[i];
  }
}

// Rows that no key finds.
void TakeUnknown(const WriteRows& rows, std::span<const uint32_t> unknown,
                 const ApplyOptions& options, Windows* windows, ApplyScratch* scratch,
                 ApplyResult* result) {
  FillSlice(rows, unknown, options, scratch, result);
  const std::vector<LabeledRow>& slice = scratch->slice;
  if (options.origin == Origin::kRemote) {
    windows->AppendLabeled(slice, options.now, options.sender, &scratch->slice_counts,
                           &scratch->slice_ids);
    for (size_t i = 0; i < slice.size(); ++i) {
      scratch->outcome.ids[scratch->slice_rows[i]] = scratch->slice_ids[i];
    }
  } else {
    scratch->slice_counts.clear();
    for (const LabeledRow& row : slice) {
      scratch->slice_counts.push_back(
          windows->Append(row.labels, row.samples, options.origin, options.now));
    }
  }
  for (size_t i = 0; i < slice.size(); ++i) {
    const AppendCounts& counts = scratch->slice_counts[i];
    if (counts.Rejected() > 0 && options.explain) NoteSamples(slice[i].labels, counts, result);
    result->samples += counts;
  }
}

}  // namespace

std::span<const SampleReason> SampleReasons() { return kSampleReasons; }

std::vector<std::string> ApplyResult::Refusals() const {
  std::vector<std::string> lines = guard.lines;
  const auto add = [&](uint64_t count, const char* text, const std::string& one) {
    if (count > 0) lines.push_back(fmt::format("{}: {}, first: {}", text, count, one));
  };
  for (size_t i = 0; i < kSeriesVerdicts; ++i) {
    const auto verdict = static_cast<SeriesVerdict>(i);
    if (verdict == SeriesVerdict::kFine || verdict == SeriesVerdict::kOwn) continue;
    add(series[i], TextOf(verdict).text, first[i]);
  }
  for (size_t i = 0; i < std::size(kSampleReasons); ++i) {
    const uint64_t count = samples.*kSampleReasons[i].count + histograms.*kSampleReasons[i].count;
    add(count, kSampleReasons[i].text, first[kSeriesVerdicts + i]);
  }
  add(histograms_invalid, "invalid histogram", first.back());
  return lines;
}

Status PrepareRows(const WriteRows& rows, const Windows& windows, Origin origin,
                   ApplyScratch* scratch) {
  KeyedOutcome& outcome = scratch->outcome;
  if (origin == Origin::kRemote || rows.kind() == KeyKind::kIdentity) {
    windows.FindKeyed(rows.kind(), rows.rows(), &outcome);
  } else {
    outcome.ids.assign(rows.rows().size(), kNoSeries);  // no sender's keys: found by their labels
  }
  scratch->labels.Clear();
  for (uint32_t row = 0; row < outcome.ids.size(); ++row) {
    if (outcome.ids[row] != kNoSeries && !rows.special(row)) continue;
    TRY(rows.Decode(row, &scratch->series));
    if (!rows.special(row)) scratch->labels.Keep(row, scratch->series);
    if (scratch->series.histograms.empty()) continue;
    TRY(rows.DecodeHistograms(row, scratch->series, &scratch->histograms));
  }
  return absl::OkStatus();
}

ApplyResult ApplyRows(const WriteRows& rows, const ApplyOptions& options,
                      const WriteTargets& targets, ApplyScratch* scratch) {
  ApplyResult result;
  KeyedOutcome& outcome = scratch->outcome;
  IncomingSeries& series = scratch->series;
  const KeyedSamples samples{.samples = rows.samples(), .starts = rows.starts()};
  targets.windows->AppendKeyed(
      rows.kind(), rows.rows(), samples,
      {.now = options.now, .sender = options.sender, .origin = options.origin}, &outcome);
  result.samples = outcome.counts;
  result.series[static_cast<size_t>(SeriesVerdict::kFine)] =
      rows.rows().size() - outcome.unknown.size();
  for (const KeyedOutcome::Refused& refused : outcome.refused) {
    if (!options.explain || !rows.Decode(refused.row, &series).ok()) continue;
    NoteSamples(series.labels, refused.counts, &result);
  }
  std::span<const uint32_t> unknown = outcome.unknown;
  for (const uint32_t row : unknown) outcome.ids[row] = kNoSeries;
  while (!unknown.empty()) {
    const size_t size = std::min(unknown.size(), kSlice);
    TakeUnknown(rows, unknown.first(size), options, targets.windows, scratch, &result);
    unknown = unknown.subspan(size);
  }
  TakeSpecials(rows, options, targets, scratch, &result);
  return result;
}

ApplyResult JudgeRows(const WriteRows& rows, const ApplyOptions& options, ApplyScratch* scratch) {
  ApplyResult result;
  IncomingSeries& series = scratch->series;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (!rows.Decode(row, &series).ok() || !Admit(rows, options, &series, &result)) continue;
    result.samples.accepted += series.samples.size();
    result.exemplars += series.exemplars.size();
    if (!rows.DecodeHistograms(row, series, &scratch->histograms).ok()) continue;
    SortOut(series, scratch, &result);
    result.histograms.accepted += scratch->kept.size();
  }
  return result;
}

}  // namespace outrider
