// SPDX-License-Identifier: Apache-2.0
// Part of CapacityEngine: from accumulators and what containers hold now to recommendations and
// costs. Costs are made anew each time, a recommendation when there is reason to.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "rules/capacity/capacity_engine.h"
#include "rules/capacity/cost.h"
#include "rules/capacity/judgement.h"

namespace outrider {
namespace {

constexpr int64_t kOutlierTurns = 10;
// Steps of a walk whose memory is fetched ahead: first of the entries, then of their containers.
constexpr size_t kFarAhead = 8;
constexpr size_t kAhead = 4;
constexpr size_t kLine = 64;

// What stands in [begin, begin + size), soon.
void PrefetchLines(const void* begin, size_t size) {
  const auto* at = static_cast<const char*>(begin);
  for (size_t i = 0; i < size; i += kLine) __builtin_prefetch(at + i);
}

void Raise(std::optional<double>* target, const std::optional<double>& value) {
  if (value) *target = std::max(target->value_or(0), *value);
}

std::optional<double> LargestRequest(std::span<const Holding> holdings) {
  std::optional<double> largest;
  for (const Holding& holding : holdings) Raise(&largest, holding.request);
  return largest;
}

bool ComesAgain(const WorkloadKey& key) { return key.workload_kind == kCronJobKind; }

// Whether somebody sets how many replicas there are.
bool HasReplicas(const WorkloadKey& key) {
  constexpr std::array<std::string_view, 5> kWithout = {kHostKind, kCronJobKind, "DaemonSet", "Job",
                                                        "Pod"};
  return std::ranges::find(kWithout, key.workload_kind) == kWithout.end();
}

// What has no recommendation counts as unchanged.
std::optional<double> TargetOf(const ResourceAdvice& advice) {
  return advice.enough_data ? std::optional(advice.recommended.target) : std::nullopt;
}

}  // namespace

// What the containers of one workload's container hold now.
struct CapacityEngine::Held {
  std::vector<Holding> cpu;
  std::vector<Holding> memory;
  std::optional<double> cpu_limit;
  std::optional<double> memory_limit;
  size_t pods = 0;               // 0: what they held when they were last there
  size_t containers_in_pod = 1;  // init containers are none
  bool init = false;
  std::vector<uint32_t> silent;  // containers that tell nothing any more
  void Clear() {
    pods = 0;
    silent.clear();
    cpu.clear();
    memory.clear();
    cpu_limit.reset();
    memory_limit.reset();
  }
  void Remember(LastHeld* last) const;
  void Recall(const LastHeld& last);
  bool Differs(const Recommendation& told) const {
    if (pods == 0 || told.pods == 0) return pods != told.pods;
    return told.cpu.limit != cpu_limit || told.memory.limit != memory_limit ||
           told.cpu.request != LargestRequest(cpu) || told.memory.request != LargestRequest(memory);
  }
};

void CapacityEngine::Held::Remember(LastHeld* last) const {
  const auto put = [](const std::optional<double>& value, float* target) {
    *target = static_cast<float>(value.value_or(std::numeric_limits<double>::quiet_NaN()));
  };
  put(LargestRequest(cpu), &last->cpu_request);
  put(LargestRequest(memory), &last->memory_request);
  put(cpu_limit, &last->cpu_limit);
  put(memory_limit, &last->memory_limit);
  put(cpu.front().unit_price, &last->core_price);
  put(memory.front().unit_price, &last->byte_price);
  last->containers_in_pod = static_cast<uint16_t>(std::min<size_t>(containers_in_pod, UINT16_MAX));
  last->init = init;
}

void CapacityEngine::Held::Recall(const LastHeld& last) {
  const auto told = [](float value) {
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
  };
  Clear();
  cpu.push_back({told(last.cpu_request), 0, told(last.core_price)});
  memory.push_back({told(last.memory_request), 0, told(last.byte_price)});
  cpu_limit = told(last.cpu_limit);
  memory_limit = told(last.memory_limit);
  containers_in_pod = last.containers_in_pod;
  init = last.init;
}

// False: none of them is there.
bool CapacityEngine::ReadHeld(const DemandEntry& entry, Timestamp now, Held* held) const {
  held->Clear();
  for (const uint32_t number : entry.bound) {
    const Container& container = pods_.container(number);
    const auto cpu = container.cpu.Current(now);
    const auto memory = container.memory.Current(now);
    if (!cpu && !memory) {
      if (!container.retired) held->silent.push_back(number);
      continue;
    }
    if (held->cpu.empty()) {
      const auto& all = pods_.PodOf(container).containers;
      held->containers_in_pod = static_cast<size_t>(
          std::ranges::count_if(all, [&](uint32_t one) { return !pods_.container(one).init; }));
      held->init = container.init;
    }
    const UnitRates* rates = rates_ ? rates_->For(pods_.PodOf(container).node) : nullptr;
    held->cpu.push_back({container.requests.cpu, cpu.value_or(0)});
    held->memory.push_back({container.requests.memory, memory.value_or(0)});
    held->cpu.back().adds = held->memory.back().adds = AddsToPod(container, pods_.PodOf(container));
    if (rates != nullptr) {
      held->cpu.back().unit_price = rates->core_hour;
      held->memory.back().unit_price = rates->byte_hour;
    }
    Raise(&held->cpu_limit, container.limits.cpu);
    Raise(&held->memory_limit, container.limits.memory);
  }
  held->pods = held->cpu.size();
  return held->pods > 0;
}

Recommendation CapacityEngine::Advise(const DemandEntry& entry, const Held& held,
                                      Timestamp now) const {
  const UnitRates usual = UsualRates();
  JudgeOptions judge = {policy_, options_.minimum_coverage, options_.minimum_samples,
                        usual.core_hour, usual.byte_hour};
  judge.cpu_rails = options_.cpu_rails;
  judge.memory_rails = options_.memory_rails;
  judge.containers_in_pod = held.containers_in_pod;
  judge.hpa = facts_.HpaOf(entry.key->workload);
  if (entry.run_time != nullptr) judge.mean_pods = entry.run_time->Mean(now);
  Recommendation recommendation;
  recommendation.key = entry.key->workload;
  recommendation.container = entry.key->container;
  recommendation.pods = held.pods;
  recommendation.mean_pods = judge.mean_pods;
  recommendation.init = held.init;
  recommendation.cpu =
      outrider::Advise(Resource::kCpu, entry.demand, held.cpu, held.cpu_limit, judge);
  recommendation.memory =
      outrider::Advise(Resource::kMemory, entry.demand, held.memory, held.memory_limit, judge);
  if (held.pods > 0) recommendation.findings = FindFaults(recommendation);
  recommendation.pods_seen = entry.demand.pods_seen();
  recommendation.is_node = recommendation.key.workload_kind == kHostKind &&
                           facts_.IsNode(recommendation.key.cluster, recommendation.key.workload);
  if (judge.hpa != nullptr) recommendation.hpa = *judge.hpa;
  return recommendation;
}

std::vector<ReplicaOutlier> CapacityEngine::OutliersOf(const DemandEntry& entry,
                                                       Timestamp now) const {
  std::vector<ReplicaUse> replicas;
  for (const uint32_t number : entry.bound) {
    const Container& container = pods_.container(number);
    if (!container.cpu.Current(now) && !container.memory.Current(now)) continue;
    const Pod& pod = pods_.PodOf(container);
    replicas.push_back({.pod = pod.name,
                        .node = pod.node,
                        .cpu_p95 = container.instance.cpu.Value(),
                        .memory_peak = container.instance.memory_peak});
  }
  return FindOutliers(replicas);
}

// The results of a run as they grow, in the order of their keys; `before` are those of the last.
struct CapacityEngine::Round {
  Timestamp now = 0;
  UnitRates usual;
  std::vector<std::unique_ptr<Recommendation>> before;
  std::vector<uint64_t> numbers_before;
  std::vector<std::unique_ptr<Recommendation>> recommendations;
  std::vector<DemandEntry*> entries;  // as recommendations
  std::vector<bool> fresh;            // as recommendations
  struct Workload {
    Told* told;
    size_t first;  // its recommendations end where those of the next begin
  };
  std::vector<Workload> workloads;
  uint64_t containers = 0;  // that are there
  uint64_t hosts = 0;       // of them: not of a pod

  // What was told of this entry; nullptr: nothing.
  std::unique_ptr<Recommendation> Before(const DemandEntry& entry) {
    const size_t place = entry.place;
    if (place >= before.size() || numbers_before[place] != entry.number) return nullptr;
    return std::move(before[place]);
  }
  std::span<const std::unique_ptr<Recommendation>> Of(size_t workload) const {
    const size_t first = workloads[workload].first;
    const size_t end =
        workload + 1 < workloads.size() ? workloads[workload + 1].first : recommendations.size();
    return std::span(recommendations).subspan(first, end - first);
  }
};

bool CapacityEngine::IsDue(const DemandEntry& entry, Timestamp now) const {
  if (entry.judged == INT64_MIN || entry.judged > now) return true;  // the clock was set back
  if (now - entry.judged < kJudgeEvery) return false;
  if (entry.news || now - entry.judged >= kJudgeAtLeast) return true;
  const auto samples =
      static_cast<double>(entry.demand.cpu_samples() + entry.demand.memory_samples());
  return samples >= static_cast<double>(entry.judged_samples) * (1 + options_.judge_growth);
}

// Prices and numbers of replicas change without a new judgement. Whether anything was changed.
bool CapacityEngine::Reprice(const Held& held, const UnitRates& usual, Recommendation* one) {
  const auto reprice = [&](ResourceAdvice* advice, std::span<const Holding> holdings,
                           double unit_price) {
    const auto fresh = SavingsOf(*advice, holdings, one->mean_pods, unit_price);
    const auto before = std::exchange(advice->savings_dollars_per_month, fresh);
    return before != fresh;
  };
  const bool cpu = reprice(&one->cpu, held.cpu, usual.core_hour);
  return reprice(&one->memory, held.memory, usual.byte_hour) || cpu;
}

void CapacityEngine::JudgeOne(const Held& held, DemandEntry* entry, Round* round) {
  std::unique_ptr<Recommendation> before = round->Before(*entry);
  // Of what is silent with everything else nothing new is known: it stays as it was told.
  const bool silent = held.pods == 0 && entry->run_time == nullptr;
  const bool fresh =
      before == nullptr || (!silent && (IsDue(*entry, round->now) || held.Differs(*before)));
  entry->place = static_cast<uint32_t>(round->entries.size());
  round->entries.push_back(entry);
  round->fresh.push_back(fresh);
  if (!fresh) {
    before->pods = held.pods;
    if (!silent) round->fresh.back() = Reprice(held, round->usual, before.get());
    round->recommendations.push_back(std::move(before));
    return;
  }
  entry->judged = round->now;
  entry->judged_samples = entry->demand.cpu_samples() + entry->demand.memory_samples();
  entry->news = false;
  auto one = std::make_unique<Recommendation>(Advise(*entry, held, round->now));
  Remember(Resource::kCpu, one->cpu, &entry->demand);
  Remember(Resource::kMemory, one->memory, &entry->demand);
  if (one->cpu.enough_data) entry->cpu_edge = one->cpu.recommended.upper;
  if (one->memory.enough_data) entry->memory_edge = one->memory.recommended.target;
  // Replicas are compared less often: it takes all of them.
  const int64_t turn = round->now / kJudgeEvery + static_cast<int64_t>(entry->number);
  if (before != nullptr && turn % kOutlierTurns != 0) {
    one->outliers = std::move(before->outliers);
  } else {
    one->outliers = OutliersOf(*entry, round->now);
  }
  round->recommendations.push_back(std::move(one));
}

// What is advised of the newest workload as a whole, once all its containers are judged.
void CapacityEngine::FinishWorkload(Round* round) {
  if (round->workloads.empty()) return;
  const size_t first = round->workloads.back().first;
  const size_t end = round->recommendations.size();
  if (std::find(round->fresh.begin() + static_cast<ptrdiff_t>(first), round->fresh.end(), true) ==
      round->fresh.end()) {
    return;
  }
  std::vector<WorkloadPart> parts;
  for (size_t i = first; i < end; ++i) {
    const Recommendation& one = *round->recommendations[i];
    if (!HasReplicas(one.key)) continue;
    // As the same advice would have it.
    const double request = TargetOf(one.cpu).value_or(one.cpu.request.value_or(0));
    parts.push_back({round->entries[i]->demand, one.cpu.request ? request : 0});
  }
  const WorkloadKey& key = round->recommendations[first]->key;
  const auto advice = AdviseReplicas(parts, facts_.HpaOf(key));
  // Backwards: a container that was the first before gives up the workload's series before another
  // takes them.
  for (size_t i = end; i-- > first;) {
    Recommendation& one = *round->recommendations[i];
    const bool moved = one.first_of_workload != (i == first);
    one.first_of_workload = i == first;
    one.replicas = advice;
    if (one.pods == 0 && !ComesAgain(one.key)) continue;
    if (round->fresh[i] || moved) Publish(one, &round->entries[i]->series, sink_);
  }
}

// The book changes once a minute, a run may come four times.
void CapacityEngine::RefreshPrices() {
  if (!prices_) return;
  std::shared_ptr<const PriceBook> current = prices_();
  if (current == priced_) return;
  rates_.emplace(*current);
  priced_ = std::move(current);
}

UnitRates CapacityEngine::UsualRates() const {
  if (rates_) return rates_->Default();
  return {price_.core_hour, price_.gib_hour / kBytesPerGib, 0};
}

bool CapacityEngine::IsTimeToJudge(Timestamp now) const {
  return book_.entries().size() <= kFew || looked_at_ == INT64_MIN || now < looked_at_ ||
         now - looked_at_ >= kLookEvery;
}

// The book's entries in a row, each with its workload: a step through a map costs as much as what
// is to be done there.
void CapacityEngine::PlanWalk() {
  if (walk_version_ == book_.version()) return;
  walk_version_ = book_.version();
  walk_.clear();
  auto place = told_.begin();
  const auto end_before = [&](const WorkloadKey* key) {
    while (place != told_.end() && (key == nullptr || place->first < *key)) {
      place->second.series.Clear(sink_.table);
      place = told_.erase(place);
    }
  };
  const WorkloadKey* last = nullptr;
  for (auto& [key, entry] : book_.entries()) {
    if (last == nullptr || *last != key.workload) {
      if (last != nullptr) ++place;
      end_before(&key.workload);
      if (place == told_.end() || place->first != key.workload) {
        place = told_.emplace_hint(place, key.workload, Told());
        place->second.cost.key = key.workload;
      }
      last = &key.workload;
    }
    walk_.push_back({&entry, &place->second});
  }
  if (last != nullptr) ++place;
  end_before(nullptr);
}

// What ReadHeld() reads, and what was recommended.
void CapacityEngine::Prefetch(const DemandEntry& entry, const Round& round) const {
  for (const uint32_t number : entry.bound) pods_.container(number).PrefetchUse();
  if (entry.place >= round.before.size() || round.before[entry.place] == nullptr) return;
  const Recommendation& before = *round.before[entry.place];
  PrefetchLines(&before.cpu, 2 * kLine);  // its numbers
  PrefetchLines(&before.memory, 2 * kLine);
}

void CapacityEngine::JudgeStep(const Step& step, Held* held, Round* round) {
  DemandEntry& entry = *step.entry;
  const bool is_there = ReadHeld(entry, round->now, held);
  for (const uint32_t number : held->silent) book_.Retire(number);
  if (is_there) {
    held->Remember(&entry.last);
  }
  if (!entry.bound.empty()) {
    entry.ended = std::ranges::all_of(entry.bound, [&](uint32_t number) {
      const Container& container = pods_.container(number);
      return container.cpu.ended() && container.memory.ended();
    });
  }
  if (!is_there && book_.IsAwaited(entry)) {
    held->Recall(entry.last);
    // Metrics of what is not there end, as their source did.
    if (!ComesAgain(entry.key->workload)) entry.series.Clear(sink_.table);
  } else if (!is_there) {
    if (!entry.series.empty()) entry.series.Clear(sink_.table);
    return;
  }
  if (round->workloads.empty() || round->workloads.back().told != step.told) {
    FinishWorkload(round);
    round->workloads.push_back({step.told, round->recommendations.size()});
    WorkloadCost cost;
    cost.key = std::move(step.told->cost.key);
    step.told->cost = std::move(cost);
  }
  round->containers += held->pods;
  if (is_there && pods_.PodOf(pods_.container(entry.bound.front())).is_machine) {
    round->hosts += held->pods;
  }
  JudgeOne(*held, &entry, round);
  CountCost(*held, *round, step.told);
}

// What comes and goes costs a month for as long as it runs, and so between its runs as well.
void CapacityEngine::CountCost(const Held& held, const Round& round, Told* told) {
  const Recommendation& one = *round.recommendations.back();
  const auto cost_of = [&](std::span<const Holding> cpu, std::span<const Holding> memory) {
    return ResourceCosts{CostOf(cpu, round.usual.core_hour, TargetOf(one.cpu)),
                         CostOf(memory, round.usual.byte_hour, TargetOf(one.memory))};
  };
  told->cost.is_node |= one.is_node;
  told->is_there |= held.pods > 0 || ComesAgain(one.key);
  const ResourceCosts now = held.pods > 0 ? cost_of(held.cpu, held.memory) : ResourceCosts();
  if (!one.mean_pods) {
    AddCost(one, now, now, &told->cost);
    return;
  }
  const auto usual = [](const ResourceAdvice& advice, const Holding& held_now) {
    return Holding{advice.request, advice.mean_use, held_now.unit_price};
  };
  const Holding cpu = usual(one.cpu, held.cpu.front());
  const Holding memory = usual(one.memory, held.memory.front());
  ResourceCosts month = cost_of({&cpu, 1}, {&memory, 1});
  for (HourlyCost* cost : {&month.cpu, &month.memory}) {
    cost->allocated *= *one.mean_pods;
    cost->projected *= *one.mean_pods;
  }
  AddCost(one, now, month, &told->cost);
}

void CapacityEngine::Walk(Round* round) {
  Held held;
  for (size_t i = 0; i < walk_.size(); ++i) {
    if (i + kFarAhead < walk_.size()) {
      const DemandEntry& far = *walk_[i + kFarAhead].entry;
      PrefetchLines(&far, sizeof(DemandEntry) - sizeof(ContainerDemand));
      far.demand.PrefetchCounts();
    }
    if (i + kAhead < walk_.size()) Prefetch(*walk_[i + kAhead].entry, *round);
    Told& told = *walk_[i].told;
    if (i == 0 || walk_[i - 1].told != &told) told.is_there = false;
    JudgeStep(walk_[i], &held, round);
    // What is not there any more ends.
    const bool last = i + 1 == walk_.size() || walk_[i + 1].told != &told;
    if (last && !told.is_there && !told.series.empty()) told.series.Clear(sink_.table);
  }
  FinishWorkload(round);
}

void CapacityEngine::Judge(Timestamp now) {
  const absl::MutexLock result_lock(&result_mutex_);
  looked_at_ = now;
  RefreshPrices();
  Round round;
  round.now = now;
  round.usual = UsualRates();
  round.before = std::move(recommendations_);
  round.numbers_before = std::move(numbers_);
  round.recommendations.reserve(round.before.size());
  for (RecommendationSeries& series : book_.TakeEnded()) series.Clear(sink_.table);
  PlanWalk();
  Walk(&round);
  if (observer_ != nullptr) observer_->OnJudge(now, round.recommendations);
  PublishCosts(round);
  sink_.Flush();
  recommendations_ = std::move(round.recommendations);
  numbers_.clear();
  for (const DemandEntry* entry : round.entries) numbers_.push_back(entry->number);
  stats_.containers = round.containers;
  stats_.hosts = round.hosts;
  if (round.entries.size() == walk_.size()) return;
  book_.Forget(now, [&](DemandEntry* entry) { entry->series.Clear(sink_.table); });
}

void CapacityEngine::PublishCosts(const Round& round) {
  for (size_t i = 0; i < round.workloads.size(); ++i) {
    if (i + kFarAhead < round.workloads.size()) {
      const Round::Workload& far = round.workloads[i + kFarAhead];
      PrefetchLines(far.told, sizeof(Told));
      const Recommendation& one = *round.recommendations[far.first];  // what HealthOf() looks at
      __builtin_prefetch(&one.cpu.enough_data);
      __builtin_prefetch(&one.memory.enough_data);
      __builtin_prefetch(&one.findings);
    }
    Told& told = *round.workloads[i].told;
    if (!told.is_there) continue;  // its senders are silent: what it costs now is not known
    told.cost.health_score = HealthOf(round.Of(i));
    Publish(told.cost, &told.series, sink_);
  }
}

}  // namespace outrider
