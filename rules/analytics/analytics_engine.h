// SPDX-License-Identifier: Apache-2.0
// Runs the analytics entries. The daemon calls, every evaluation interval,
//     analytics.Run(now); table.Flush(appender, now); analytics.Checkpoint(now);
// after the capacity engine's Run, whose workload names the per-workload entries use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/anomaly_view.h"
#include "rules/analytics/source.h"
#include "storage/window/retention_plan.h"

namespace outrider {

struct EntryStatus {
  std::string name;
  EntryKind kind = EntryKind::kTrend;
  std::string expr;
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t refused = 0;  // series beyond max_series
  uint64_t late = 0;     // samples passed over, as a newer one of the series was there
  // Used by the entry's source, in equal parts for all entries that share it; 0 without a clock.
  double cpu_seconds = 0;
  std::string error;  // empty: healthy
};

struct CheckpointStats {
  uint64_t rows = 0;      // written so far
  uint64_t bytes = 0;     // the same
  uint64_t restored = 0;  // states taken from rows
  uint64_t lost = 0;      // rows that could not be read
  uint64_t failures = 0;  // to write
  // When everything that had changed had been written last; kNoTime: not yet.
  Timestamp complete = kNoTime;
};

// Thread-safe; a run excludes another. No lock that ingestion takes is held for longer than some
// hundred series take to look at.
class AnalyticsEngine {
 public:
  // What the seams name outlives the engine. Entries that carry an error are shown, not run.
  AnalyticsEngine(std::vector<Entry> entries, const AnalyticsOptions& options,
                  const AnalyticsSeams& seams);
  ~AnalyticsEngine();

  // Feeds what was saved and, from there on, what the windows hold; once after a start (after the
  // log is replayed).
  void Rebuild(Timestamp now);
  void Run(Timestamp now);
  // A reload: entries that are unchanged keep their state, new ones are rebuilt at `now`.
  void Replace(std::vector<Entry> entries, Timestamp now);
  // Saves a part of what has changed, so that all of it is saved in `checkpoint_every`; everything
  // when `all`. An error is one of the store: what was not written is tried again when it changes.
  enum class Part { kNext, kAll };
  Status Checkpoint(Timestamp now, Part part = Part::kNext);
  // Takes over what a replay learnt of these entries (EntryIdentity) and left in `from`: their
  // sources begin anew from it and go on with what the windows hold behind it. Nothing of it is
  // told. What was learnt here of series that the replay did not see stays. FailedPrecondition
  // before Rebuild(), or without a store.
  Status Adopt(const StateStore& from, std::span<const Hash128> entries, Timestamp now);

  // What the windows must keep for the entries.
  std::vector<SeriesReference> Reach() const;
  // In the order of the entries.
  std::vector<EntryStatus> Entries() const;
  CheckpointStats Checkpoints() const;
  // Series of anomaly entries, with why their newest samples were judged as they were, the highest
  // scores first (engine_anomalies.cc). Walks all series.
  std::vector<AnomalyView> Anomalies(const AnomalyQuery& query) const;
  std::optional<AnomalyView> FindAnomaly(std::string_view id) const;
  // What the expression of its entry gave for it in [from, to]: raw samples of a plain selector,
  // else one a step.
  StatusOr<std::vector<Sample>> ValuesOf(const AnomalyView& view, Timestamp from, Timestamp to,
                                         DurationMs step) const;

 private:
  void PublishStatus() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SourceContext Context() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // How many slots are to be saved after that time, so that a round takes `checkpoint_every`.
  uint64_t SlotsDue(DurationMs elapsed) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The next rows to save; true when the round is complete with them.
  bool TakeRows(uint64_t wanted, std::vector<CheckpointRow>* rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status WriteRows(const std::vector<CheckpointRow>& rows, bool complete, Timestamp now);
  Status SweepRows(Timestamp now) const;

  const AnalyticsOptions options_;
  const AnalyticsSeams seams_;

  absl::Mutex save_mutex_;  // one writes rows at a time; before mutex_
  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Source>> sources_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t restored_before_ ABSL_GUARDED_BY(mutex_) = 0;  // by sources that went
  uint64_t lost_before_ ABSL_GUARDED_BY(mutex_) = 0;
  Timestamp last_run_ ABSL_GUARDED_BY(mutex_) = kNoTime;  // of this process or the one before
  // The place of the next checkpoint.
  size_t save_source_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t save_slot_ ABSL_GUARDED_BY(mutex_) = 0;
  Timestamp last_save_ ABSL_GUARDED_BY(mutex_) = kNoTime;
  Timestamp last_sweep_ ABSL_GUARDED_BY(mutex_) = kNoTime;

  mutable absl::Mutex status_mutex_;  // so that a page does not wait for a run
  std::vector<EntryStatus> status_ ABSL_GUARDED_BY(status_mutex_);
  CheckpointStats checkpoints_ ABSL_GUARDED_BY(status_mutex_);
};

}  // namespace outrider
