// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/container_state.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "storage/base/hash.h"

namespace outrider {
namespace {

constexpr DurationMs kRestartSpan = kHour;
constexpr DurationMs kThrottleSpan = 15 * kMinute;

void SaveEvidence(const Evidence& evidence, RowWriter& out) {
  out.Enum(evidence.type).Enum(evidence.resource).Enum(evidence.severity);
  out.Double(evidence.score).Double(evidence.confidence);
  out.Double(evidence.value).Double(evidence.threshold).Double(evidence.usual);
  out.Double(evidence.per_hour).Double(evidence.seconds_to_limit);
}

Evidence LoadEvidence(RowReader& in) {
  Evidence evidence;
  evidence.type = in.Enum(FindingType::kRestartLoop);
  evidence.resource = in.Enum(FindingResource::kRestarts);
  evidence.severity = in.Enum(FindingSeverity::kCritical);
  evidence.score = in.Double();
  evidence.confidence = in.Double();
  evidence.value = in.Double();
  evidence.threshold = in.Double();
  evidence.usual = in.Double();
  evidence.per_hour = in.Double();
  evidence.seconds_to_limit = in.Double();
  return evidence;
}

// Moves `seen` on; true if there was something new.
template <typename T>
bool Advance(T now, T* seen) {
  return std::exchange(*seen, now) != now;
}

}  // namespace

void ContainerState::AddUse(std::span<const Sample> cpu, std::span<const Sample> memory) {
  cpu_.Add(cpu);
  memory_.Add(memory);
  if (!cpu.empty()) last_use_ = std::max(last_use_, cpu.back().time);
  if (!memory.empty()) last_use_ = std::max(last_use_, memory.back().time);
}

void ContainerState::AddCounts(std::string_view pod, const CounterChange& change, Timestamp now) {
  counted_ = now;
  if (change.restarts > 0) restarts_.push_back({now, Hash64(pod), change.restarts});
  Slices slices = {now, change.periods, std::min(change.throttled, change.periods), change.seconds};
  if (slices.all == 0 && change.throttled_seconds > 0 && cpu_.closed_until() != INT64_MIN) {
    // Without periods: waiting against waiting and running.
    slices.cut = change.throttled_seconds;
    slices.all = slices.cut + cpu_.newest() * change.seconds;
  }
  if (slices.all == 0) return;
  if (slices_.empty() || slices_.back().time != now) slices_.push_back({now, 0, 0, 0});
  slices_.back().all += slices.all;
  slices_.back().cut += slices.cut;
  slices_.back().seconds = std::max(slices_.back().seconds, slices.seconds);
}

void ContainerState::CloseUntil(Timestamp until) {
  cpu_.CloseUntil(until);
  memory_.CloseUntil(until);
}

double ContainerState::MostRestarts(Timestamp now) {
  std::erase_if(restarts_, [&](const Restart& one) { return one.time <= now - kRestartSpan; });
  std::map<uint64_t, double> by_pod;
  double most = 0;
  for (const Restart& restart : restarts_) {
    most = std::max(most, by_pod[restart.pod] += restart.count);
  }
  return most;
}

Throttling ContainerState::ThrottlingOf(Timestamp now) {
  std::erase_if(slices_, [&](const Slices& one) { return one.time <= now - kThrottleSpan; });
  Throttling throttling;
  double all = 0;
  double cut = 0;
  double seconds = 0;
  for (const Slices& slices : slices_) {
    all += slices.all;
    cut += slices.cut;
    seconds += slices.seconds;
  }
  constexpr double kMinuteSeconds = static_cast<double>(kMinute) / kSecond;
  throttling.minutes =
      std::min(seconds, static_cast<double>(kThrottleSpan) / kSecond) / kMinuteSeconds;
  throttling.share = all > 0 ? cut / all : 0;
  return throttling;
}

template <typename Use>
void ContainerState::ForEachEvidence(const Recommendation* recommendation, Timestamp now, Use use) {
  ResourceFacts cpu{cpu_, {}, {}};
  ResourceFacts memory{memory_, {}, {}};
  if (recommendation != nullptr) {
    cpu.request = recommendation->cpu.request;
    cpu.limit = recommendation->cpu.limit;
    memory.request = recommendation->memory.request;
    memory.limit = recommendation->memory.limit;
  }
  if (recommendation != nullptr && now - kMinute >= fit_judged_) {
    fit_judged_ = now;
    use(JudgeRequest(FindingResource::kCpu, recommendation->cpu));
    use(JudgeRequest(FindingResource::kMemory, recommendation->memory));
    use(JudgeLimit(FindingResource::kCpu, recommendation->cpu));
    use(JudgeLimit(FindingResource::kMemory, recommendation->memory));
  }
  if (Advance(cpu_.closed_until(), &cpu_minute_)) {
    use(JudgeSpike(FindingResource::kCpu, cpu, SinceOf(FindingType::kCpuSpike)));
    use(JudgeDrop(cpu, SinceOf(FindingType::kUnusualPattern)));
  }
  if (Advance(memory_.closed_until(), &memory_minute_)) {
    use(JudgeSpike(FindingResource::kMemory, memory, SinceOf(FindingType::kMemorySpike)));
  }
  if (Advance(memory_.fives().newest(), &memory_five_)) use(JudgeLeak(memory));
  if (Advance(cpu_.hours().newest(), &cpu_hour_)) use(JudgeDrift(FindingResource::kCpu, cpu));
  if (Advance(memory_.hours().newest(), &memory_hour_)) {
    use(JudgeDrift(FindingResource::kMemory, memory));
  }
  if (Advance(counted_, &counts_judged_)) {
    use(std::optional(JudgeRestarts(MostRestarts(now))));
    use(JudgeThrottling(ThrottlingOf(now)));
  }
}

bool ContainerState::Judge(const Recommendation* recommendation, Timestamp now) {
  bool changed = false;
  ForEachEvidence(recommendation, now, [&](const std::optional<Evidence>& evidence) {
    if (evidence) changed |= Step(*evidence, now);
  });
  return changed;
}

bool ContainerState::Step(const Evidence& evidence, Timestamp now) {
  const auto place = std::ranges::find_if(tracked_, [&](const Tracked& tracked) {
    const Evidence& other = tracked.state.evidence;
    return other.type == evidence.type && other.resource == evidence.resource;
  });
  const bool is_known = place != tracked_.end();
  if (!is_known && evidence.score < 1) return false;
  const FindingState before = is_known ? place->state : FindingState();
  const FindingState after = StepFinding(before, evidence, now);
  const bool was_active = before.phase == FindingPhase::kActive;
  const bool is_active = after.phase == FindingPhase::kActive;
  if (after.phase == FindingPhase::kQuiet) {
    if (is_known) tracked_.erase(place);
    return was_active;
  }
  Tracked& tracked = is_known ? *place : tracked_.emplace_back();
  tracked.state = after;
  if (is_active && after.below_since == 0) tracked.description = Describe(after.evidence);
  return was_active != is_active ||
         (is_active && before.evidence.severity != after.evidence.severity);
}

Timestamp ContainerState::SinceOf(FindingType type) const {
  const auto place = std::ranges::find_if(
      tracked_, [&](const Tracked& tracked) { return tracked.state.evidence.type == type; });
  return place == tracked_.end() ? 0 : place->state.first_seen;
}

bool ContainerState::EndStale(Timestamp limit) {
  return std::erase_if(tracked_, [&](const Tracked& tracked) {
           const bool of_counts = tracked.state.evidence.resource == FindingResource::kRestarts;
           return (of_counts ? counted_ : last_use_) < limit;
         }) > 0;
}

bool ContainerState::HasNewHour() const {
  return std::max(cpu_.hours().newest(), memory_.hours().newest()) != saved_hour_;
}

void ContainerState::Save(RowWriter& out) {
  saved_hour_ = std::max(cpu_.hours().newest(), memory_.hours().newest());
  out.I64(last_use_);
  cpu_.Save(out);
  memory_.Save(out);
  out.U64(tracked_.size());
  for (const Tracked& tracked : tracked_) {
    out.Enum(tracked.state.phase).I64(tracked.state.since).I64(tracked.state.first_seen);
    out.I64(tracked.state.strong_since);
    out.I64(tracked.state.below_since);
    SaveEvidence(tracked.state.evidence, out);
  }
}

void ContainerState::Load(RowReader& in) {
  last_use_ = in.I64();
  cpu_.Load(in);
  memory_.Load(in);
  for (uint64_t left = in.Count(); left > 0; --left) {
    Tracked& tracked = tracked_.emplace_back();
    tracked.state.phase = in.Enum(FindingPhase::kActive);
    tracked.state.since = in.I64();
    tracked.state.first_seen = in.I64();
    tracked.state.strong_since = in.I64();
    tracked.state.below_since = in.I64();
    tracked.state.evidence = LoadEvidence(in);
    if (tracked.state.phase == FindingPhase::kActive) {
      tracked.description = Describe(tracked.state.evidence);
    }
  }
  saved_hour_ = std::max(cpu_.hours().newest(), memory_.hours().newest());
}

}  // namespace outrider
