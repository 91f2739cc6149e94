// SPDX-License-Identifier: Apache-2.0
// What is known of pods and containers beside their use, from kube-state-metrics, cAdvisor and the
// JVM: requests, limits, node, phase, starts, throttling, kills for memory, heap, autoscalers.
// Most of it never changes: it is read when its series is new and then looked at every
// quarter of an hour.
// Source: specs/cost_and_rightsizing.md §1.7, 4.1, 4.2, 4.3.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/capacity/java_heaps.h"
#include "rules/capacity/last_end.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/recommend/replicas.h"
#include "rules/capacity/series_stream.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Not thread-safe.
class KubeFacts {
 public:
  // Both outlive it.
  KubeFacts(const SampleFeed& feed, PodTable& pods);
  ~KubeFacts();

  void Update(Timestamp now);
  std::vector<OomKill> TakeKills() { return std::exchange(kills_, {}); }
  // Of each container and day that rss was told of since the last call.
  std::vector<ResidentPeak> TakeResidentPeaks() { return std::exchange(resident_, {}); }
  // Containers whose Java heap changed.
  std::vector<uint32_t> TakeHeaps() { return std::exchange(heaps_, {}); }
  // The autoscaler of a workload; nullptr: there is none.
  const HpaState* HpaOf(const WorkloadKey& workload) const;
  // Whether a machine is a node of Kubernetes; by its name or address, with a port or without.
  bool IsNode(std::string_view cluster, std::string_view instance) const;
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
    std::array<uint32_t, 3> target_series = {};  // of them: by what they tell a target of
    std::string key;
  };
  // What a series told since it was looked at: finite values, one at least.
  struct Told {
    double before;  // its last value until then; NaN: none
    std::span<const Timestamp> times;
    std::span<const double> values;
    double value() const { return values.back(); }
    Timestamp time() const { return times.back(); }
    double Largest() const { return *std::ranges::max_element(values); }
    // How much it grew as a counter; one that fell began at 0 again. What came before the first
    // value is not known.
    double Increase() const;
    // Where it did: `rose(time)`, of each value that is above the one before it.
    template <typename Rose>
    void ForEachRise(Rose rose) const;
  };
  static constexpr double kInterrupted = -1;  // a reason whose series ended
  // How a fact is read: found by its labels, then told by its values.
  using AdmitFn = uint32_t (KubeFacts::*)(const Labels& labels);
  using TakeFn = void (KubeFacts::*)(uint32_t slot, const Told& told);
  using LeaveFn = void (KubeFacts::*)(uint32_t slot, double before);
  static std::vector<Fact> Facts();

  uint32_t PodFor(const Labels& labels);
  uint32_t ContainerFor(const Labels& labels);
  uint32_t AdmitContainer(const Labels& labels);  // kube-state-metrics, or the pod's own series
  uint32_t AdmitCadvisor(const Labels& labels);
  uint32_t AdmitResource(const Labels& labels);
  uint32_t AdmitInitResource(const Labels& labels);
  uint32_t AdmitInit(const Labels& labels);
  uint32_t AdmitPhase(const Labels& labels);
  uint32_t AdmitInfo(const Labels& labels);
  uint32_t AdmitStart(const Labels& labels);
  uint32_t AdmitEnd(const Labels& labels);   // what tells of a container's last end
  uint32_t AdmitHeap(const Labels& labels);  // a pool of a Java heap
  uint32_t AdmitNode(const Labels& labels);
  uint32_t AdmitHpa(const Labels& labels);
  uint32_t AdmitHpaInfo(const Labels& labels);
  uint32_t AdmitHpaTarget(const Labels& labels);
  void TakeRequest(uint32_t slot, const Told& told);
  void TakeLimit(uint32_t slot, const Told& told);
  void TakePhase(uint32_t slot, const Told& told);
  void TakePodStart(uint32_t slot, const Told& told);
  void TakeContainerStart(uint32_t slot, const Told& told);
  void TakeRss(uint32_t slot, const Told& told);
  void TakePeriods(uint32_t slot, const Told& told);
  void TakeThrottled(uint32_t slot, const Told& told);
  void TakeOomEvents(uint32_t slot, const Told& told);
  void TakeOomReason(uint32_t slot, const Told& told);
  void TakeTerminated(uint32_t slot, const Told& told);
  void TakeRestarts(uint32_t slot, const Told& told);
  void TakeHeap(uint32_t slot, const Told& told);
  void TakeHpaMin(uint32_t slot, const Told& told);
  void TakeHpaMax(uint32_t slot, const Told& told);
  void TakeHpaCurrent(uint32_t slot, const Told& told);
  void TakeHpaTarget(uint32_t slot, const Told& told);
  void TakeNothing(uint32_t slot, const Told& told);
  void LeaveContainer(uint32_t slot, double before);
  void LeaveField(uint32_t slot, double before);
  void LeavePhase(uint32_t slot, double before);
  void LeaveEnd(uint32_t slot, double before);
  void LeaveHeap(uint32_t slot, double before);
  void LeaveNode(uint32_t slot, double before);
  void LeaveHpa(uint32_t slot, double before);
  void LeaveHpaTarget(uint32_t slot, double before);

  void Judge(uint32_t number, Timestamp time);
  void JudgeEnd(uint32_t number);
  void SumHeap(uint32_t number);
  LastEnd& EndOf(uint32_t number);

  PodTable& pods_;
  std::vector<std::unique_ptr<Stream>> streams_;
  absl::flat_hash_map<uint32_t, LastEnd> ends_;  // by container
  JavaHeaps java_heaps_;
  std::vector<OomKill> kills_;
  std::vector<ResidentPeak> resident_;
  std::vector<uint32_t> heaps_;
  std::vector<Hpa> hpas_;
  std::vector<uint32_t> free_hpas_;
  std::vector<std::array<std::string, 2>> nodes_;  // name and address; by slot
  std::vector<uint32_t> free_nodes_;
  absl::flat_hash_map<std::string, uint32_t> series_of_nodes_;  // by both
  absl::flat_hash_map<std::string, uint32_t> hpa_by_name_;
  absl::flat_hash_map<std::string, uint32_t> hpa_by_target_;
  Timestamp now_ = 0;
  bool began_ = false;  // the first Update() is over
};

}  // namespace outrider
