// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/apply.h"

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

void NoteSamples(const IncomingSeries& series, const AppendCounts& counts, ApplyResult* result) {
  for (size_t i = 0; i < std::size(kSampleReasons); ++i) {
    std::string& first = result->first[kSeriesVerdicts + i];
    if (counts.*kSampleReasons[i].count > 0 && first.empty()) first = DescribeSeries(series);
  }
}

SeriesVerdict Judge(const WriteRows& rows, const ApplyOptions& options, IncomingSeries* series) {
  const SeriesVerdict verdict = CheckSeries(series);
  if (verdict == SeriesVerdict::kOwn && options.origin == Origin::kLocal)
    return SeriesVerdict::kFine;
  const bool empty = series->samples.empty() && series->histograms.empty();
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
    return false;
  }
  result->samples_of_refused_series += series->samples.size();
  std::string& first = result->first[static_cast<size_t>(verdict)];
  if (options.explain && first.empty()) first = DescribeSeries(*series);
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

void TakeSpecials(const WriteRows& rows, const ApplyOptions& options, ExemplarStore* exemplars,
                  IncomingSeries* series, ApplyResult* result) {
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (!rows.special(row) || !rows.Decode(row, series).ok()) continue;
    if (Judge(rows, options, series) != SeriesVerdict::kFine) continue;
    TakeExemplars(*series, exemplars, result);
    result->histograms += series->histograms.size();
  }
}

// Learned with the series: what a sender repeats in every request need not be looked at each time.
void LearnMetadata(const IncomingSeries& series, MetadataStore* store) {
  if (store == nullptr || !series.has_metadata) return;
  for (const LabelView& label : series.labels) {
    if (label.name == kMetricName)
      store->Learn(FamilyOf(label.value, series.metadata.type), series.metadata);
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
    add(samples.*kSampleReasons[i].count, kSampleReasons[i].text, first[kSeriesVerdicts + i]);
  }
  return lines;
}

Status PrepareRows(const WriteRows& rows, const Windows& windows, Origin origin,
                   ApplyScratch* scratch) {
  KeyedOutcome& outcome = scratch->outcome;
  if (origin == Origin::kRemote) {
    windows.FindKeyed(rows.kind(), rows.rows(), &outcome);
  } else {
    outcome.ids.assign(rows.rows().size(), kNoSeries);  // a rule's series are found by their labels
  }
  for (uint32_t row = 0; row < outcome.ids.size(); ++row) {
    if (outcome.ids[row] == kNoSeries || rows.special(row)) {
      TRY(rows.Decode(row, &scratch->series));
    }
  }
  return absl::OkStatus();
}

ApplyResult ApplyRows(const WriteRows& rows, const ApplyOptions& options,
                      const WriteTargets& targets, ApplyScratch* scratch) {
  ApplyResult result;
  KeyedOutcome& outcome = scratch->outcome;
  IncomingSeries& series = scratch->series;
  targets.windows->AppendKeyed(rows.kind(), rows.rows(), rows.samples(), options.now, &outcome,
                               options.sender);
  result.samples = outcome.counts;
  result.series[static_cast<size_t>(SeriesVerdict::kFine)] =
      rows.rows().size() - outcome.unknown.size();
  for (const KeyedOutcome::Refused& refused : outcome.refused) {
    if (!options.explain || !rows.Decode(refused.row, &series).ok()) continue;
    NoteSamples(series, refused.counts, &result);
  }
  for (const uint32_t row : outcome.unknown) {
    if (!rows.Decode(row, &series).ok() || !Admit(rows, options, &series, &result)) continue;
    LearnMetadata(series, targets.metadata);
    const Hash128& key = rows.rows()[row].key;
    const bool learn =
        options.origin == Origin::kRemote && rows.kind() == KeyKind::kSender && key != Hash128();
    const SeriesMaker maker{
        .sender = options.sender,
        .counted = options.places != nullptr && options.places->Take(rows.source(row))};
    const AppendCounts counts = targets.windows->Append(
        series.labels, series.samples, options.origin, options.now, learn ? &key : nullptr, maker);
    if (counts.Rejected() > 0 && options.explain) NoteSamples(series, counts, &result);
    result.samples += counts;
  }
  TakeSpecials(rows, options, targets.exemplars, &series, &result);
  return result;
}

ApplyResult JudgeRows(const WriteRows& rows, const ApplyOptions& options, ApplyScratch* scratch) {
  ApplyResult result;
  IncomingSeries& series = scratch->series;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (!rows.Decode(row, &series).ok() || !Admit(rows, options, &series, &result)) continue;
    result.samples.accepted += series.samples.size();
    result.exemplars += series.exemplars.size();
    result.histograms += series.histograms.size();
  }
  return result;
}

}  // namespace outrider
