// SPDX-License-Identifier: Apache-2.0
// Runs the objectives. The daemon calls, every evaluation interval and before the table is flushed,
//     slos.Run(now);
// and Save() every few minutes and at the end.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/slo/slo_checkpoint.h"
#include "rules/slo/slo_outputs.h"
#include "rules/slo/slo_runner.h"
#include "rules/slo/slo_view.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Thread-safe; a run excludes another, and so does a save. Nothing is written under the lock of
// runs.
class SloEngine {
 public:
  // Everything handed in outlives the engine.
  SloEngine(std::vector<SloSpec> specs, const SloOptions& options, const promql::Engine& engine,
            const Querier& querier, DerivedTable& table, StateStore& store);

  // Once after a start (after the log is replayed): what was saved, and from the windows what came
  // since. Saved events that cannot be read are given up, which the log says.
  void Rebuild(Timestamp now);
  void Run(Timestamp now);
  Status Save(Durability durability);
  // A reload: objectives that count the same way go on with their events, under the new objective,
  // labels and alerts. One whose expressions have an error keeps what it has, and goes on counting
  // as before until they are mended.
  void Replace(std::vector<SloSpec> specs);

  // What the windows must keep.
  std::vector<SeriesReference> Reach() const;
  // All, in the order of the files, as of the last run, without timelines.
  std::shared_ptr<const std::vector<SloView>> Views() const;
  // NotFound for an objective there is not. With its timelines, as of the last run.
  StatusOr<SloView> Show(const std::string& name) const;

 private:
  void Publish(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SloRunner* Find(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::set<std::string> Names() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status SaveOne(const std::string& name, Durability durability)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mutex_);
  SloContext Context() const { return {options_, engine_, querier_}; }

  const SloOptions options_;
  const promql::Engine& engine_;
  const Querier& querier_;
  StateStore& store_;

  absl::Mutex save_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::Mutex mutex_;
  std::vector<SloSpec> specs_ ABSL_GUARDED_BY(mutex_);  // those with errors too
  // As specs_; null for one that cannot count and never could.
  std::vector<std::unique_ptr<SloRunner>> runners_ ABSL_GUARDED_BY(mutex_);
  SloOutputs outputs_ ABSL_GUARDED_BY(mutex_);
  SloCheckpoint checkpoint_ ABSL_GUARDED_BY(mutex_);
  Timestamp last_run_ ABSL_GUARDED_BY(mutex_) = 0;

  mutable absl::Mutex views_mutex_;  // so that a page does not wait for a run
  std::shared_ptr<const std::vector<SloView>> views_ ABSL_GUARDED_BY(views_mutex_);
};

}  // namespace outrider
