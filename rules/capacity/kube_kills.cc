// SPDX-License-Identifier: Apache-2.0
// Part of KubeFacts: kills for memory, Java heaps, autoscalers.
#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/capacity/kube_facts.h"
#include "rules/capacity/kube_label.h"

namespace outrider {
namespace {

// Two series that tell of one kill do so within this.
constexpr DurationMs kOneKill = LastEnd::kTogether;
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

template <typename Rose>
void KubeFacts::Told::ForEachRise(Rose rose) const {
  double last = before;
  for (size_t i = 0; i < values.size(); ++i) {
    // One that fell began at 0 again.
    if (!std::isnan(last) && (values[i] > last || (values[i] < last && values[i] > 0))) {
      rose(times[i]);
    }
    last = values[i];
  }
}

LastEnd& KubeFacts::EndOf(uint32_t number) {
  const auto [place, is_new] = ends_.try_emplace(number);
  if (is_new) place->second.at_start = !began_;
  return place->second;
}

void KubeFacts::Judge(uint32_t number, Timestamp time) {
  Container& container = pods_.container(number);
  if (time - container.last_oom < kOneKill) return;
  container.last_oom = time;
  bool at_start = !began_;
  if (const auto end = ends_.find(number); end != ends_.end()) {
    at_start |= std::exchange(end->second.at_start, false);
  }
  kills_.push_back({.container = number, .time = time, .at_start = at_start});
}

void KubeFacts::JudgeEnd(uint32_t number) {
  const auto found = ends_.find(number);
  if (found == ends_.end()) return;
  if (const auto time = found->second.KilledAt()) Judge(number, *time);
}

void KubeFacts::TakeOomEvents(uint32_t slot, const Told& told) {
  told.ForEachRise([&](Timestamp time) { Judge(slot, time); });
}

void KubeFacts::TakeOomReason(uint32_t slot, const Told& told) {
  using Oom = LastEnd::Oom;
  LastEnd& end = EndOf(slot);
  for (size_t i = 0; i < told.values.size(); ++i) {
    const double value = told.values[i];
    const Oom other = value == kInterrupted ? Oom::kInterrupted : Oom::kNo;
    end.Reason(told.times[i], value > 0 ? Oom::kYes : other, began_);
  }
  JudgeEnd(slot);
}

void KubeFacts::TakeTerminated(uint32_t slot, const Told& told) {
  LastEnd& end = EndOf(slot);
  for (size_t i = 0; i < told.values.size(); ++i) {
    end.Ended(told.times[i], static_cast<Timestamp>(told.values[i] * kSecond));
  }
  JudgeEnd(slot);
}

void KubeFacts::TakeRestarts(uint32_t slot, const Told& told) {
  const auto end = ends_.find(slot);
  if (end == ends_.end()) return;
  told.ForEachRise([&](Timestamp time) {
    end->second.Restarted(time);
    JudgeEnd(slot);
  });
}

void KubeFacts::LeaveEnd(uint32_t slot, double /*before*/) {
  const auto end = ends_.find(slot);
  if (--end->second.series == 0) ends_.erase(end);
  pods_.LeaveContainer(slot);
}

// --- Java heaps

void KubeFacts::TakeHeap(uint32_t slot, const Told& told) {
  java_heaps_.Tell(slot, told.value());
  SumHeap(java_heaps_.ContainerOf(slot));
}

void KubeFacts::LeaveHeap(uint32_t slot, double /*before*/) {
  const uint32_t number = java_heaps_.ContainerOf(slot);
  java_heaps_.Leave(slot);
  SumHeap(number);
  pods_.LeaveContainer(number);
}

void KubeFacts::SumHeap(uint32_t number) {
  Container& container = pods_.container(number);
  const JavaHeaps::Size size = java_heaps_.Of(number);
  if (size == JavaHeaps::Size{container.heap_max, container.heap_committed}) return;
  container.heap_max = size.max;
  container.heap_committed = size.committed;
  heaps_.push_back(number);
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
  const uint32_t number = AdmitHpa(labels);
  ++hpas_[number].target_series[which];
  return number * kTargets + which;
}

void KubeFacts::TakeHpaTarget(uint32_t slot, const Told& told) {
  HpaState& state = hpas_[slot / kTargets].state;
  if (slot % kTargets == kCpuTarget) state.cpu_target = told.value() / 100;
  if (slot % kTargets == kMemoryTarget) state.memory_target = told.value() / 100;
  if (slot % kTargets == kOtherTarget) state.other_metrics = true;
}

void KubeFacts::TakeHpaMin(uint32_t slot, const Told& told) {
  hpas_[slot].state.min_replicas = Count(told.value());
}

void KubeFacts::TakeHpaMax(uint32_t slot, const Told& told) {
  hpas_[slot].state.max_replicas = Count(told.value());
}

void KubeFacts::TakeHpaCurrent(uint32_t slot, const Told& told) {
  hpas_[slot].state.current_replicas = Count(told.value());
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

// Two scrapers tell each target twice: it is there as long as one of them does.
void KubeFacts::LeaveHpaTarget(uint32_t slot, double before) {
  Hpa& hpa = hpas_[slot / kTargets];
  if (--hpa.target_series[slot % kTargets] == 0) {
    if (slot % kTargets == kCpuTarget) hpa.state.cpu_target.reset();
    if (slot % kTargets == kMemoryTarget) hpa.state.memory_target.reset();
    if (slot % kTargets == kOtherTarget) hpa.state.other_metrics = false;
  }
  LeaveHpa(slot / kTargets, before);
}

const HpaState* KubeFacts::HpaOf(const WorkloadKey& workload) const {
  if (hpa_by_target_.empty()) return nullptr;
  const auto found = hpa_by_target_.find(TargetKey(workload.cluster, workload.namespace_name,
                                                   workload.workload_kind, workload.workload));
  return found == hpa_by_target_.end() ? nullptr : &hpas_[found->second].state;
}

}  // namespace outrider
