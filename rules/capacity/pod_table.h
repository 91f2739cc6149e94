// SPDX-License-Identifier: Apache-2.0
// The pods and containers that are known, by number: names are looked up once, when a series is
// new. A machine, a process group or a systemd unit is a pod with one container.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/capacity/pod_inventory.h"
#include "rules/capacity/recommend/demand.h"
#include "storage/model/sample.h"

namespace outrider {

struct DemandEntry;  // demand_book.h

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// What one container uses of one resource: who tells, how far, and how much lately.
class UseChannel {
 public:
  static constexpr DurationMs kHalf = 150 * kSecond;  // half of what is current

  // Whether a sample of this series counts. Of several that tell of the same thing (two endpoints,
  // two scrapers, a predecessor) one is followed, as long as it goes on.
  bool Accepts(uint32_t series, Timestamp time) const;
  void Use(uint32_t series, Timestamp time, double value);
  // A staleness marker: the series ended.
  void End(uint32_t series, Timestamp time);

  // Mean of the last minutes before `now`; nothing without samples there, or once it has ended.
  std::optional<double> Current(Timestamp now) const;
  Timestamp newest() const { return newest_; }
  // Nobody tells of it, or who did told that it ended.
  bool ended() const { return ended_ || newest_ == INT64_MIN; }

 private:
  Timestamp newest_ = INT64_MIN;
  uint32_t leader_ = kNoSlot;
  int32_t interval_ = 0;  // between the leader's last two
  bool ended_ = false;
  uint16_t count_ = 0;  // of this half and of the one before
  uint16_t count_before_ = 0;
  int64_t half_ = INT64_MIN;
  double sum_ = 0;
  double sum_before_ = 0;
};

// A container was killed for its memory.
struct OomKill {
  uint32_t container = UINT32_MAX;
  Timestamp time = 0;
  bool at_start = false;  // known before the engine began: it may have been counted then
};

// The most memory without file cache that a container was told to hold on a day.
struct ResidentPeak {
  uint32_t container = UINT32_MAX;
  Timestamp time = 0;
  double bytes = 0;
};

// What waits for its pod's owner.
struct ParkedUse {
  static constexpr size_t kMost = 256;
  static constexpr size_t kMostKills = 16;
  std::vector<Sample> cpu;
  std::vector<Sample> memory;
  std::vector<OomKill> kills;
  std::vector<ResidentPeak> resident;  // by day: few
};

// In lines of the cache: first what every sample needs, then what every look at it needs, with what
// both do between them.
struct alignas(64) Container {
  ContainerInstance instance;
  double rss = -1;    // newest; -1: not known
  float periods = 0;  // CPU periods, and those cut short, of the last minutes
  float throttled = 0;
  Timestamp started = 0;             // of this run of it; 0: not known
  Timestamp pod_started = 0;         // PodTable::SetStarted()
  Timestamp skip_until = INT64_MIN;  // what is older was taken in before a restart
  // What a look at it needs, from here.
  uint32_t pod = kNoSlot;        // kNoSlot: the slot is free
  uint32_t series = 0;           // that tell of it
  DemandEntry* entry = nullptr;  // nullptr: not bound yet
  UseChannel cpu;
  UseChannel memory;
  bool init = false;
  bool retired = false;  // DemandBook::Retire()
  // What a sample needs, up to here.
  ContainerResources requests;
  ContainerResources limits;
  // What few need.
  Timestamp told = INT64_MIN;  // newest sample of requests or limits
  double heap_max = 0;         // of a JVM
  double heap_committed = 0;
  Timestamp last_oom = 0;  // of this pod's, that was counted
  Sample uncached = {};    // the largest working set while `rss` is not known
  std::unique_ptr<ParkedUse> parked;
  std::string name;
  std::string image;
  uint64_t birth = 0;

  double ThrottledRatio() const { return periods > 0 ? throttled / periods : 0; }
  // What is looked at of its use, and what a sample of it needs, soon.
  void PrefetchUse() const { PrefetchRange(&pod, &told); }
  void PrefetchSample() const { PrefetchRange(this, &requests); }

 private:
  static void PrefetchRange(const void* begin, const void* end) {
    constexpr uintptr_t kLine = 64;
    const auto last = reinterpret_cast<uintptr_t>(end);
    for (auto at = reinterpret_cast<uintptr_t>(begin) / kLine * kLine; at < last; at += kLine) {
      __builtin_prefetch(reinterpret_cast<const void*>(at));
    }
  }
};

struct Pod {
  bool used = false;
  bool resolved = false;  // `workload` is set
  bool by_name = false;   // as it looks; may become another
  PodPhase phase = PodPhase::kUnknown;
  uint32_t series = 0;  // that tell of the pod itself
  std::string cluster;
  std::string namespace_name;
  std::string name;
  std::string uid;
  std::string node;
  Timestamp started = 0;
  WorkloadKey workload;              // of a machine: from the beginning
  std::vector<uint32_t> containers;  // numbers
  bool is_machine = false;
};

// An init container that still runs once its pod does is a sidecar: its request adds to those of
// the others. That of one that runs before them does not.
inline bool AddsToPod(const Container& container, const Pod& pod) {
  return !container.init || pod.phase == PodPhase::kRunning || pod.phase == PodPhase::kUnknown;
}

struct PodName {
  std::string_view cluster;
  std::string_view namespace_name;
  std::string_view pod;
};

// Not thread-safe. Numbers are used again; references hold until the next Make…().
class PodTable {
 public:
  // Found or made. A pod lives while series or containers hold it, a container while series do.
  uint32_t MakePod(const PodName& name, bool* is_new);
  uint32_t MakeContainer(uint32_t pod, std::string_view name);
  uint32_t MakeMachine(const WorkloadKey& workload, std::string_view instance);  // a container

  Pod& pod(uint32_t number) { return pods_[number]; }
  const Pod& pod(uint32_t number) const { return pods_[number]; }
  Container& container(uint32_t number) { return containers_[number]; }
  const Container& container(uint32_t number) const { return containers_[number]; }
  const Pod& PodOf(const Container& container) const { return pods_[container.pod]; }

  // Of the pod and of its containers.
  void SetStarted(uint32_t pod, Timestamp started);

  void HoldPod(uint32_t number) { ++pods_[number].series; }
  void HoldContainer(uint32_t number) { ++containers_[number].series; }
  // One series less. What nothing holds any more is listed by Unheld().
  void LeavePod(uint32_t number);
  void LeaveContainer(uint32_t number);
  // Containers that nothing holds since the last call. The caller is done with them; then Free().
  std::vector<uint32_t> TakeUnheld();
  void Free(uint32_t number);
  // Finds what was made and never held.
  void Sweep();
  // Pods that went since the last call: the names they had.
  struct Gone {
    std::string cluster;
    std::string namespace_name;
    std::string name;
  };
  std::vector<Gone> TakeGone() { return std::exchange(gone_, {}); }

  // Pods that were made since the last call; machines are none.
  std::vector<uint32_t> TakeNewPods() { return std::exchange(new_pods_, {}); }

  uint32_t pods() const { return static_cast<uint32_t>(pods_.size()); }  // slots
  uint32_t containers() const { return static_cast<uint32_t>(containers_.size()); }
  size_t live_containers() const { return containers_.size() - free_containers_.size(); }

 private:
  uint32_t NewPod(std::string text);
  void FreePodIfUnheld(uint32_t number);

  std::vector<Pod> pods_;
  std::vector<Container> containers_;
  std::vector<uint32_t> free_pods_;
  std::vector<uint32_t> free_containers_;
  std::vector<uint32_t> unheld_;
  std::vector<Gone> gone_;
  std::vector<uint32_t> new_pods_;
  absl::flat_hash_map<std::string, uint32_t> by_name_;
  uint64_t births_ = 0;
};

}  // namespace outrider
