// SPDX-License-Identifier: Apache-2.0
// What is wrong with workloads, found on the stream: fed by the capacity engine, which reads the
// series, and told by it when to judge. Publishes outrider_workload_finding_score, _confidence and
// _severity, and completes the recommendations' findings, from which the health score follows.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/analytics/workload_names.h"
#include "rules/capacity/usage_observer.h"
#include "rules/workloads/container_state.h"
#include "storage/state/state_store.h"

namespace outrider {

struct WorkloadStats {
  uint64_t containers = 0;  // that are remembered
  uint64_t findings = 0;    // active
  std::string error;        // of the last reading of counters, or writing of states; empty: none
};

// Thread-safe. State survives a restart: findings and the hours of the last days are rows of the
// state store, the last hours come from the windows (CapacityEngine::Rebuild).
class WorkloadEngine final : public UsageObserver {
 public:
  // A minute is looked at this long after its end: senders deliver late.
  static constexpr DurationMs kGrace = 30 * kSecond;
  // Without samples for this long, what was found ends.
  static constexpr DurationMs kSilence = 10 * kMinute;

  // All outlive the engine.
  WorkloadEngine(const Querier& querier, const WorkloadNames& names, DerivedTable& table,
                 StateStore& store)
      : querier_(querier), names_(names), table_(table), store_(store) {}
  ~WorkloadEngine() override;
  WorkloadEngine(const WorkloadEngine&) = delete;
  WorkloadEngine& operator=(const WorkloadEngine&) = delete;

  // Reads the rows, once after a start. A row that cannot be read begins anew.
  Status Restore();

  void OnUsage(const UsageOwner& owner, std::span<const Sample> cpu,
               std::span<const Sample> memory) override;
  void OnRead(Timestamp to) override;
  void OnJudge(Timestamp now,
               std::span<const std::unique_ptr<Recommendation>> recommendations) override;

  // The active ones, by workload, then container.
  std::vector<WorkloadFinding> Findings() const;
  WorkloadStats stats() const;

 private:
  struct Key {
    WorkloadKey workload;
    std::string container;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  // One active finding on /metrics.
  struct Published {
    FindingType type = FindingType::kMemoryLeak;
    FindingResource resource = FindingResource::kCpu;
    DerivedTable::Handle score = DerivedTable::kNone;
    DerivedTable::Handle confidence = DerivedTable::kNone;
    DerivedTable::Handle severity = DerivedTable::kNone;
    bool current = false;
  };
  struct Entry {
    ContainerState state;
    std::vector<Published> published;
    bool unsaved = false;
  };
  using Entries = std::map<Key, Entry>;

  Status ReadCounters(Timestamp to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Judge(const Key& key, const Recommendation* recommendation, Timestamp now, Entry* entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish(const Key& key, Entry* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Published Announce(const Key& key, const Evidence& evidence);
  void Withdraw(const Published& published);
  Status SaveSome() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Querier& querier_;
  const WorkloadNames& names_;
  DerivedTable& table_;
  StateStore& store_;

  mutable absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  // By the number of who is told of (usage_observer.h); emptied when entries go.
  absl::flat_hash_map<uint64_t, Entry*> by_number_ ABSL_GUARDED_BY(mutex_);
  ContainerCounters counters_ ABSL_GUARDED_BY(mutex_);
  std::vector<DerivedTable::Update> updates_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> gone_ ABSL_GUARDED_BY(mutex_);       // rows to delete
  int64_t closed_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;          // up to this minute
  Timestamp first_judged_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;  // since the start
  WorkloadStats stats_ ABSL_GUARDED_BY(mutex_);                 // without the error
  std::string read_error_ ABSL_GUARDED_BY(mutex_);
  std::string write_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
