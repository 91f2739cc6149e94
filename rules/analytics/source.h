// SPDX-License-Identifier: Apache-2.0
// One distinct expression and the entries that look at it: reads its series, feeds the detectors of
// each, and keeps their derived series in the table.
//
// A plain selector is read as raw samples, each exactly once, in order of time, whatever the scrape
// and evaluation intervals are. Any other expression gives one sample per series and evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/analytics/derived_table.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/entry.h"
#include "rules/analytics/workload_names.h"
#include "rules/promql/engine.h"
#include "storage/window/querier.h"

namespace outrider {

struct AnalyticsOptions {
  DurationMs interval = 15 * kSecond;     // between two runs; the step of a rebuild
  DurationMs staleness = 5 * kMinute;     // a source without a sample for this long is gone
  DurationMs late_window = 5 * kMinute;   // how far samples of one series may trail the newest
  DurationMs keep_gone = kHour;           // state of a source that is gone waits this long
  DurationMs expression_rebuild = kHour;  // how much of the past expressions are rebuilt from
  size_t max_samples_per_read = 5'000'000;
};

// What a source works with; outlives it.
struct SourceContext {
  const AnalyticsOptions& options;
  const promql::Engine& engine;
  const Querier& querier;
  DerivedTable& table;
  const WorkloadNames* workloads = nullptr;  // without one, per-workload entries give nothing
};

struct SourceStats {
  uint64_t series = 0;   // sources that are there now
  uint64_t samples = 0;  // used so far
  uint64_t refused = 0;  // series beyond max_series in the last run
  std::string error;     // of the last run; empty when it went well
};

// Not thread-safe.
class Source {
 public:
  // Entries of one Key(), at least one; `expr` is what they share.
  Source(promql::Expression expr, std::vector<Entry> entries);
  // Entries with the same key share a source.
  static std::string Key(const Entry& entry);

  // Feeds the past of a fresh state from the windows. Once, before the first Run.
  void Rebuild(const SourceContext& context, Timestamp now);
  void Run(const SourceContext& context, Timestamp now);
  // Takes all derived series out of the table.
  void Retire(DerivedTable& table);
  // What the windows must keep for it.
  std::vector<promql::Expression::Reach> Reach(const AnalyticsOptions& options,
                                               DurationMs lookback) const;

  const std::vector<Entry>& entries() const { return entries_; }
  std::string Describe() const;  // entry "a", "b"
  const SourceStats& stats() const { return stats_; }

 private:
  struct Series {
    Timestamp last_time = INT64_MIN;
    bool live = false;
    std::vector<std::unique_ptr<Detector>> detectors;  // as entries_
    std::vector<DerivedTable::Handle> handles;         // as outputs_
  };
  struct Output {
    size_t entry = 0;
    DerivedOutput derived;
  };
  using SeriesMap = std::unordered_map<Labels, Series, LabelsHash>;

  Status ReadSamples(const SourceContext& context, std::span<const Matcher> selector,
                     Timestamp from, Timestamp to);
  Status Evaluate(const SourceContext& context, Timestamp now);
  Status EvaluatePast(const SourceContext& context, Timestamp now);
  // Samples of one series in order of time; those not newer than what it has seen are passed over.
  void Feed(const SourceContext& context, const Labels& labels, std::span<const Timestamp> times,
            std::span<const double> values);
  // The series, live; nullptr if there are max_series others.
  Series* Admit(const Labels& labels);
  void End(DerivedTable& table, Series& series);
  void Expire(const SourceContext& context, Timestamp now);
  void Report(const SourceContext& context, Timestamp now);
  void Publish(DerivedTable& table, const Labels& labels, Series& series,
               std::vector<double>& values);
  void Finish(const Status& status);

  promql::Expression expr_;
  std::vector<Entry> entries_;
  std::vector<const DetectorRow*> rows_;  // as entries_
  std::vector<Output> outputs_;           // entry after entry
  DurationMs history_ = 0;                // the most any detector wants to see
  size_t max_series_;
  std::optional<std::vector<Matcher>> plain_;  // the selector, if the expression is nothing else

  SeriesMap series_;
  size_t live_ = 0;
  Timestamp newest_ = INT64_MIN;  // newest sample read, of any series
  Timestamp last_run_ = INT64_MIN;
  bool said_refused_ = false;
  SourceStats stats_;
  std::vector<DerivedTable::Update> updates_;  // of the running Report
};

// The labels of a derived series: the source's without its name, metric, entry, the entry's own
// labels, the window and the horizon. A source's label that one of these displaces is kept as
// exported_<name>.
Labels DerivedLabels(const Labels& source, const Entry& entry, const std::string& window,
                     const std::string& horizon = "");

}  // namespace outrider
