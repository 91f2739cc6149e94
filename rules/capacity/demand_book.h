// SPDX-License-Identifier: Apache-2.0
// The accumulators of what workloads' containers need, and whose samples go into which: a container
// of a pod is bound to its workload once the pod's owner is known, late owners take along what was
// put down to a guess, and what dead pods used stays. Kept in the state store (family kCapacity):
//
//   key    cluster 0 namespace 0 workload 0 kind 0 container 0
//   value  row_codec: format, time up to which samples are in it, ContainerDemand::Save,
//          number of pods, each: name, ContainerInstance::Save
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/capacity/kube_facts.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/series_row.h"
#include "rules/capacity/usage_observer.h"
#include "rules/capacity/use_sink.h"
#include "storage/base/hash.h"
#include "storage/state/state_store.h"

namespace outrider {

struct UsageKey {
  WorkloadKey workload;
  std::string container;
  friend auto operator<=>(const UsageKey&, const UsageKey&) = default;
  friend bool operator==(const UsageKey&, const UsageKey&) = default;
};

struct DemandEntry {
  const UsageKey* key = nullptr;
  uint64_t number = 0;          // never used again
  std::vector<uint32_t> bound;  // containers
  bool changed = false;         // since it was saved
  bool stored = false;          // there is a row
  bool guessed = false;         // its workload is as the pods' names look
  // When it was judged, on how many samples, and beyond what a sample is news (cores, bytes).
  Timestamp judged = INT64_MIN;
  uint64_t judged_samples = 0;
  double cpu_edge = std::numeric_limits<double>::infinity();
  double memory_edge = std::numeric_limits<double>::infinity();
  bool news = false;
  uint32_t place = UINT32_MAX;  // among the recommendations, if that one has its number
  RecommendationSeries series;
  // What was saved: samples up to `until` are in it, and of these pods it knows how far.
  Timestamp until = INT64_MIN;
  std::unique_ptr<StringMap<ContainerInstance>> saved;
  ContainerDemand demand;  // last: a walk over all looks at what stands before it
};

struct DemandBookStats {
  uint64_t rows = 0;  // written
  uint64_t bytes = 0;
  uint64_t lost = 0;  // rows that could not be read
};

// Not thread-safe.
class DemandBook final : public UseSink {
 public:
  using Entries = std::map<UsageKey, DemandEntry>;
  static constexpr DurationMs kKeep = 8 * kDay;  // of a workload that is gone

  // `pods` outlives the book; `observer` and `store` may be null, or outlive it.
  DemandBook(PodTable& pods, StateStore* store) : pods_(pods), store_(store) {}

  void SetObserver(UsageObserver* observer) { observer_ = observer; }

  // Samples of a container that is not bound yet wait with it.
  void OnUse(uint32_t number, UseKind kind, std::span<const Sample> points) override;
  void Prefetch(uint32_t number) const override;
  // The container's workload is known, or became another. True if it is another.
  bool Bind(uint32_t number);
  void Kill(const OomKill& kill);
  void SetHeap(uint32_t number);
  // Nothing is told of its use (any more): what its pod alone needed is kept. It may come back.
  void Retire(uint32_t number);
  // The container is gone.
  void Release(uint32_t number);

  // Reads what was saved. A row that cannot be read begins anew.
  Status Restore();
  // The rows of those that changed, so many in turn that all have theirs within `period`; 0: all.
  // `until`: samples up to here are in them.
  Status Save(Timestamp until, Timestamp now, DurationMs period);
  // Removes what is long gone, with their rows; `last` looks at each before.
  template <typename Last>
  void Forget(Timestamp now, Last last) {
    for (auto place = entries_.begin(); place != entries_.end();) {
      if (!IsOld(place->second, now)) {
        ++place;
        continue;
      }
      last(&place->second);
      place = Erase(place, nullptr);
    }
  }

  Entries& entries() { return entries_; }
  const Entries& entries() const { return entries_; }
  // Another number whenever entries came or went.
  uint64_t version() const { return version_; }
  const DemandBookStats& stats() const { return stats_; }
  // Entries a late owner made pointless; their derived series end.
  std::vector<RecommendationSeries> TakeEnded() { return std::exchange(ended_, {}); }

 private:
  // A row that is to be deleted.
  struct GoneRow {
    std::string key;
    std::optional<UsageKey> heir;
  };
  DemandEntry& EntryFor(const WorkloadKey& workload, const std::string& container);
  void Attach(uint32_t number, DemandEntry* entry);
  void Feed(UseKind kind, std::span<const Sample> points, Container* container);
  static bool IsOld(const DemandEntry& entry, Timestamp now);
  // `heir` took along what it held; nullptr: nobody.
  Entries::iterator Erase(Entries::iterator place, const UsageKey* heir);
  void NoteSaved(const Batch& batch, const std::set<DemandEntry*>& written);
  bool LoadRow(const Row& row);
  std::string RowOf(const DemandEntry& entry, Timestamp until, Timestamp now) const;

  PodTable& pods_;
  StateStore* store_;
  UsageObserver* observer_ = nullptr;
  Entries entries_;
  uint64_t numbers_ = 0;
  uint64_t version_ = 1;
  std::vector<RecommendationSeries> ended_;
  std::vector<GoneRow> gone_rows_;
  std::optional<UsageKey> saved_up_to_;  // Save() goes on behind it
  Timestamp saved_at_ = INT64_MIN;
  Timestamp restored_at_ = INT64_MIN;
  DemandBookStats stats_;
};

}  // namespace outrider
