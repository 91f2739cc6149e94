// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/pod_table.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/base/grow.h"

namespace outrider {
namespace {

// Silent for so long, and another series may take its place.
constexpr DurationMs kSilence = 90 * kSecond;

std::string PodText(const PodName& name) {
  return fmt::format("{}/{}/{}", name.cluster, name.namespace_name, name.pod);
}

// Cannot be a pod's: a namespace has no '\n'.
std::string MachineText(const WorkloadKey& workload, std::string_view instance) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", workload.cluster, workload.workload_kind,
                     workload.namespace_name, workload.workload, instance);
}

}  // namespace

bool UseChannel::Accepts(uint32_t series, Timestamp time) const {
  if (time <= newest_) return false;
  if (leader_ == series || leader_ == kNoSlot) return true;
  const DurationMs silence = std::max<DurationMs>(kSilence, DurationMs{interval_} * 5 / 2);
  return time - newest_ > silence;
}

void UseChannel::Use(uint32_t series, Timestamp time, double value) {
  if (leader_ == series) {
    interval_ = static_cast<int32_t>(std::min<DurationMs>(time - newest_, kHour));
  }
  leader_ = series;
  newest_ = time;
  ended_ = false;
  const int64_t half = time / kHalf;
  if (half != half_) {
    const bool next = half == half_ + 1;
    sum_before_ = next ? sum_ : 0;
    count_before_ = next ? count_ : 0;
    sum_ = 0;
    count_ = 0;
    half_ = half;
  }
  if (count_ == UINT16_MAX) return;
  sum_ += value;
  ++count_;
}

void UseChannel::End(uint32_t series, Timestamp time) {
  if (leader_ != series || time < newest_) return;
  leader_ = kNoSlot;
  ended_ = true;
}

std::optional<double> UseChannel::Current(Timestamp now) const {
  if (ended_ || newest_ == INT64_MIN || newest_ <= now - 2 * kHalf) return std::nullopt;
  const int count = count_ + count_before_;
  if (count == 0) return std::nullopt;
  return (sum_ + sum_before_) / count;
}

uint32_t PodTable::NewPod(std::string text) {
  uint32_t number = pods();
  if (free_pods_.empty()) {
    ReserveMore(&pods_, 1);
    pods_.emplace_back();
  } else {
    number = free_pods_.back();
    free_pods_.pop_back();
  }
  pods_[number].used = true;
  by_name_.emplace(std::move(text), number);
  return number;
}

uint32_t PodTable::MakePod(const PodName& name, bool* is_new) {
  std::string text = PodText(name);
  const auto found = by_name_.find(text);
  *is_new = found == by_name_.end();
  if (!*is_new) return found->second;
  const uint32_t number = NewPod(std::move(text));
  Pod& pod = pods_[number];
  pod.cluster = name.cluster;
  pod.namespace_name = name.namespace_name;
  pod.name = name.pod;
  new_pods_.push_back(number);
  return number;
}

uint32_t PodTable::MakeContainer(uint32_t pod, std::string_view name) {
  for (const uint32_t number : pods_[pod].containers) {
    if (containers_[number].name == name) return number;
  }
  uint32_t number = containers();
  if (free_containers_.empty()) {
    ReserveMore(&containers_, 1);
    containers_.emplace_back();
  } else {
    number = free_containers_.back();
    free_containers_.pop_back();
  }
  Container& container = containers_[number];
  container.pod = pod;
  container.name = name;
  container.birth = ++births_;
  container.pod_started = pods_[pod].started;
  pods_[pod].containers.push_back(number);
  return number;
}

void PodTable::SetStarted(uint32_t pod, Timestamp started) {
  pods_[pod].started = started;
  for (const uint32_t number : pods_[pod].containers) containers_[number].pod_started = started;
}

uint32_t PodTable::MakeMachine(const WorkloadKey& workload, std::string_view instance) {
  std::string text = MachineText(workload, instance);
  const auto found = by_name_.find(text);
  if (found != by_name_.end()) return pods_[found->second].containers.front();
  const uint32_t number = NewPod(std::move(text));
  Pod& pod = pods_[number];
  pod.cluster = workload.cluster;
  pod.namespace_name = workload.namespace_name;
  pod.name = instance;
  pod.workload = workload;
  pod.resolved = true;
  pod.is_machine = true;
  pod.phase = PodPhase::kRunning;
  return MakeContainer(number, "");
}

void PodTable::Sweep() {
  for (uint32_t number = 0; number < containers(); ++number) {
    const Container& container = containers_[number];
    if (container.pod != kNoSlot && container.series == 0) unheld_.push_back(number);
  }
  for (uint32_t number = 0; number < pods(); ++number) {
    if (pods_[number].used) FreePodIfUnheld(number);
  }
}

void PodTable::LeavePod(uint32_t number) {
  --pods_[number].series;
  FreePodIfUnheld(number);
}

void PodTable::LeaveContainer(uint32_t number) {
  if (--containers_[number].series == 0) unheld_.push_back(number);
}

// One may have been held again meanwhile.
std::vector<uint32_t> PodTable::TakeUnheld() {
  std::vector<uint32_t> numbers = std::exchange(unheld_, {});
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::erase_if(numbers, [&](uint32_t number) {
    return containers_[number].series > 0 || containers_[number].pod == kNoSlot;
  });
  return numbers;
}

void PodTable::Free(uint32_t number) {
  const uint32_t pod = containers_[number].pod;
  std::erase(pods_[pod].containers, number);
  containers_[number] = Container();
  free_containers_.push_back(number);
  FreePodIfUnheld(pod);
}

void PodTable::FreePodIfUnheld(uint32_t number) {
  Pod& pod = pods_[number];
  if (pod.series > 0 || !pod.containers.empty()) return;
  if (pod.is_machine) {
    by_name_.erase(MachineText(pod.workload, pod.name));
  } else {
    by_name_.erase(PodText({pod.cluster, pod.namespace_name, pod.name}));
    gone_.push_back({std::move(pod.cluster), std::move(pod.namespace_name), std::move(pod.name)});
  }
  pod = Pod();
  free_pods_.push_back(number);
}

}  // namespace outrider
