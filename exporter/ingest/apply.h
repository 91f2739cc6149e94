// SPDX-License-Identifier: Apache-2.0
// A request's rows into the windows: the same for a request and for its replay.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/ingest/ingest_guard.h"
#include "exporter/ingest/metadata_store.h"
#include "exporter/ingest/row_labels.h"
#include "exporter/ingest/series_check.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"
#include "storage/window/exemplars.h"
#include "storage/window/windows.h"

namespace outrider {

struct ApplyResult {
  AppendCounts samples;
  std::array<uint64_t, static_cast<size_t>(SeriesVerdict::kEnd)> series{};  // by verdict
  uint64_t samples_of_refused_series = 0;                                   // histograms too
  uint64_t own_samples = 0;         // outrider_* coming back; left out
  uint64_t own_histograms = 0;      // the same
  uint64_t exemplars = 0;           // kept, repeats of known ones included
  uint64_t exemplars_late = 0;      // older than the series' newest: an error of 2.0
  uint64_t exemplars_left_out = 0;  // for any other reason
  AppendCounts histograms;
  uint64_t histograms_invalid = 0;
  GuardReport guard;  // what was not let through, which is in none of the others
  // Samples and histograms that were sent and not stored, through the sender's fault or limits.
  uint64_t Refused() const {
    return samples.Rejected() + samples_of_refused_series + histograms.Rejected() +
           histograms_invalid + guard.samples_refused;
  }
  // One line for each kind of refusal: how many, and the first one's labels. Empty when nothing was
  // refused.
  std::vector<std::string> Refusals() const;

  // The first offender of each kind: series verdicts, then the fields of AppendCounts in
  // SampleReasons() order, for histograms too, then invalid histograms.
  std::array<std::string, static_cast<size_t>(SeriesVerdict::kEnd) + 5> first;
};

// Why samples are refused: name for metrics, text for people, the count.
struct SampleReason {
  const char* reason;
  const char* text;
  uint64_t AppendCounts::* count;
};
std::span<const SampleReason> SampleReasons();

struct ApplyOptions {
  Origin origin = Origin::kRemote;
  Timestamp now = 0;
  bool explain = true;  // remember first offenders
  SenderId sender = kNoSender;
  SeriesPlaces* places = nullptr;  // those kept for new series, by source row
};

// Where a request goes. Exemplars and metadata may be null: then none are kept. Without a guard
// nobody is limited and no sender is remembered.
struct WriteTargets {
  Windows* windows;
  ExemplarStore* exemplars = nullptr;
  MetadataStore* metadata = nullptr;
  IngestGuard* guard = nullptr;
};

// What applying needs beside the rows; used again from request to request.
struct ApplyScratch {
  KeyedOutcome outcome;
  RowLabels labels;  // of what PrepareRows read
  IncomingSeries series;
  // A slice of unknown rows.
  std::vector<LabelView> slice_labels;
  std::vector<LabeledRow> slice;
  std::vector<uint32_t> slice_rows;  // which rows they are
  std::vector<uint32_t> slice_ids;
  std::vector<AppendCounts> slice_counts;
  std::vector<IncomingHistogram> histograms;
  std::vector<HistogramSample> kept;
  std::vector<Timestamp> kept_starts;
  // Of a request that is logged by number.
  std::vector<uint32_t> numbers;
  std::string body;
};

// Finds out which series are known, and reads through all others: InvalidArgument when one of them
// is no such message, so that nothing of a broken request is logged or kept.
Status PrepareRows(const WriteRows& rows, const Windows& windows, Origin origin,
                   ApplyScratch* scratch);
// Appends what PrepareRows has looked at. scratch->outcome.ids then are the series of the rows that
// were let in, or kNoSeries (a row without samples; its samples were refused).
ApplyResult ApplyRows(const WriteRows& rows, const ApplyOptions& options,
                      const WriteTargets& targets, ApplyScratch* scratch);
// Judges the labels only; all samples of fine series count as accepted. For requests that are
// logged while the log is still being replayed.
ApplyResult JudgeRows(const WriteRows& rows, const ApplyOptions& options, ApplyScratch* scratch);

}  // namespace outrider
