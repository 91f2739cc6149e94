// SPDX-License-Identifier: Apache-2.0
// Part of CapacityEngine: from accumulators and what containers hold now to recommendations and
// costs. Costs are made anew in every run, a recommendation once a minute or when what its
// containers request has changed.
#include <algorithm>
#include <tuple>
#include <utility>

#include "rules/capacity/capacity_engine.h"
#include "rules/capacity/cost.h"
#include "rules/capacity/judgement.h"

namespace outrider {
namespace {

void Raise(std::optional<double>* target, const std::optional<double>& value) {
  if (value) *target = std::max(target->value_or(0), *value);
}

bool IsBefore(const Recommendation& one, const UsageKey& key) {
  return std::tie(one.key, one.container) < std::tie(key.workload, key.container);
}

std::optional<double> LargestRequest(std::span<const Holding> holdings) {
  std::optional<double> largest;
  for (const Holding& holding : holdings) Raise(&largest, holding.request);
  return largest;
}

}  // namespace

// What the containers of one workload's container hold now.
struct CapacityEngine::Held {
  std::vector<Holding> cpu;
  std::vector<Holding> memory;
  std::optional<double> cpu_limit;
  std::optional<double> memory_limit;
  void Clear() {
    cpu.clear();
    memory.clear();
    cpu_limit.reset();
    memory_limit.reset();
  }
  bool Differs(const Recommendation& told) const {
    return told.cpu.limit != cpu_limit || told.memory.limit != memory_limit ||
           told.cpu.request != LargestRequest(cpu) || told.memory.request != LargestRequest(memory);
  }
};

// False: none of them is there.
bool CapacityEngine::ReadHeld(const DemandEntry& entry, Timestamp now, Held* held) const {
  held->Clear();
  for (const uint32_t number : entry.bound) {
    const Container& container = pods_.container(number);
    const auto cpu = container.cpu.Current(now);
    const auto memory = container.memory.Current(now);
    if (!cpu && !memory) continue;
    held->cpu.push_back({container.requests.cpu, cpu.value_or(0)});
    held->memory.push_back({container.requests.memory, memory.value_or(0)});
    Raise(&held->cpu_limit, container.limits.cpu);
    Raise(&held->memory_limit, container.limits.memory);
  }
  return !held->cpu.empty();
}

Recommendation CapacityEngine::Advise(const DemandEntry& entry, const Held& held) const {
  JudgeOptions judge = {policy_, options_.minimum_coverage, options_.minimum_samples,
                        price_.core_hour, price_.gib_hour / kBytesPerGib};
  const HpaState* const hpa = facts_.HpaOf(entry.key->workload);
  judge.hpa = hpa;
  Recommendation recommendation;
  recommendation.key = entry.key->workload;
  recommendation.container = entry.key->container;
  recommendation.pods = held.cpu.size();
  recommendation.cpu =
      outrider::Advise(Resource::kCpu, entry.demand, held.cpu, held.cpu_limit, judge);
  recommendation.memory =
      outrider::Advise(Resource::kMemory, entry.demand, held.memory, held.memory_limit, judge);
  recommendation.findings = FindFaults(recommendation);
  recommendation.pods_seen = entry.demand.pods_seen();
  if (hpa != nullptr) recommendation.hpa = *hpa;
  return recommendation;
}

void CapacityEngine::Judge(Timestamp now) {
  const absl::MutexLock result_lock(&result_mutex_);
  std::vector<Recommendation> recommendations;
  std::vector<uint64_t> numbers;
  std::vector<WorkloadCost> costs;
  recommendations.reserve(recommendations_.size());
  numbers.reserve(numbers_.size());
  costs.reserve(costs_.size());
  size_t told = 0;  // both are in the order of their keys
  Held held;
  for (RecommendationSeries& series : book_.TakeEnded()) series.Clear(sink_.table);
  for (auto& [key, entry] : book_.entries()) {
    if (!ReadHeld(entry, now, &held)) {
      if (!entry.series.empty()) entry.series.Clear(sink_.table);
      continue;
    }
    while (told < recommendations_.size() && IsBefore(recommendations_[told], key)) ++told;
    const bool known = told < numbers_.size() && numbers_[told] == entry.number;
    const bool is_due = entry.judged == INT64_MIN || now - entry.judged >= kJudgeEvery;
    if (known && !is_due && !held.Differs(recommendations_[told])) {
      recommendations.push_back(std::move(recommendations_[told]));
      recommendations.back().pods = held.cpu.size();
    } else {
      entry.judged = now;
      recommendations.push_back(Advise(entry, held));
      Remember(Resource::kCpu, recommendations.back().cpu, &entry.demand);
      Remember(Resource::kMemory, recommendations.back().memory, &entry.demand);
      Publish(recommendations.back(), &entry.series, sink_);
    }
    if (known) ++told;
    numbers.push_back(entry.number);
    if (costs.empty() || costs.back().key != key.workload) costs.emplace_back().key = key.workload;
    AddCost(recommendations.back(), CostOf(held.cpu, price_.core_hour),
            CostOf(held.memory, price_.gib_hour / kBytesPerGib), &costs.back());
  }
  if (observer_ != nullptr) observer_->OnJudge(now, recommendations);
  Score(recommendations, costs);
  PublishCosts(costs);
  sink_.Flush();
  book_.Forget(now, [&](DemandEntry* entry) { entry->series.Clear(sink_.table); });
  recommendations_ = std::move(recommendations);
  numbers_ = std::move(numbers);
  costs_ = std::move(costs);
}

// What was not told in this run ends.
void CapacityEngine::PublishCosts(std::vector<WorkloadCost>& costs) {
  ++runs_;
  for (const WorkloadCost& cost : costs) {
    Costed& costed = costed_[cost.key];
    Publish(cost, &costed.series, sink_);
    costed.run = runs_;
  }
  for (auto& [key, costed] : costed_) {
    if (costed.run != runs_) costed.series.Clear(sink_.table);
  }
  std::erase_if(costed_, [](const auto& item) { return item.second.series.empty(); });
}

}  // namespace outrider
