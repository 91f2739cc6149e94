// SPDX-License-Identifier: Apache-2.0
// Reading series: what PromQL, the HTTP API and the analytics need of the windows, and nothing
// more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"
#include "storage/model/native_histogram.h"
#include "storage/window/label_pins.h"
#include "storage/window/series_labels.h"
#include "storage/window/start_times.h"

namespace outrider {

// The answer to a Select: all samples in flat arrays, series after series, so that nothing is
// allocated per series but its labels. Samples of a series are sorted by time; stale markers are
// included (see IsStale). A series may have floats, native histograms or both, never two samples of
// one time.
struct SeriesSet {
  // What is wanted beside floats. Without histograms, series that have nothing else are left out.
  bool want_histograms = false;
  bool want_starts = false;
  // Of each series the newest float of the range is enough, if that is cheaper.
  bool newest_will_do = false;

  struct Row {
    SeriesLabels labels;
    uint32_t id = 0;   // the series' id in this process; stable while the series exists
    size_t begin = 0;  // its samples are [begin, end) of times and values
    size_t end = 0;
    size_t histograms_begin = 0;  // of histograms
    size_t histograms_end = 0;
    size_t starts_begin = 0;  // of starts: which hold for its samples (start_times.h)
    size_t starts_end = 0;
  };
  std::vector<Row> rows;  // in no order
  std::vector<Timestamp> times;
  std::vector<double> values;
  std::vector<HistogramSample> histograms;
  std::vector<StartRun> starts;
  LabelPin pin;        // of the rows' labels
  size_t matched = 0;  // series that match, with or without samples in the range

  std::span<const Timestamp> Times(const Row& row) const {
    return std::span(times).subspan(row.begin, row.end - row.begin);
  }
  std::span<const double> Values(const Row& row) const {
    return std::span(values).subspan(row.begin, row.end - row.begin);
  }
  std::span<const HistogramSample> Histograms(const Row& row) const {
    return std::span(histograms)
        .subspan(row.histograms_begin, row.histograms_end - row.histograms_begin);
  }
  std::span<const StartRun> Starts(const Row& row) const {
    return std::span(starts).subspan(row.starts_begin, row.starts_end - row.starts_begin);
  }
  void Clear() {
    ClearRows();
    pin.reset();
    matched = 0;
  }
  void ClearRows() {
    rows.clear();
    times.clear();
    values.clear();
    histograms.clear();
    starts.clear();
  }
};

// Closed.
struct TimeRange {
  Timestamp from = 0;
  Timestamp to = 0;
};

struct KeptSince {
  Timestamp time = 0;
  std::string_view setting = "storage.retention";
};

// Thread-safe. Time ranges are closed: [from, to] in milliseconds.
class Querier {
 public:
  virtual ~Querier() = default;
  // Series that match all matchers and have at least one sample in the range. `max_samples` bounds
  // the answer; more is ResourceExhausted.
  virtual Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                        size_t max_samples, SeriesSet* out) const = 0;
  // The same some series at a time, so that not all samples are in memory at once: `use` is called
  // for each piece and may take what is in it. `max_samples` bounds a piece. `piece` says what is
  // wanted. Ends at the first error.
  virtual Status SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                                size_t max_samples, SeriesSet* piece,
                                const std::function<Status(SeriesSet&)>& use) const {
    const Status status = Select(matchers, from, to, max_samples, piece);
    piece->matched = std::max(piece->matched, piece->rows.size());
    return status.ok() ? use(*piece) : status;
  }
  // Label sets of matching series that have a sample in the range, sorted.
  virtual StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers,
                                                     Timestamp from, Timestamp to) const = 0;
  // Sorted names / values over the matching series (no matchers: all series) with a sample in the
  // range.
  virtual StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers,
                                                        Timestamp from, Timestamp to) const = 0;
  virtual StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                         std::span<const Matcher> matchers,
                                                         Timestamp from, Timestamp to) const = 0;
  // Times of the newest samples of series, by their ids (SeriesSet::Row); kNoTime: gone, or unknown
  // here.
  virtual std::vector<Timestamp> NewestOf(std::span<const uint32_t> ids) const {
    return std::vector<Timestamp>(ids.size(), kNoTime);
  }
  // The oldest time for which samples are kept; a query reaching before it answers with a warning.
  virtual Timestamp OldestKept() const = 0;
  // The same for what these matchers select, and the setting that decides it.
  virtual KeptSince KeptSinceOf(std::span<const Matcher> /*matchers*/) const {
    return {.time = OldestKept()};
  }
  // A time from which on samples of every series are kept: no KeptSinceOf() is later.
  virtual Timestamp AllKeptSince() const { return OldestKept(); }
};

}  // namespace outrider
