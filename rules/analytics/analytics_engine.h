// SPDX-License-Identifier: Apache-2.0
// Runs the analytics entries. The daemon calls, every evaluation interval,
//     analytics.Run(now); table.Flush(appender, now);
// after the capacity engine's Run, whose workload names the per-workload entries use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
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
  std::string error;     // empty: healthy
};

// Thread-safe; a run excludes another.
class AnalyticsEngine {
 public:
  // Everything handed in outlives the engine. Entries that carry an error are shown, not run.
  AnalyticsEngine(std::vector<Entry> entries, const AnalyticsOptions& options,
                  const promql::Engine& engine, const Querier& querier, DerivedTable& table,
                  const WorkloadNames* workloads = nullptr);
  ~AnalyticsEngine();

  // Feeds what the windows hold, once after a start (after the log is replayed).
  void Rebuild(Timestamp now);
  void Run(Timestamp now);
  // A reload: sources whose entries are unchanged keep their state, new ones are rebuilt at `now`.
  void Replace(std::vector<Entry> entries, Timestamp now);

  // What the windows must keep for the entries.
  std::vector<SeriesReference> Reach() const;
  // In the order of the entries.
  std::vector<EntryStatus> Entries() const;

 private:
  void RunLocked(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishStatus() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AnalyticsOptions options_;
  const SourceContext context_;

  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Source>> sources_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);

  mutable absl::Mutex status_mutex_;  // so that a page does not wait for a run
  std::vector<EntryStatus> status_ ABSL_GUARDED_BY(status_mutex_);
};

}  // namespace outrider
