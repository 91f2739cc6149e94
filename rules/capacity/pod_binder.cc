// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/pod_binder.h"

#include <algorithm>
#include <utility>

namespace outrider {
namespace {

// Runs in which all pods are looked at: those whose owner is not known are in each.
constexpr uint32_t kTurns = 120;
constexpr DurationMs kSweepEvery = 15 * kMinute;

}  // namespace

void PodBinder::Update(Timestamp now, bool learned, bool waited) {
  const std::vector<uint32_t> fresh = pods_.TakeNewPods();
  for (const uint32_t number : fresh) {
    const Pod& pod = pods_.pod(number);
    if (!pod.used) continue;
    resolver_.Note(pod.namespace_name, pod.name, waited ? now - WorkloadResolver::kGrace : now,
                   pod.cluster);
    Resolve(number);
  }
  for (const uint32_t number : open_) {
    if (pods_.pod(number).used && (learned || !pods_.pod(number).resolved)) Resolve(number);
  }
  open_.insert(open_.end(), fresh.begin(), fresh.end());
  std::erase_if(open_, [&](uint32_t number) {
    const Pod& pod = pods_.pod(number);
    return !pod.used || pod.is_machine || (pod.resolved && !pod.by_name);
  });
  waiting_ = static_cast<uint64_t>(std::ranges::count_if(open_, [&](uint32_t number) {
    const Pod& pod = pods_.pod(number);
    return !pod.resolved && std::ranges::any_of(pod.containers, [&](uint32_t container) {
      return pods_.container(container).parked != nullptr;
    });
  }));
  const uint32_t some = pods_.pods() / kTurns + 1;
  for (uint32_t i = 0; i < some && pods_.pods() > 0; ++i) {
    next_ = (next_ + 1) % pods_.pods();
    const Pod& pod = pods_.pod(next_);
    if (pod.used && !pod.is_machine) Resolve(next_);
  }
}

void PodBinder::Resolve(uint32_t number) {
  Pod& pod = pods_.pod(number);
  auto found = resolver_.Resolve(pod.cluster, pod.namespace_name, pod.name);
  if (!found) return;
  // Its owner series are gone, the owner is not.
  if (pod.resolved && !pod.by_name && found->by_name) return;
  WorkloadKey workload = {pod.namespace_name, std::move(found->workload.name),
                          std::move(found->workload.kind), pod.cluster};
  if (pod.resolved && pod.by_name == found->by_name && pod.workload == workload) return;
  pod.resolved = true;
  pod.by_name = found->by_name;
  pod.workload = std::move(workload);
  for (const uint32_t container : pod.containers) {
    const Container& one = pods_.container(container);
    if (one.entry != nullptr || one.parked != nullptr) book_.Bind(container);
  }
}

void PodBinder::Release(Timestamp now) {
  if (swept_ == INT64_MIN) swept_ = now;
  if (now - swept_ >= kSweepEvery) {
    swept_ = now;
    pods_.Sweep();
  }
  for (const uint32_t number : pods_.TakeUnheld()) {
    book_.Release(number);
    pods_.Free(number);
  }
  for (const PodTable::Gone& gone : pods_.TakeGone()) {
    resolver_.Forget(gone.namespace_name, gone.name, gone.cluster);
  }
}

}  // namespace outrider
