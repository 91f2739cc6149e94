// SPDX-License-Identifier: Apache-2.0
// What is known of pods and containers beside their use, from kube-state-metrics, cAdvisor and the
// JVM: requests, limits, node, phase, starts, throttling, kills for memory, heap, autoscalers.
// Most of it never changes: it is read when its series is new and then looked at every
// quarter of an hour.
// Source: specs/cost_and_rightsizing.md §1.7, 4.1, 4.2, 4.3.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/recommend/replicas.h"
#include "rules/capacity/series_stream.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// A container was killed for its memory.
struct OomKill {
  uint32_t container = kNoSlot;
  Timestamp time = 0;
  bool at_start = false;  // known before the engine began: it may have been counted then
};

// Not thread-safe.
class KubeFacts {
 public:
  // Both outlive it.
  KubeFacts(const SampleFeed& feed, PodTable& pods);
  ~KubeFacts();

  void Update(Timestamp now);
  std::vector<OomKill> TakeKills() { return std::exchange(kills_, {}); }
  // Containers whose Java heap changed.
  std::vector<uint32_t> TakeHeaps() { return std::exchange(heaps_, {}); }
  // The autoscaler of a workload; nullptr: there is none.
  const HpaState* HpaOf(const WorkloadKey& workload) const;
  size_t series() const;
  size_t HeapBytes() const;

  static std::vector<SeriesReference> Reach(DurationMs horizon);

 private:
  class Stream;
  friend class Stream;
  struct Fact;
  struct Hpa {
    HpaState state;
    std::string target;  // "cluster/namespace/kind/name"
    uint32_t series = 0;
    std::string key;
  };
  // How a fact is read: found by its labels, then told by its newest value.
  using AdmitFn = uint32_t (KubeFacts::*)(const Labels& labels);
  using TakeFn = void (KubeFacts::*)(uint32_t slot, double before, double value, Timestamp time);
  using LeaveFn = void (KubeFacts::*)(uint32_t slot, double before);
  static std::vector<Fact> Facts();

  uint32_t PodFor(const Labels& labels);
  uint32_t ContainerFor(const Labels& labels);
  uint32_t AdmitContainer(const Labels& labels);  // kube-state-metrics, or the pod's own series
  uint32_t AdmitCadvisor(const Labels& labels);
  uint32_t AdmitResource(const Labels& labels);
  uint32_t AdmitInitResource(const Labels& labels);
  uint32_t AdmitPhase(const Labels& labels);
  uint32_t AdmitInfo(const Labels& labels);
  uint32_t AdmitStart(const Labels& labels);
  uint32_t AdmitHpa(const Labels& labels);
  uint32_t AdmitHpaInfo(const Labels& labels);
  uint32_t AdmitHpaTarget(const Labels& labels);
  void TakeRequest(uint32_t slot, double before, double value, Timestamp time);
  void TakeLimit(uint32_t slot, double before, double value, Timestamp time);
  void TakePhase(uint32_t slot, double before, double value, Timestamp time);
  void TakePodStart(uint32_t slot, double before, double value, Timestamp time);
  void TakeContainerStart(uint32_t slot, double before, double value, Timestamp time);
  void TakeRss(uint32_t slot, double before, double value, Timestamp time);
  void TakePeriods(uint32_t slot, double before, double value, Timestamp time);
  void TakeThrottled(uint32_t slot, double before, double value, Timestamp time);
  void TakeOomEvents(uint32_t slot, double before, double value, Timestamp time);
  void TakeOomReason(uint32_t slot, double before, double value, Timestamp time);
  void TakeTerminated(uint32_t slot, double before, double value, Timestamp time);
  void TakeRestarts(uint32_t slot, double before, double value, Timestamp time);
  void TakeHeapMax(uint32_t slot, double before, double value, Timestamp time);
  void TakeHeapCommitted(uint32_t slot, double before, double value, Timestamp time);
  void TakeHpaMin(uint32_t slot, double before, double value, Timestamp time);
  void TakeHpaMax(uint32_t slot, double before, double value, Timestamp time);
  void TakeHpaCurrent(uint32_t slot, double before, double value, Timestamp time);
  void TakeHpaTarget(uint32_t slot, double before, double value, Timestamp time);
  void TakeNothing(uint32_t slot, double before, double value, Timestamp time);
  void LeaveContainer(uint32_t slot, double before);
  void LeaveField(uint32_t slot, double before);
  void LeavePhase(uint32_t slot, double before);
  void LeaveOomReason(uint32_t slot, double before);
  void LeaveTerminated(uint32_t slot, double before);
  void LeaveHeapMax(uint32_t slot, double before);
  void LeaveHeapCommitted(uint32_t slot, double before);
  void LeaveHpa(uint32_t slot, double before);
  void LeaveHpaTarget(uint32_t slot, double before);

  // Of a container whose last end was a kill for memory.
  struct Killed {
    bool oom = false;         // the reason of its last end
    Timestamp ended = 0;      // its last end; 0: not told
    Timestamp restarted = 0;  // its count of restarts rose; 0: not since it is known
    bool at_start = false;
  };
  void Judge(uint32_t number);
  // Of a counter; one that fell began at 0 again. `before` may be NaN: nothing is known.
  static double Increase(double before, double value);

  PodTable& pods_;
  std::vector<std::unique_ptr<Stream>> streams_;
  absl::flat_hash_map<uint32_t, Killed> killed_;  // by container
  std::vector<OomKill> kills_;
  std::vector<uint32_t> heaps_;
  std::vector<Hpa> hpas_;
  std::vector<uint32_t> free_hpas_;
  absl::flat_hash_map<std::string, uint32_t> hpa_by_name_;
  absl::flat_hash_map<std::string, uint32_t> hpa_by_target_;
  Timestamp now_ = 0;
  bool began_ = false;  // the first Update() is over
};

}  // namespace outrider
