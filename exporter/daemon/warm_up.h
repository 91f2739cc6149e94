// SPDX-License-Identifier: Apache-2.0
// New analytics entries learn from a server that holds the past (analytics.warm_up): one source at
// a time is replayed by the engine's own code, beside the running entries, and what it learnt is
// handed over when it has reached the present. Nothing waits for it; what goes wrong is said and
// tried again.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/api/warm_up.h"
#include "exporter/daemon/warm_up_config.h"
#include "exporter/trial/analytics_backtest.h"
#include "rules/analytics/analytics_engine.h"

namespace outrider {

struct WarmUpSeams {
  AnalyticsEngine& engine;
  StateStore& state;
  const promql::EngineOptions& promql;
  const WorkloadNames* workloads = nullptr;
  const Clock& clock;
};

// Thread-safe.
class WarmUp {
 public:
  // What the seams name outlives this. `interval`: analytics.interval.
  WarmUp(const WarmUpSeams& seams, DurationMs interval);
  ~WarmUp();

  // A start or a reload: the entries that run from now on. What is running goes on if it still is
  // what is wanted, else it is stopped. New ones of them, of which nothing is saved, are marked;
  // call it before the engine saves anything of them.
  void Plan(const std::vector<Entry>& entries, const WarmUpConfig& config);
  // Warms up what is marked, until stopped.
  void Run(const std::stop_token& stop);
  // One round over what is due now; for Run and tests.
  void RunOnce(const std::stop_token& stop);
  WarmUpView View() const;

 private:
  // Entries that look at one expression.
  struct Task {
    std::vector<Entry> entries;
    std::vector<Hash128> identities;
    WarmUpTask shown;
    DurationMs piece = 0;      // of history at once
    bool names_known = false;  // of the workloads, for per-workload entries
    Timestamp next_try = 0;
    std::stop_source stop;  // a reload took it away, or the process ends
  };
  using Tasks = std::vector<std::shared_ptr<Task>>;

  void DropTasks(const std::vector<Hash128>& present, bool elsewhere)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddTask(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsWanted(const Entry& entry) const;
  // Per-workload entries would find nothing before the owners of pods are known.
  void AwaitNames(Task& task, Timestamp now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nothing: all is done, or waits.
  std::shared_ptr<Task> Next(WarmUpConfig* config) ABSL_LOCKS_EXCLUDED(mutex_);
  void Warm(Task& task, const WarmUpConfig& config, const std::stop_token& stop);
  AnalyticsBacktestOptions OptionsOf(const Task& task, const WarmUpConfig& config,
                                     StateStore* states) const;
  void Note(Task& task, double done, Timestamp reached, uint64_t more) ABSL_LOCKS_EXCLUDED(mutex_);
  StatusOr<bool> Replay(Task& task, const WarmUpConfig& config, StateStore* states,
                        const std::stop_token& stop);
  void Refuse(Task& task, const std::string& why);
  void Settle(Task& task, const Status& status, DurationMs took);

  const WarmUpSeams seams_;
  const DurationMs interval_;
  const std::unique_ptr<HttpClient> http_;
  mutable absl::Mutex mutex_;
  WarmUpConfig config_ ABSL_GUARDED_BY(mutex_);
  Tasks tasks_ ABSL_GUARDED_BY(mutex_);
  uint64_t samples_ ABSL_GUARDED_BY(mutex_) = 0;   // of history, so far
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;  // attempts that failed
};

}  // namespace outrider
