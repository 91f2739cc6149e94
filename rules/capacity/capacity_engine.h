// SPDX-License-Identifier: Apache-2.0
// Right-sizing and cost of workloads and machines, from the stream: every sample of use is looked
// at once, as it comes, and goes into the constant state of its workload's container; nothing is
// read again. The daemon calls, every evaluation interval,
//     capacity.Run(now); analytics.Run(now); table.Flush(appender, now); capacity.Save(now, …);
//
// Life of a sample: container_stream or machine_stream (series -> container, rates) -> demand_book
// (container -> workload's accumulator) -> capacity_judge.cc (recommendations). What is known
// beside: kube_facts, workload_resolver; who is who: pod_table, pod_binder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/capacity/container_stream.h"
#include "rules/capacity/demand_book.h"
#include "rules/capacity/kube_facts.h"
#include "rules/capacity/machine_stream.h"
#include "rules/capacity/pod_binder.h"
#include "rules/capacity/pod_inventory.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/recommend/guard.h"
#include "rules/capacity/recommendation.h"
#include "rules/capacity/series_row.h"
#include "rules/capacity/usage_observer.h"
#include "rules/capacity/workload_resolver.h"
#include "rules/capacity/workload_source.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/node_rates.h"
#include "storage/state/state_store.h"
#include "storage/window/retention_plan.h"
#include "storage/window/sample_feed.h"

namespace outrider {

struct CapacityOptions {
  std::string provider = "aws";             // aws, gcp, azure, on_prem
  std::string region;                       // empty: the provider's first
  std::optional<double> core_hour_dollars;  // own prices win over the table
  std::optional<double> gib_hour_dollars;
  std::string policy = "adaptive";
  // Less than this, and no recommendation is given.
  DurationMs minimum_coverage = kHour;
  uint64_t minimum_samples = 10;
  // Once there are so many more samples (a share), what is recommended is made anew; 0: each time
  // it may be.
  double judge_growth = 0.1;
  GuardRails cpu_rails = {};                                 // cores
  GuardRails memory_rails = {};                              // bytes
  std::vector<WorkloadSource> workloads = BuiltinSources();  // without Kubernetes
};

struct CapacityStats {
  uint64_t containers = 0;  // with samples lately; machines, process groups … among them
  uint64_t hosts = 0;       // of them: not of a pod
  uint64_t waiting = 0;     // pods whose owner is not known yet
  uint64_t workloads = 0;   // containers of workloads that are remembered
  uint64_t series = 0;      // followed
  uint64_t samples = 0;     // of use, so far
  uint64_t rows = 0;        // saved so far
  uint64_t row_bytes = 0;
  uint64_t lost_rows = 0;  // could not be read
  std::string error;       // of the last writing of state; empty when it went well
};

// Thread-safe; a run excludes another.
class CapacityEngine final : public PodInventory {
 public:
  // A recommendation is made anew at most this often, and at least this often: what it rests on
  // moves over hours. Between, when there are enough more samples, one above its upper bound
  // (memory: its target), a kill for memory, or at once when requests and limits change.
  static constexpr DurationMs kJudgeEvery = kMinute;
  static constexpr DurationMs kJudgeAtLeast = 10 * kMinute;
  // Up to so many workloads' containers are looked at in every run, more once in kJudgeEvery, or a
  // little sooner, so that a run that is late does not leave it to the next.
  static constexpr size_t kFew = 500;
  static constexpr DurationMs kLookEvery = kJudgeEvery - 10 * kSecond;
  // All state is saved about this often; what came since is read from the windows again.
  static constexpr DurationMs kSaveEvery = 10 * kMinute;
  // How much of the past of a series is used that was not known.
  static constexpr DurationMs kHistory = 6 * kHour;

  // InvalidArgument for an unknown provider, region or policy (naming the known ones), negative
  // prices. `feed`, `table` and `store` (may be null: nothing survives a restart) outlive the
  // engine.
  static StatusOr<std::unique_ptr<CapacityEngine>> Create(const CapacityOptions& options,
                                                          const SampleFeed& feed,
                                                          DerivedTable& table,
                                                          StateStore* store = nullptr);

  ~CapacityEngine() override;
  CapacityEngine(const CapacityEngine&) = delete;
  CapacityEngine& operator=(const CapacityEngine&) = delete;

  // Before the first Rebuild or Run. Outlives the engine.
  void SetObserver(UsageObserver* observer);
  // Before the first Rebuild or Run: what each node costs, asked once a run; never null. Without
  // it everything costs price().
  void SetPrices(PriceBookSource prices);
  // Reads what was saved and feeds what the windows hold beyond it, once after a start.
  void Rebuild(Timestamp now);
  // Uses the samples that came since the last run and refreshes the derived series: with many
  // workloads once a minute.
  void Run(Timestamp now);
  enum class Part { kNext, kAll };
  // Writes the state that changed: a part in turn, or all.
  Status Save(Timestamp now, Part part);

  // For the per-workload analytics entries.
  const WorkloadNames& workloads() const { return resolver_; }
  const Price& price() const { return price_; }
  // What the windows must keep.
  std::vector<SeriesReference> Reach() const;

  void VisitContainers(const std::function<void(const ContainerView&)>& use) const override;
  std::vector<Recommendation> Recommendations() const;  // by workload, then container
  std::vector<WorkloadCost> Costs() const;              // by workload
  CapacityStats stats() const;
  // Of the accumulators and of what is known of pods; for measurements.
  struct Size {
    size_t demand = 0;   // bytes, of all workloads' containers
    size_t entries = 0;  // workloads' containers
    size_t cursors = 0;  // bytes, of followed series
  };
  Size MeasureSize() const;

 private:
  struct Held;
  struct Round;
  // What is told of a workload as a whole.
  struct Told {
    WorkloadCost cost;
    CostSeries series;
    bool is_there = false;  // its cost counts
  };
  // One entry of the book, and its workload's place among all.
  struct Step {
    DemandEntry* entry;
    Told* told;
  };

  CapacityEngine(const CapacityOptions& options, const Price& price, const RecommendPolicy& policy,
                 const SampleFeed& feed, DerivedTable& table, StateStore* store);

  void Learn(Timestamp now, bool waited) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FollowUntil(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // capacity_judge.cc
  bool IsTimeToJudge(Timestamp now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Judge(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PlanWalk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_, result_mutex_);
  void Walk(Round* round) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_, result_mutex_);
  void Prefetch(const DemandEntry& entry, const Round& round) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void JudgeStep(const Step& step, Held* held, Round* round)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_, result_mutex_);
  bool ReadHeld(const DemandEntry& entry, Timestamp now, Held* held) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Recommendation Advise(const DemandEntry& entry, const Held& held, Timestamp now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<ReplicaOutlier> OutliersOf(const DemandEntry& entry, Timestamp now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsDue(const DemandEntry& entry, Timestamp now) const;
  static bool Reprice(const Held& held, const UnitRates& usual, Recommendation* one);
  void JudgeOne(const Held& held, DemandEntry* entry, Round* round)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RefreshPrices() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where a node's price is not known.
  UnitRates UsualRates() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void CountCost(const Held& held, const Round& round, Told* told);
  void FinishWorkload(Round* round) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishCosts(const Round& round) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_, result_mutex_);

  const CapacityOptions options_;
  const Price price_;
  const RecommendPolicy& policy_;
  WorkloadResolver resolver_;

  mutable absl::Mutex mutex_;
  UsageObserver* observer_ ABSL_GUARDED_BY(mutex_) = nullptr;        // may be null
  PriceBookSource prices_ ABSL_GUARDED_BY(mutex_);                   // may be empty
  std::shared_ptr<const PriceBook> priced_ ABSL_GUARDED_BY(mutex_);  // what `rates_` are of
  std::optional<NodeRates> rates_ ABSL_GUARDED_BY(mutex_);
  PodTable pods_ ABSL_GUARDED_BY(mutex_);
  DemandBook book_ ABSL_GUARDED_BY(mutex_);
  KubeFacts facts_ ABSL_GUARDED_BY(mutex_);
  ContainerStream containers_ ABSL_GUARDED_BY(mutex_);
  MachineStream machines_ ABSL_GUARDED_BY(mutex_);
  PodBinder binder_ ABSL_GUARDED_BY(mutex_);
  SeriesSink sink_ ABSL_GUARDED_BY(mutex_);
  std::vector<Step> walk_ ABSL_GUARDED_BY(mutex_);           // by key, as the book was …
  uint64_t walk_version_ ABSL_GUARDED_BY(mutex_) = 0;        // … at this version
  Timestamp looked_at_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;  // by Judge(), all of them
  Timestamp read_until_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;

  mutable absl::Mutex result_mutex_
      ABSL_ACQUIRED_AFTER(mutex_);  // so that a page does not wait for a run
  // By workload, then container. They stay where they are from run to run.
  std::vector<std::unique_ptr<Recommendation>> recommendations_ ABSL_GUARDED_BY(result_mutex_);
  std::vector<uint64_t> numbers_ ABSL_GUARDED_BY(result_mutex_);  // of their accumulators
  std::map<WorkloadKey, Told> told_ ABSL_GUARDED_BY(result_mutex_);
  CapacityStats stats_ ABSL_GUARDED_BY(result_mutex_);
};

}  // namespace outrider
