// SPDX-License-Identifier: Apache-2.0
// What everything costs, over time: every minute what runs is priced and added to the ledger;
// budgets, forecasts, anomalies and realised savings follow and are published as series. The daemon
// calls, every evaluation interval, after the capacity engine,
//     cost.Run(now);
// which does something when `cost.interval` has passed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/capacity/pod_inventory.h"
#include "rules/capacity/recommendation.h"
#include "rules/cost/allocation_query.h"
#include "rules/cost/budget_status.h"
#include "rules/cost/cost_history.h"
#include "rules/cost/cost_ledger.h"
#include "rules/cost/cost_settings.h"
#include "rules/cost/savings_tracker.h"
#include "rules/cost/scene_reader.h"
#include "rules/pricing/price_book.h"
#include "storage/state/state_store.h"
#include "storage/window/querier.h"

namespace outrider {

struct CostSeams {
  const Querier& querier;
  DerivedTable& table;
  StateStore& store;
  const PodInventory& inventory;
  std::function<std::shared_ptr<const PriceBook>()> book;  // never null
  std::function<std::vector<Recommendation>()> recommendations;
};

struct CostStats {
  uint64_t runs = 0;
  uint64_t cells = 0;          // open sums
  DurationMs unwatched = 0;    // since the start: time that nobody counted, or will
  Timestamp last = INT64_MIN;  // up to when costs are counted
  std::string error;           // of the last run; empty when it went well
};

// What was seen last, for those who show rates (OpenCost's metrics).
struct CostMoment {
  std::shared_ptr<const PriceBook> book;
  CostScene scene;
};

// Thread-safe. A run excludes others for as long as it takes; questions about the past read what is
// closed while runs go on.
class CostEngine {
 public:
  // Longer gaps (an outage, a machine asleep) are not counted but for this much.
  static constexpr DurationMs kLongestGap = 10 * kMinute;
  // While nobody tells of what runs, nothing is counted: that is such a gap too (scene_watch.h).

  // All seams outlive the engine.
  CostEngine(CostSettings options, CostSeams seams);
  CostEngine(const CostEngine&) = delete;
  CostEngine& operator=(const CostEngine&) = delete;

  // Goes on with what was saved. Once after a start.
  Status Restore(Timestamp now);
  void Run(Timestamp now);
  Status Save(Durability durability);
  // A reload: budgets, teams, labels change from now on.
  void Replace(CostSettings options);
  CostSettings options() const;
  // What the windows must keep.
  static std::vector<SeriesReference> Reach() { return SceneReader::Reach(); }

  StatusOr<std::vector<AllocationSet>> Allocation(const AllocationQuery& query,
                                                  Timestamp now) const;
  std::vector<BudgetStatus> Budgets() const;
  std::vector<CostAnomaly> Anomalies() const;
  std::vector<RealisedSavings> Savings() const;
  std::shared_ptr<const CostMoment> Moment() const;  // null: nothing was counted yet
  Currency currency() const { return seams_.book()->currency(); }
  CostStats stats() const;

 private:
  Status Count(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds what `scene` costs from last_ to `now`.
  Status AddScene(CostScene* scene, Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteSilence(CostScene* scene, Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the bucket that `now` lies in has so far.
  GroupCosts SumOpen(CostTier tier, Timestamp now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Judge(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishAll(const CostScene& scene, DurationMs counted, Timestamp now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status SaveLocked(Durability durability) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CostSeams seams_;
  mutable absl::Mutex mutex_;
  CostSettings options_ ABSL_GUARDED_BY(mutex_);
  SceneReader reader_ ABSL_GUARDED_BY(mutex_);
  CostLedger ledger_ ABSL_GUARDED_BY(mutex_);
  CostHistory history_ ABSL_GUARDED_BY(mutex_);
  SavingsTracker savings_ ABSL_GUARDED_BY(mutex_);
  std::vector<BudgetStatus> budgets_ ABSL_GUARDED_BY(mutex_);
  std::vector<CostAnomaly> anomalies_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const CostMoment> moment_ ABSL_GUARDED_BY(mutex_);
  DerivedPublisher publisher_ ABSL_GUARDED_BY(mutex_);
  Timestamp last_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;  // counted up to here
  Timestamp last_save_ ABSL_GUARDED_BY(mutex_) = 0;
  DurationMs unwatched_ ABSL_GUARDED_BY(mutex_) = 0;                    // of gaps that are over
  SceneSilence silence_ ABSL_GUARDED_BY(mutex_) = SceneSilence::kNone;  // as last logged
  CostStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
