// SPDX-License-Identifier: Apache-2.0
// Right-sizing and cost of workloads and machines, from the series of cAdvisor, kube-state-metrics
// and node_exporter. The daemon calls, every evaluation interval,
//     capacity.Run(now); analytics.Run(now); table.Flush(appender, now);
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/capacity/container_usage.h"
#include "rules/capacity/host_usage.h"
#include "rules/capacity/kube_resources.h"
#include "rules/pricing/price_book.h"
#include "rules/capacity/recommendation.h"
#include "rules/capacity/series_row.h"
#include "rules/capacity/usage_histogram.h"
#include "rules/capacity/usage_observer.h"
#include "rules/capacity/workload_resolver.h"
#include "rules/promql/engine.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

struct CapacityOptions {
  std::string provider = "aws";             // aws, gcp, azure, on_prem
  std::string region;                       // empty: the provider's first
  std::optional<double> core_hour_dollars;  // own prices win over the table
  std::optional<double> gib_hour_dollars;
  std::string policy = "percentile";
  // Less than this, and no recommendation is given.
  DurationMs minimum_coverage = kHour;
  uint64_t minimum_samples = 10;
};

struct CapacityStats {
  uint64_t containers = 0;  // with samples in the last run
  uint64_t hosts = 0;
  uint64_t waiting = 0;  // containers whose pod's owner is not known yet
  std::string error;     // of the last run; empty when it went well
};

// Thread-safe; a run excludes another.
class CapacityEngine {
 public:
  // InvalidArgument for an unknown provider, region or policy (naming the known ones), negative
  // prices. `querier` and `table` outlive the engine.
  static StatusOr<std::unique_ptr<CapacityEngine>> Create(const CapacityOptions& options,
                                                          const Querier& querier,
                                                          DerivedTable& table);

  ~CapacityEngine();
  CapacityEngine(const CapacityEngine&) = delete;
  CapacityEngine& operator=(const CapacityEngine&) = delete;

  // Before the first Rebuild or Run. Outlives the engine.
  void SetObserver(UsageObserver* observer) { observer_ = observer; }
  // Feeds the last 24 hours from the windows, once after a start.
  void Rebuild(Timestamp now);
  // Uses the samples that came since the last run and refreshes the derived series.
  void Run(Timestamp now);

  // For the per-workload analytics entries.
  const WorkloadNames& workloads() const { return resolver_; }
  const Price& price() const { return price_; }
  // What the windows must keep.
  static std::vector<SeriesReference> Reach();

  std::vector<Recommendation> Recommendations() const;  // by workload, then container
  std::vector<WorkloadCost> Costs() const;              // by workload
  CapacityStats stats() const;

 private:
  struct UsageKey {
    WorkloadKey workload;
    std::string container;
    friend auto operator<=>(const UsageKey&, const UsageKey&) = default;
    friend bool operator==(const UsageKey&, const UsageKey&) = default;
  };
  struct Usage {
    UsageHistogram cpu{1e-4};
    UsageHistogram memory{1e5};
    RecommendationSeries series;
    uint64_t published = 0;  // in this run
  };
  struct Costed {
    CostSeries series;
    uint64_t published = 0;
  };
  // One container of one pod, or a machine: how far its samples are used and to whom they went.
  struct Instance {
    Timestamp cpu_done = INT64_MIN;
    Timestamp memory_done = INT64_MIN;
    Timestamp last_seen = INT64_MIN;
    UsageKey bound;
  };
  // What one run found.
  struct Held {
    std::vector<Holding> cpu;
    std::vector<Holding> memory;
    std::optional<double> cpu_limit;
    std::optional<double> memory_limit;
  };
  using HeldMap = std::map<UsageKey, Held>;

  CapacityEngine(const CapacityOptions& options, const Price& price, const RecommendPolicy& policy,
                 const Querier& querier, DerivedTable& table)
      : options_(options), price_(price), policy_(policy), querier_(querier), sink_{table} {}

  Status Read(Timestamp from, Timestamp to, HeldMap* held) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeContainer(const ContainerUsage& container, const KubeResources& resources, Timestamp now,
                     HeldMap* held) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeHost(const HostUsage& host, Timestamp now, HeldMap* held)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Feed(const std::vector<Sample>& cpu, const std::vector<Sample>& memory, const UsageKey& key,
            Instance* instance) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Bind(const UsageKey& key, Instance* instance) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishAll(const std::vector<Recommendation>& recommendations,
                  const std::vector<WorkloadCost>& costs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Judge(const HeldMap& held, Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CapacityOptions options_;
  const Price price_;
  const RecommendPolicy& policy_;
  const Querier& querier_;
  UsageObserver* observer_ = nullptr;  // may be null
  WorkloadResolver resolver_;

  mutable absl::Mutex mutex_;
  SeriesSink sink_ ABSL_GUARDED_BY(mutex_);
  uint64_t runs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<UsageKey, Usage> usage_ ABSL_GUARDED_BY(mutex_);
  std::map<WorkloadKey, Costed> costed_ ABSL_GUARDED_BY(mutex_);
  StringMap<Instance> instances_ ABSL_GUARDED_BY(mutex_);
  Timestamp read_until_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;
  Timestamp newest_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;  // newest sample used

  mutable absl::Mutex result_mutex_;  // so that a page does not wait for a run
  std::vector<Recommendation> recommendations_ ABSL_GUARDED_BY(result_mutex_);
  std::vector<WorkloadCost> costs_ ABSL_GUARDED_BY(result_mutex_);
  CapacityStats stats_ ABSL_GUARDED_BY(result_mutex_);
};

}  // namespace outrider
