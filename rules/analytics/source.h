// SPDX-License-Identifier: Apache-2.0
// One distinct expression and the entries that look at it: reads its series, feeds the detectors of
// each, and keeps their derived series in the table.
//
// A plain selector is followed: each raw sample once, as it comes, in order of time, whatever the
// scrape and evaluation intervals are. Any other expression gives one sample per series and
// interval, at multiples of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/analytics/checkpoint.h"
#include "rules/analytics/derived_table.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/entry.h"
#include "rules/analytics/series_follower.h"
#include "rules/analytics/watched_series.h"
#include "rules/analytics/workload_names.h"
#include "rules/promql/engine.h"
#include "storage/window/querier.h"
#include "storage/window/sample_feed.h"

namespace outrider {

struct AnalyticsOptions {
  DurationMs interval = 15 * kSecond;  // between two runs; of expressions that give none
  DurationMs staleness = 5 * kMinute;  // a source without a sample for this long is gone
  // State of a source that is gone stays in memory so long; without a store for `keep_saved`.
  DurationMs keep_gone = kHour;
  DurationMs expression_rebuild = kHour;      // how much of the past expressions are rebuilt from
  DurationMs checkpoint_every = 5 * kMinute;  // a series' state is saved about that often
  DurationMs keep_saved = 7 * kDay;           // saved state of a source that is gone
};

// What the analytics work with; outlives them.
struct AnalyticsSeams {
  const promql::Engine& engine;
  const Querier& querier;
  DerivedTable& table;
  const WorkloadNames* workloads = nullptr;  // without: per-workload entries give nothing
  const SampleFeed* feed = nullptr;          // without: plain selectors are evaluated too
  StateStore* state = nullptr;               // without: nothing survives a restart
  const Clock* clock = nullptr;              // for the CPU time used; without: not counted
};

struct SourceContext {
  const AnalyticsOptions& options;
  const AnalyticsSeams& seams;
  // Samples up to here were reported before: what history holds of them is not told again.
  Timestamp reported = kNoTime;
};

struct SourceStats {
  uint64_t series = 0;    // sources that are there now
  uint64_t samples = 0;   // used so far
  uint64_t refused = 0;   // series with current samples beyond max_series, now
  uint64_t late = 0;      // samples passed over: a newer one of the series was there
  uint64_t restored = 0;  // states that came from saved rows
  uint64_t lost = 0;      // saved rows that could not be read
  int64_t cpu_nanos = 0;  // used so far
  std::string error;      // of the last run; empty when it went well
};

// Not thread-safe.
class Source : private SeriesFollower::Owner {
 public:
  // Entries of one Key(), at least one; `expr` is what they share.
  Source(promql::Expression expr, std::vector<Entry> entries, const AnalyticsSeams& seams);
  // Entries with the same key share a source.
  static std::string Key(const Entry& entry);

  // Saved states beside those in the store, by key; for a reload.
  using SavedStates = absl::flat_hash_map<std::string, std::string>;
  // Feeds the past of a fresh state from what was saved and the windows. Once, before the first
  // Run. `saved` may be null.
  void Rebuild(const SourceContext& context, const SavedStates* saved, Timestamp now);
  void Run(const SourceContext& context, Timestamp now);
  // Puts what is known into the table, as a report, but nothing counts as told: the next run tells
  // it.
  void Show(const SourceContext& context, Timestamp now);
  // Takes all derived series out of the table.
  void Retire(DerivedTable& table);
  // What the windows must keep for it.
  std::vector<promql::Expression::Reach> Reach(const AnalyticsOptions& options,
                                               DurationMs lookback) const;

  // The states of slots [from, to) that have changed since they were saved; then of those that
  // left memory meanwhile.
  void Save(uint32_t from, uint32_t to, std::vector<CheckpointRow>* rows);
  std::vector<CheckpointRow> States();  // of all
  uint32_t slots() const { return series_.size(); }
  // A series and an anomaly entry that looks at it. Valid until the next run.
  struct Judged {
    uint32_t slot = 0;
    const Entry& entry;
    const Detector& detector;
  };
  // Calls `visit` for those that are there now.
  void VisitAnomalies(const std::function<void(const Judged& judged)>& visit) const;
  // As the expression gives them; empty when the windows have just dropped the series.
  Labels LabelsOf(uint32_t slot) const;

  const promql::Expression& expression() const { return expr_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Hash128>& identities() const { return identities_; }  // of the entries
  std::string Describe() const;                                           // entry "a", "b"
  const SourceStats& stats() const { return stats_; }

 private:
  struct Output {
    size_t entry = 0;
    DerivedOutput derived;
  };

  // SeriesFollower::Owner, while a run or a rebuild is on.
  Admission Admit(const Labels& labels, uint32_t feed) override;
  void Take(uint32_t slot, std::span<const Timestamp> times,
            std::span<const double> values) override;
  void Moved(uint32_t slot, uint32_t feed) override;

  void FollowSamples(SeriesFollower& follower, Timestamp now);
  Status Evaluate(Timestamp at);
  Status EvaluatePast(Timestamp now);
  void EndMissing(Timestamp at);
  bool FeedEvaluated(const Labels& labels, Timestamp time, double value);
  DurationMs IntervalOf(const AnalyticsOptions& options) const;
  // A slot for the series, with detectors; WatchedSeries::kNone if there are max_series others.
  uint32_t Open(const Labels& labels, uint32_t feed);
  // Makes the detectors and gives them their saved state. Until when samples are in them, by entry.
  void MakeDetectors(uint32_t slot, const Labels& labels);
  Timestamp Restore(size_t entry, const Hash128& series, Detector* detector);
  void Observe(uint32_t slot, Timestamp time, double value);
  bool Enliven(WatchedSeries::Slot* slot);
  void End(DerivedTable& table, uint32_t slot);
  void Expire(Timestamp now);
  void SaveSlot(uint32_t slot, std::vector<CheckpointRow>* rows);
  void SettleNew();
  void Finish(const Status& status);

  // source_report.cc
  enum class Telling : uint8_t { kTold, kShown };
  void Report(Timestamp now, Telling telling);
  void NoteDue(Timestamp now);
  bool HasSlowValue(std::span<const double> values) const;
  void JudgePeers();
  void Publish(uint32_t slot, std::span<const uint8_t> due, std::span<const double> values);

  promql::Expression expr_;
  std::vector<Entry> entries_;
  std::vector<Hash128> identities_;       // as entries_
  std::vector<const DetectorRow*> rows_;  // as entries_
  std::vector<Output> outputs_;           // entry after entry
  std::vector<size_t> peers_;             // entries that compare series with each other
  DurationMs history_ = 0;                // the most any detector wants to see
  size_t max_series_;

  WatchedSeries series_;
  std::optional<SeriesFollower> follower_;  // of a plain selector
  std::vector<Labels> labels_;              // by slot; of evaluated series only
  size_t live_ = 0;
  Timestamp evaluated_ = kNoTime;  // slot of the last evaluation
  Timestamp reported_ = 0;         // time of the last report
  bool said_refused_ = false;
  bool said_lost_ = false;
  SourceStats stats_;
  std::vector<CheckpointRow> parted_;  // states of series that left memory, for the store

  // Of the running Run or Rebuild.
  const SourceContext* context_ = nullptr;
  const SavedStates* saved_ = nullptr;
  Timestamp now_ = 0;
  // Series whose past is fed: until when samples are in each entry's detector.
  absl::flat_hash_map<uint32_t, std::vector<Timestamp>> resuming_;
  std::vector<uint8_t> due_;  // by output: told in this report
  std::vector<DerivedTable::Update> updates_;
};

// The labels of a derived series: the source's without its name, metric, entry, the entry's own
// labels, the window and the horizon. A source's label that one of these displaces is kept as
// exported_<name>.
Labels DerivedLabels(const Labels& source, const Entry& entry, const std::string& window,
                     const std::string& horizon = "");

}  // namespace outrider
