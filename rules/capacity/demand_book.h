// SPDX-License-Identifier: Apache-2.0
// The accumulators of what workloads' containers need, and whose samples go into which: a container
// of a pod is bound to its workload once the pod's owner is known, late owners take along what was
// put down to a guess, and what dead pods used stays. Kept in the state store (family kCapacity):
//
//   key    cluster 0 namespace 0 workload 0 kind 0 container 0
//   value  row_codec: format, time up to which samples are in it, ContainerDemand::Save,
//          number of pods, each: name, ContainerInstance::Save; from format 2 on what it held
//          last, and of what comes and goes how long it ran
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
#include "rules/capacity/recommend/run_time.h"
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

// What a container's replicas held when one was last there. NaN: not set.
struct LastHeld {
  float cpu_request = std::numeric_limits<float>::quiet_NaN();  // cores, bytes
  float memory_request = std::numeric_limits<float>::quiet_NaN();
  float cpu_limit = std::numeric_limits<float>::quiet_NaN();
  float memory_limit = std::numeric_limits<float>::quiet_NaN();
  // Of the node it ran on, dollars an hour of a core and a byte; not saved.
  float core_price = std::numeric_limits<float>::quiet_NaN();
  float byte_price = std::numeric_limits<float>::quiet_NaN();
  uint16_t containers_in_pod = 1;
  bool init = false;
};

struct DemandEntry {
  const UsageKey* key = nullptr;
  uint64_t number = 0;          // never used again
  std::vector<uint32_t> bound;  // containers
  bool changed = false;         // since it was saved
  bool stored = false;          // there is a row
  bool guessed = false;         // its workload is as the pods' names look
  bool ended = false;           // its replicas were told to have ended, as far as they are known
  LastHeld last;
  std::unique_ptr<RunTime> run_time;  // of what comes and goes; nullptr: it runs all the time
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
  // The senders of one that tells nothing for so long are silent, or it is gone.
  static constexpr DurationMs kSilence = 5 * kMinute;

  // `pods` outlives the book; `observer` and `store` may be null, or outlive it.
  DemandBook(PodTable& pods, StateStore* store) : pods_(pods), store_(store) {}

  void SetObserver(UsageObserver* observer) { observer_ = observer; }

  // Samples of a container that is not bound yet wait with it.
  void OnUse(uint32_t number, UseKind kind, std::span<const Sample> points) override;
  void Prefetch(uint32_t number, UseKind kind, Near near) const override;
  // The container's workload is known, or became another. True if it is another.
  bool Bind(uint32_t number);
  void Kill(const OomKill& kill);
  void SetHeap(uint32_t number);
  void AddResident(const ResidentPeak& peak);
  // Whether what it needs is still told of, though none of its replicas is there: a CronJob comes
  // again, others if all senders are silent.
  bool IsAwaited(const DemandEntry& entry) const;
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
  static void NoteRun(Timestamp time, DurationMs age, const ContainerInstance& instance,
                      DemandEntry* entry);
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
  Timestamp newest_ = INT64_MIN;  // sample of anything
  DemandBookStats stats_;
};

}  // namespace outrider
