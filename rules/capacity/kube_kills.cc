// SPDX-License-Identifier: Apache-2.0
// Part of KubeFacts: kills for memory, Java heaps, autoscalers. The reason of a container's last
// end is a gauge that stays 1: a kill is new when the time of that end, or the count of restarts,
// has changed.
#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/capacity/kube_facts.h"
#include "rules/capacity/kube_label.h"

namespace outrider {
namespace {

// Two series that tell of one kill do so within this.
constexpr DurationMs kOneKill = 5 * kMinute;
// A metric of an autoscaler: hpa * kTargets + which.
enum : uint32_t { kCpuTarget, kMemoryTarget, kOtherTarget, kTargets };

std::string TargetKey(std::string_view cluster, std::string_view namespace_name,
                      std::string_view kind, std::string_view name) {
  return fmt::format("{}/{}/{}/{}", cluster, namespace_name, kind, name);
}

std::string HpaKey(const Labels& labels) {
  return fmt::format("{}/{}/{}", labels.Get("cluster"), KubeLabel(labels, "namespace"),
                     KubeLabel(labels, "horizontalpodautoscaler"));
}

uint64_t Count(double value) { return value > 0 ? static_cast<uint64_t>(value) : 0; }

}  // namespace

void KubeFacts::TakeOomEvents(uint32_t slot, double before, double value, Timestamp time) {
  Container& container = pods_.container(slot);
  if (Increase(before, value) <= 0 || time - container.last_oom < kOneKill) return;
  container.last_oom = time;
  kills_.push_back({.container = slot, .time = time});
}

void KubeFacts::TakeOomReason(uint32_t slot, double /*before*/, double value, Timestamp time) {
  const auto [place, is_new] = killed_.try_emplace(slot);
  Killed& killed = place->second;
  if (is_new) killed.at_start = !began_;
  const bool begins = value > 0 && !killed.oom;
  killed.oom = value > 0;
  // Without the time of its end: now, unless it was there before we were.
  if (begins && killed.restarted == 0 && began_) killed.restarted = time;
  Judge(slot);
}

void KubeFacts::TakeTerminated(uint32_t slot, double /*before*/, double value, Timestamp /*time*/) {
  const auto [place, is_new] = killed_.try_emplace(slot);
  if (is_new) place->second.at_start = !began_;
  place->second.ended = static_cast<Timestamp>(value * kSecond);
  Judge(slot);
}

void KubeFacts::TakeRestarts(uint32_t slot, double before, double value, Timestamp time) {
  if (Increase(before, value) <= 0) return;
  const auto found = killed_.find(slot);
  if (found == killed_.end()) return;
  found->second.restarted = time;
  Judge(slot);
}

void KubeFacts::Judge(uint32_t number) {
  Killed& killed = killed_[number];
  const Timestamp time = killed.ended != 0 ? killed.ended : killed.restarted;
  Container& container = pods_.container(number);
  if (!killed.oom || time == 0 || time - container.last_oom < kOneKill) return;
  container.last_oom = time;
  kills_.push_back({.container = number, .time = time, .at_start = killed.at_start});
  killed.at_start = false;
}

void KubeFacts::LeaveOomReason(uint32_t slot, double /*before*/) {
  killed_.erase(slot);
  pods_.LeaveContainer(slot);
}

void KubeFacts::LeaveTerminated(uint32_t slot, double /*before*/) {
  const auto found = killed_.find(slot);
  if (found != killed_.end() && !found->second.oom) killed_.erase(found);
  pods_.LeaveContainer(slot);
}

// A heap is several pools; those without a maximum tell -1.
void KubeFacts::TakeHeapMax(uint32_t slot, double before, double value, Timestamp /*time*/) {
  pods_.container(slot).heap_max += std::max(value, 0.0) - (before > 0 ? before : 0);
  if (before != value) heaps_.push_back(slot);
}

void KubeFacts::TakeHeapCommitted(uint32_t slot, double before, double value, Timestamp /*time*/) {
  pods_.container(slot).heap_committed += std::max(value, 0.0) - (before > 0 ? before : 0);
  if (before != value) heaps_.push_back(slot);
}

void KubeFacts::LeaveHeapMax(uint32_t slot, double before) {
  pods_.container(slot).heap_max -= before > 0 ? before : 0;
  pods_.LeaveContainer(slot);
}

void KubeFacts::LeaveHeapCommitted(uint32_t slot, double before) {
  pods_.container(slot).heap_committed -= before > 0 ? before : 0;
  pods_.LeaveContainer(slot);
}

// --- autoscalers

uint32_t KubeFacts::AdmitHpa(const Labels& labels) {
  std::string key = HpaKey(labels);
  const auto [place, is_new] = hpa_by_name_.try_emplace(key, static_cast<uint32_t>(hpas_.size()));
  if (is_new) {
    if (free_hpas_.empty()) {
      hpas_.emplace_back();
    } else {
      place->second = free_hpas_.back();
      free_hpas_.pop_back();
    }
    Hpa& hpa = hpas_[place->second];
    hpa.state.name = KubeLabel(labels, "horizontalpodautoscaler");
    hpa.key = std::move(key);
  }
  ++hpas_[place->second].series;
  return place->second;
}

uint32_t KubeFacts::AdmitHpaInfo(const Labels& labels) {
  const uint32_t number = AdmitHpa(labels);
  Hpa& hpa = hpas_[number];
  if (!hpa.target.empty()) hpa_by_target_.erase(hpa.target);
  hpa.target = TargetKey(labels.Get("cluster"), KubeLabel(labels, "namespace"),
                         labels.Get("scaletargetref_kind"), labels.Get("scaletargetref_name"));
  hpa_by_target_[hpa.target] = number;
  return number;
}

uint32_t KubeFacts::AdmitHpaTarget(const Labels& labels) {
  const std::string_view metric = labels.Get("metric_name");
  uint32_t which = kOtherTarget;
  if (labels.Get("metric_target_type") == "utilization") {
    if (metric == "cpu") which = kCpuTarget;
    if (metric == "memory") which = kMemoryTarget;
  }
  return AdmitHpa(labels) * kTargets + which;
}

void KubeFacts::TakeHpaTarget(uint32_t slot, double /*before*/, double value, Timestamp /*time*/) {
  HpaState& state = hpas_[slot / kTargets].state;
  if (slot % kTargets == kCpuTarget) state.cpu_target = value / 100;
  if (slot % kTargets == kMemoryTarget) state.memory_target = value / 100;
  if (slot % kTargets == kOtherTarget) state.other_metrics = true;
}

void KubeFacts::TakeHpaMin(uint32_t slot, double /*before*/, double value, Timestamp /*time*/) {
  hpas_[slot].state.min_replicas = Count(value);
}

void KubeFacts::TakeHpaMax(uint32_t slot, double /*before*/, double value, Timestamp /*time*/) {
  hpas_[slot].state.max_replicas = Count(value);
}

void KubeFacts::TakeHpaCurrent(uint32_t slot, double /*before*/, double value, Timestamp /*time*/) {
  hpas_[slot].state.current_replicas = Count(value);
}

void KubeFacts::LeaveHpa(uint32_t slot, double /*before*/) {
  Hpa& hpa = hpas_[slot];
  if (--hpa.series > 0) return;
  hpa_by_name_.erase(hpa.key);
  const auto found = hpa_by_target_.find(hpa.target);
  if (found != hpa_by_target_.end() && found->second == slot) hpa_by_target_.erase(found);
  hpa = {};
  free_hpas_.push_back(slot);
}

void KubeFacts::LeaveHpaTarget(uint32_t slot, double before) {
  HpaState& state = hpas_[slot / kTargets].state;
  if (slot % kTargets == kCpuTarget) state.cpu_target.reset();
  if (slot % kTargets == kMemoryTarget) state.memory_target.reset();
  LeaveHpa(slot / kTargets, before);
}

const HpaState* KubeFacts::HpaOf(const WorkloadKey& workload) const {
  if (hpa_by_target_.empty()) return nullptr;
  const auto found = hpa_by_target_.find(TargetKey(workload.cluster, workload.namespace_name,
                                                   workload.workload_kind, workload.workload));
  return found == hpa_by_target_.end() ? nullptr : &hpas_[found->second].state;
}

}  // namespace outrider
