// SPDX-License-Identifier: Apache-2.0
// Series in memory behind the Querier interface: the storage of rule tests and of the PromQL test
// language. Histograms come back with the counter reset hints that Prometheus' storage would give
// them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

// Reads are thread-safe while nobody writes.
class MemoryQuerier final : public Querier {
 public:
  // A sample at a time that is already there replaces the old one.
  // `start`: since when it counts, 0 for not known.
  void Append(const Labels& labels, Sample sample, Timestamp start = 0) {
    series_[labels][sample.time] = {.value = sample.value, .start = start, .histogram = nullptr};
  }
  void Append(const Labels& labels, Timestamp time,
              std::shared_ptr<const NativeHistogram> histogram, Timestamp start = 0) {
    series_[labels][time] = {.value = 0, .start = start, .histogram = std::move(histogram)};
  }
  void Clear() { series_.clear(); }

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override;
  // A series at a time, so that a limit on samples counts windows as Prometheus does.
  Status SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                        size_t max_samples, SeriesSet* piece,
                        const std::function<Status(SeriesSet&)>& use) const override;
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override;
  Timestamp OldestKept() const override;

 private:
  struct Entry {
    double value = 0;
    Timestamp start = 0;
    std::shared_ptr<const NativeHistogram> histogram;  // nullptr: a float
  };
  using Entries = std::map<Timestamp, Entry>;
  // False: nothing in the range.
  static bool AddRow(uint32_t id, const Labels& labels, const Entries& entries,
                     const TimeRange& range, SeriesSet* out);
  static void AddEntry(const Entries& entries, Entries::const_iterator at, SeriesSet* out);

  std::map<Labels, Entries> series_;
};

}  // namespace outrider
