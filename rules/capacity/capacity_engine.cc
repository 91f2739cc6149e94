// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/capacity_engine.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "rules/capacity/recommend/policy.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kSlice = 15 * kMinute;
// What the windows must keep: state is saved every few minutes, and a restart takes some.
constexpr DurationMs kUseHorizon = 2 * kHour;
constexpr DurationMs kFactHorizon = kHour;
constexpr DurationMs kTold = 40 * kMinute;  // facts are looked at every quarter of an hour

}  // namespace

StatusOr<std::unique_ptr<CapacityEngine>> CapacityEngine::Create(const CapacityOptions& options,
                                                                 const SampleFeed& feed,
                                                                 DerivedTable& table,
                                                                 StateStore* store) {
  // Prices that are given may be those of a region that no list has.
  const bool given = options.core_hour_dollars && options.gib_hour_dollars;
  Price price = TRY(FindPrice(options.provider, given ? "" : options.region));
  price.core_hour = options.core_hour_dollars.value_or(price.core_hour);
  price.gib_hour = options.gib_hour_dollars.value_or(price.gib_hour);
  if (!(price.core_hour >= 0) || !(price.gib_hour >= 0)) {
    return InvalidArgument("a price must not be negative");
  }
  const RecommendPolicy* policy = FindPolicy(options.policy);
  if (policy == nullptr) {
    return InvalidArgument(fmt::format("unknown recommendation policy {}; known: {}",
                                       Quote(options.policy), Join(PolicyNames(), ", ")));
  }
  return std::unique_ptr<CapacityEngine>(
      new CapacityEngine(options, price, *policy, feed, table, store));
}

CapacityEngine::CapacityEngine(const CapacityOptions& options, const Price& price,
                               const RecommendPolicy& policy, const SampleFeed& feed,
                               DerivedTable& table, StateStore* store)
    : options_(options),
      price_{price.core_hour, price.gib_hour, price.provider,
             options_.region.empty() ? price.region : std::string_view(options_.region)},
      policy_(policy),
      resolver_(feed),
      book_(pods_, store),
      facts_(feed, pods_),
      containers_(feed, pods_, book_),
      machines_(options.workloads, feed, pods_, book_),
      binder_(pods_, book_, resolver_),
      sink_{table} {}

CapacityEngine::~CapacityEngine() {
  for (auto& [key, entry] : book_.entries()) entry.series.Clear(sink_.table);
  for (auto& [key, told] : told_) told.series.Clear(sink_.table);
}

void CapacityEngine::SetObserver(UsageObserver* observer) {
  const absl::MutexLock lock(&mutex_);
  observer_ = observer;
  book_.SetObserver(observer);
}

void CapacityEngine::SetPrices(PriceBookSource prices) {
  const absl::MutexLock lock(&mutex_);
  prices_ = std::move(prices);
}

std::vector<SeriesReference> CapacityEngine::Reach() const {
  std::vector<SeriesReference> all = WorkloadResolver::Reach(kFactHorizon);
  for (auto& part : {ContainerStream::Reach(kUseHorizon), KubeFacts::Reach(kFactHorizon),
                     MachineStream::Reach(options_.workloads, kUseHorizon)}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

void CapacityEngine::Rebuild(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  if (const Status status = book_.Restore(); !status.ok()) {
    LogError("what workloads need cannot be read", {{"error", Message(status)}});
  }
  Learn(now, true);
  read_until_ = now - kHistory;
  FollowUntil(now);
}

void CapacityEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  Learn(now, false);
  FollowUntil(now);
  binder_.Release(now);
  if (IsTimeToJudge(now)) Judge(now);
  Count();
}

// Owners and facts before the samples that need them.
void CapacityEngine::Learn(Timestamp now, bool waited) {
  const bool learned = resolver_.Update(now);
  facts_.Update(now);
  containers_.Find(now, now - kHistory);
  machines_.Find(now, now - kHistory);
  binder_.Update(now, learned, waited);
}

// In slices of the clock's quarters, so that what several series tell of one container or workload
// is taken in about the order of its times, and hour by hour: accumulators fade by the hour. A
// sender that catches up after an outage sends hours within one run.
void CapacityEngine::FollowUntil(Timestamp now) {
  const Timestamp oldest = std::max(now - kHistory, containers_.OldestUnread(now));
  const Timestamp from = std::min({read_until_ == INT64_MIN ? now : read_until_, now, oldest});
  const auto end_of_slice = [&](Timestamp time) {
    return std::min(now, (time / kSlice + 1) * kSlice - 1);
  };
  for (Timestamp to = end_of_slice(from);; to = end_of_slice(to + 1)) {
    containers_.Follow(to);
    machines_.Follow(to);
    if (to == now) {
      for (const OomKill& kill : facts_.TakeKills()) book_.Kill(kill);
      for (const uint32_t container : facts_.TakeHeaps()) book_.SetHeap(container);
      for (const ResidentPeak& peak : facts_.TakeResidentPeaks()) book_.AddResident(peak);
    }
    // What it was told of before it is not told of again.
    if (observer_ != nullptr && to >= read_until_) observer_->OnRead(to);
    if (to == now) break;
  }
  read_until_ = now;
}

Status CapacityEngine::Save(Timestamp now, Part part) {
  const absl::MutexLock lock(&mutex_);
  const Timestamp until = read_until_ == INT64_MIN ? now : read_until_;
  const Status status = book_.Save(until, now, part == Part::kAll ? 0 : kSaveEvery);
  const absl::MutexLock result_lock(&result_mutex_);
  stats_.error = status.ok() ? "" : Message(status);
  return status;
}

void CapacityEngine::Count() {
  const absl::MutexLock lock(&result_mutex_);
  stats_.waiting = binder_.waiting();
  stats_.workloads = book_.entries().size();
  stats_.series = containers_.series() + machines_.series() + facts_.series();
  stats_.samples = containers_.samples();
  stats_.rows = book_.stats().rows;
  stats_.row_bytes = book_.stats().bytes;
  stats_.lost_rows = book_.stats().lost;
}

void CapacityEngine::VisitContainers(const std::function<void(const ContainerView&)>& use) const {
  const absl::MutexLock lock(&mutex_);
  const Timestamp now = read_until_;
  if (now == INT64_MIN) return;
  for (uint32_t number = 0; number < pods_.containers(); ++number) {
    const Container& container = pods_.container(number);
    if (container.pod == kNoSlot) continue;
    const Pod& pod = pods_.PodOf(container);
    ContainerView view;
    view.cpu_cores = container.cpu.Current(now);
    view.memory_bytes = container.memory.Current(now);
    const bool used = view.cpu_cores || view.memory_bytes;
    const bool told = container.told > now - kTold && pod.phase != PodPhase::kEnded &&
                      container.cpu.newest() == INT64_MIN;
    if (!used && !told) continue;
    view.id = number;
    view.birth = container.birth;
    view.cluster = pod.cluster;
    view.namespace_name = pod.namespace_name;
    view.pod = pod.is_machine ? std::string_view() : pod.name;
    view.uid = pod.uid;
    view.node = pod.is_machine ? pod.name : pod.node;
    view.container = container.name;
    view.image = container.image;
    view.workload = pod.resolved ? &pod.workload : nullptr;
    view.phase = pod.phase;
    view.init = container.init && !(used && AddsToPod(container, pod));
    view.started = pod.started;
    view.requests = container.requests;
    view.limits = container.limits;
    view.last_use = std::max(container.cpu.newest(), container.memory.newest());
    use(view);
  }
}

std::vector<Recommendation> CapacityEngine::Recommendations() const {
  const absl::MutexLock lock(&result_mutex_);
  std::vector<Recommendation> all;
  all.reserve(recommendations_.size());
  for (const auto& one : recommendations_) all.push_back(*one);
  return all;
}

std::vector<WorkloadCost> CapacityEngine::Costs() const {
  const absl::MutexLock lock(&result_mutex_);
  std::vector<WorkloadCost> costs;
  costs.reserve(told_.size());
  for (const auto& [key, told] : told_) {
    if (told.is_there) costs.push_back(told.cost);
  }
  return costs;
}

CapacityStats CapacityEngine::stats() const {
  const absl::MutexLock lock(&result_mutex_);
  return stats_;
}

CapacityEngine::Size CapacityEngine::MeasureSize() const {
  const absl::MutexLock lock(&mutex_);
  Size size;
  for (const auto& [key, entry] : book_.entries()) {
    size.demand += sizeof(DemandBook::Entries::value_type) - sizeof(ContainerDemand) +
                   entry.demand.Bytes() + entry.bound.capacity() * sizeof(uint32_t);
    ++size.entries;
  }
  size.cursors = containers_.HeapBytes() + facts_.HeapBytes();
  return size;
}

}  // namespace outrider
