// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "rules/analytics/baseline.h"
#include "rules/analytics/moments.h"
#include "rules/workloads/workload_statistics.h"

namespace outrider {
namespace {

using enum FindingSeverity;

constexpr double kMib = 1024.0 * 1024.0;

// What is too small to matter, per resource.
struct Floors {
  double deviation;  // the smallest scale of a spike
  double level;      // relative changes are measured against at least this
  double drift;
};
constexpr Floors kCpuFloors = {.02, .1, .05};
constexpr Floors kMemoryFloors = {8 * kMib, 64 * kMib, 32 * kMib};
const Floors& FloorsOf(FindingResource resource) {
  return resource == FindingResource::kCpu ? kCpuFloors : kMemoryFloors;
}

struct Step {
  double from;
  FindingSeverity severity;
};
// The first step that `value` reaches; kLow below all.
FindingSeverity Reached(std::span<const Step> steps, double value) {
  const auto found = std::ranges::find_if(steps, [&](const Step& s) { return value >= s.from; });
  return found == steps.end() ? kLow : found->severity;
}

// 0.7 at the edge, 0.89 at twice it; `data`: how much of the wanted past there is, 0 to 1.
double Confidence(double score, double data) {
  const double sure = score > 0 ? 1 - .3 * std::pow(score, -1.5) : 0;
  return std::max(0.0, sure) * (.8 + .2 * std::clamp(data, 0.0, 1.0));
}

struct Known {
  std::vector<double> values;
  std::vector<Timestamp> times;  // of the slots' ends
};
template <size_t kCapacity>
Known KnownOf(const SlotRing<kCapacity>& ring, DurationMs width, size_t newest_slots) {
  Known known;
  const std::span<const float> all = ring.values();
  const size_t skip = all.size() > newest_slots ? all.size() - newest_slots : 0;
  for (size_t i = skip; i < all.size(); ++i) {
    if (std::isnan(all[i])) continue;
    const int64_t slot = ring.newest() - static_cast<int64_t>(all.size() - 1 - i);
    known.values.push_back(all[i]);
    known.times.push_back((slot + 1) * width);
  }
  return known;
}

// The newest minutes against those before.
struct Departure {
  double now = 0;
  double median = 0;
  double scale = 0;
  double data = 0;       // share of the hour that is known
  bool far_out = false;  // beyond the outer fences, too
};

constexpr size_t kNewest = 3;  // minutes that are judged

// How many of the minutes, from the oldest on, tell what is usual.
size_t UsualOf(const Known& known, Timestamp since) {
  constexpr DurationMs kNewLevel = 30 * kMinute;  // from then on it is one
  const size_t before = known.values.size() - kNewest;
  if (since == 0) return before;
  const Timestamp end = std::max(since - kMinute, known.times.back() - kNewLevel);
  const auto first = std::ranges::lower_bound(known.times, end);
  return std::min(before, static_cast<size_t>(first - known.times.begin()));
}

std::optional<Departure> FindDeparture(FindingResource resource, const ResourceUsage& usage,
                                       Timestamp since, bool upwards) {
  constexpr size_t kNeeded = 10;  // minutes before them
  constexpr double kShare = .05;
  const Known known = KnownOf(usage.minutes(), ResourceUsage::kSlot, ResourceUsage::kMinutes);
  if (known.values.size() < kNeeded + kNewest) return std::nullopt;
  const size_t before = UsualOf(known, since);
  if (before < kNeeded) return std::nullopt;
  Baseline baseline;
  for (size_t i = 0; i < before; ++i) baseline.Add(known.times[i], known.values[i]);
  const Baseline::Center center = baseline.Measure();
  const std::span<const double> all = known.values;
  const double mean = MeanValue(all.last(kNewest));
  Departure found;
  // One minute alone is neither a beginning nor a going on.
  found.now = upwards ? std::min(mean, all.back()) : std::max(mean, all.back());
  found.median = center.median;
  found.scale =
      std::max({center.deviation, kShare * std::fabs(center.median), FloorsOf(resource).deviation});
  found.data = static_cast<double>(before) / 60;
  const Fences fences = IqrFences(all.first(before), 3);
  found.far_out = found.now > fences.upper || found.now < fences.lower;
  return found;
}

constexpr double kSpikeEdge = 4;  // robust deviations

struct Window {
  size_t slots;  // of five minutes
  size_t needed;
};
constexpr std::array kLeakWindows = {Window{12, 10}, Window{72, 36}, Window{288, 144}};
constexpr size_t kUnhurried = 24;  // five-minute slots: a start may grow for two hours

struct Growth {
  double per_hour = 0;  // relative to the mean
  double slope = 0;     // bytes per second
  double rise = 0;      // along the line, bytes
  double share = 0;     // of the start of the line
};

// A line that explains the growth, and a newest third that still grows with it: a warm-up levels
// off, a saw-tooth has no line.
std::optional<Growth> FindGrowth(const Known& known) {
  constexpr double kExplained = .6;
  constexpr double kSure = 6;  // standard errors
  constexpr double kGoesOn = .4;
  Moments line;
  const Timestamp origin = known.times.front();
  const auto seconds = [&](Timestamp time) { return static_cast<double>(time - origin) / kSecond; };
  for (size_t i = 0; i < known.values.size(); ++i)
    line.Add(seconds(known.times[i]), known.values[i]);
  if (!line.HasSlope() || line.Slope() <= 0 || line.mean_v <= 0) return std::nullopt;
  if (line.R2() < kExplained || line.Slope() < kSure * line.StandardError()) return std::nullopt;
  const double span = seconds(known.times.back());
  Moments newest;
  for (size_t i = known.values.size() - known.values.size() / 3; i < known.values.size(); ++i) {
    newest.Add(seconds(known.times[i]), known.values[i]);
  }
  if (!newest.HasSlope() || newest.Slope() < kGoesOn * line.Slope()) return std::nullopt;
  Growth growth;
  growth.slope = line.Slope();
  growth.per_hour = growth.slope * 3600 / line.mean_v;
  growth.rise = growth.slope * span;
  growth.share = growth.rise / std::max(line.At(0), .1 * line.mean_v);
  return growth;
}

// A saw-tooth with a long period grows within a window, but to where it was before; unless that was
// at the limit.
bool IsNewHigh(std::span<const float> fives, size_t window, const std::optional<double>& limit) {
  double before = 0;
  if (fives.size() <= window) return true;
  for (const float value : fives.first(fives.size() - window)) {
    if (value > before) before = value;  // not NaN
  }
  return fives.back() > before || (limit && before >= .9 * *limit);
}

FindingSeverity LeakSeverity(double per_hour, double hours_to_limit) {
  static constexpr std::array kByTime = {Step{1, kCritical}, Step{1.0 / 6, kHigh},
                                         Step{1.0 / 24, kMedium}};
  static constexpr std::array kByGrowth = {Step{.20, kHigh}, Step{.05, kMedium}};
  if (std::isfinite(hours_to_limit)) {
    const FindingSeverity by_time = Reached(kByTime, 1 / std::max(hours_to_limit, 1e-3));
    return std::max(by_time, std::min(kMedium, Reached(kByGrowth, per_hour)));
  }
  return Reached(kByGrowth, per_hour);
}

Evidence LeakOf(const Growth& growth, const ResourceFacts& facts, double data) {
  constexpr double kEdge = .01;    // an hour
  constexpr double kHorizon = 24;  // hours to the limit at the edge
  Evidence evidence;
  evidence.type = FindingType::kMemoryLeak;
  evidence.resource = FindingResource::kMemory;
  evidence.value = facts.usage.newest();
  evidence.usual = evidence.value - growth.rise;
  evidence.per_hour = growth.per_hour;
  double hours = std::numeric_limits<double>::infinity();
  evidence.threshold = evidence.usual * 1.1;
  if (facts.limit && *facts.limit > 0) {
    evidence.threshold = *facts.limit;
    hours = std::max(0.0, *facts.limit - facts.usage.peak()) / growth.slope / 3600;
    evidence.seconds_to_limit = hours * 3600;
  }
  evidence.score = std::max(growth.per_hour / kEdge, kHorizon / std::max(hours, .01));
  evidence.severity = LeakSeverity(growth.per_hour, hours);
  // The line is already sure; what is left open is whether it goes on.
  evidence.confidence = Confidence(1.2 + growth.share, data);
  return evidence;
}

// Means of whole days before the newest 24 hours, newest first.
std::vector<double> DaysBefore(std::span<const float> hours) {
  constexpr size_t kDayHours = 24;
  constexpr size_t kNeeded = 18;
  std::vector<double> days;
  for (size_t end = hours.size(); end >= kDayHours; end -= kDayHours) {
    std::vector<double> known;
    for (const float hour : hours.subspan(end - kDayHours, kDayHours)) {
      if (!std::isnan(hour)) known.push_back(hour);
    }
    if (known.size() >= kNeeded) {
      days.push_back(MeanValue(known));
    } else if (days.empty()) {
      return days;  // today is not known
    }
  }
  return days;
}

// A robust deviation of days that follow a line: of their differences, over the root of two.
double DayToDay(std::span<const double> days) {
  Baseline steps;
  for (size_t i = 1; i < days.size(); ++i) {
    steps.Add(static_cast<Timestamp>(i), days[i] - days[i - 1]);
  }
  return steps.size() == 0 ? 0 : steps.Measure().deviation / std::sqrt(2.0);
}

}  // namespace

std::optional<Evidence> JudgeSpike(FindingResource resource, const ResourceFacts& facts,
                                   Timestamp since) {
  static constexpr std::array kSteps = {Step{3, kCritical}, Step{1, kHigh}, Step{.25, kMedium}};
  const auto found = FindDeparture(resource, facts.usage, since, true);
  if (!found) return std::nullopt;
  const bool cpu = resource == FindingResource::kCpu;
  Evidence evidence;
  evidence.type = cpu ? FindingType::kCpuSpike : FindingType::kMemorySpike;
  evidence.resource = resource;
  evidence.score = std::max(0.0, found->now - found->median) / (kSpikeEdge * found->scale);
  evidence.value = found->now;
  evidence.usual = found->median;
  evidence.threshold = found->median + kSpikeEdge * found->scale;
  const double level = std::max({found->median, FloorsOf(resource).level,
                                 .1 * facts.limit.value_or(facts.request.value_or(0))});
  evidence.severity = Reached(kSteps, (found->now - found->median) / level);
  if (facts.limit && *facts.limit > 0 && found->now >= .9 * *facts.limit) {
    evidence.severity = std::max(evidence.severity, cpu ? kHigh : kCritical);
  }
  evidence.confidence = Confidence(evidence.score, found->data) * (found->far_out ? 1 : .9);
  return evidence;
}

std::optional<Evidence> JudgeDrop(const ResourceFacts& facts, Timestamp since) {
  constexpr FindingResource kCpu = FindingResource::kCpu;
  const auto found = FindDeparture(kCpu, facts.usage, since, false);
  if (!found) return std::nullopt;
  Evidence evidence;
  evidence.type = FindingType::kUnusualPattern;
  evidence.resource = kCpu;
  const double fall = found->median > FloorsOf(kCpu).level ? 1 - found->now / found->median : 0;
  // By half at least: the valley after a busy hour is nothing unusual.
  const double z = std::max(0.0, found->median - found->now) / (kSpikeEdge * found->scale);
  evidence.score = std::min(z, fall / .5);
  evidence.value = found->now;
  evidence.usual = found->median;
  evidence.threshold =
      std::max(0.0, std::min(found->median - kSpikeEdge * found->scale, .5 * found->median));
  evidence.severity = fall >= .9 ? kMedium : kLow;
  evidence.confidence = Confidence(z, found->data) * (found->far_out ? 1 : .9);
  return evidence;
}

std::optional<Evidence> JudgeLeak(const ResourceFacts& facts) {
  constexpr double kRise = .10;
  constexpr double kSoon = 2 * 3600;
  std::optional<Evidence> worst;
  for (const Window& window : kLeakWindows) {
    const Known known = KnownOf(facts.usage.fives(), ResourceUsage::kFive, window.slots);
    if (known.values.size() < window.needed) continue;
    const double data =
        static_cast<double>(known.values.size()) / static_cast<double>(window.slots);
    const auto growth = FindGrowth(known);
    Evidence evidence;
    const bool counts = growth && growth->share >= kRise &&
                        growth->rise >= FloorsOf(FindingResource::kMemory).deviation &&
                        IsNewHigh(facts.usage.fives().values(), window.slots, facts.limit);
    if (counts) {
      evidence = LeakOf(*growth, facts, data);
      const bool may_be_a_start = facts.usage.fives().values().size() < kUnhurried;
      if (may_be_a_start && !(evidence.seconds_to_limit <= kSoon)) evidence.score = 0;
    }
    if (!worst || evidence.score > worst->score) worst = evidence;
  }
  if (worst && worst->score == 0) worst->value = facts.usage.newest();
  return worst;
}

std::optional<Evidence> JudgeDrift(FindingResource resource, const ResourceFacts& facts) {
  constexpr double kEdge = .20;
  constexpr double kSpread = 3;  // deviations of the days before
  static constexpr std::array kSteps = {Step{1, kHigh}, Step{.5, kMedium}};
  std::vector<double> days = DaysBefore(facts.usage.hours().values());
  if (days.size() < 3) return std::nullopt;
  const double today = days.front();
  Baseline before;
  for (size_t i = 1; i < days.size(); ++i) before.Add(static_cast<Timestamp>(i), days[i]);
  const Baseline::Center center = before.Measure();
  const double change = (today - center.median) / std::max(center.median, FloorsOf(resource).drift);
  Evidence evidence;
  evidence.type =
      resource == FindingResource::kCpu ? FindingType::kCpuDrift : FindingType::kMemoryDrift;
  evidence.resource = resource;
  const double spread = kSpread * DayToDay(std::span(days).subspan(1));
  const bool usual = std::fabs(today - center.median) < spread;
  evidence.score = usual ? 0 : std::fabs(change) / kEdge;
  evidence.value = today;
  evidence.usual = center.median;
  evidence.threshold =
      center.median + std::copysign(std::max(spread, kEdge * center.median), change);
  // From the middle of the days before to the middle of today.
  evidence.per_hour = change / (static_cast<double>(days.size()) / 2);
  evidence.severity = change > 0 ? Reached(kSteps, change) : kLow;
  evidence.confidence = Confidence(.8 + evidence.score / 4, static_cast<double>(days.size()) / 8);
  return evidence;
}

std::optional<Evidence> JudgeRequest(FindingResource resource, const ResourceAdvice& advice) {
  constexpr double kEdge = .20;
  if (!advice.enough_data || !advice.request || !(*advice.request > 0)) return std::nullopt;
  Evidence evidence;
  evidence.type = FindingType::kUnderutilization;
  evidence.resource = resource;
  evidence.value = advice.mean_use;
  evidence.usual = *advice.request;
  evidence.threshold = kEdge * *advice.request;
  const double share = advice.mean_use / *advice.request;
  evidence.score = kEdge / std::max(share, .002);
  const auto severity = JudgeUnderuse(advice.mean_use, *advice.request);
  evidence.severity = severity.value_or(kLow);
  // The bound itself is fine.
  if (!severity) evidence.score = std::min(evidence.score, std::nextafter(1.0, 0.0));
  const double days = static_cast<double>(advice.coverage) / kDay;
  evidence.confidence = .72 + .25 * std::min(1.0, days);
  return evidence;
}

std::optional<Evidence> JudgeLimit(FindingResource resource, const ResourceAdvice& advice) {
  constexpr double kEdge = .90;
  if (!advice.enough_data || !advice.limit || !(*advice.limit > 0)) return std::nullopt;
  Evidence evidence;
  evidence.type = FindingType::kSaturation;
  evidence.resource = resource;
  evidence.value = advice.p95_use;
  evidence.usual = *advice.limit;
  evidence.threshold = kEdge * *advice.limit;
  evidence.severity = JudgeSaturation(advice.p95_use, *advice.limit).value_or(kLow);
  evidence.score = advice.p95_use / *advice.limit / kEdge;
  const double quarter_days = 4 * static_cast<double>(advice.coverage) / kDay;
  evidence.confidence = .8 + .17 * std::min(1.0, quarter_days);
  return evidence;
}

std::optional<Evidence> JudgeThrottling(const Throttling& throttling) {
  constexpr double kEdge = .25;
  constexpr double kNeeded = 5;  // minutes
  static constexpr std::array kSteps = {Step{.85, kCritical}, Step{.6, kHigh}, Step{.4, kMedium}};
  if (throttling.minutes < kNeeded) return std::nullopt;
  Evidence evidence;
  evidence.type = FindingType::kThrottling;
  evidence.resource = FindingResource::kCpu;
  evidence.value = throttling.share;
  evidence.threshold = kEdge;
  evidence.score = throttling.share / kEdge;
  evidence.severity = Reached(kSteps, throttling.share);
  evidence.confidence = .75 + .2 * std::min(1.0, throttling.minutes / 15);
  return evidence;
}

Evidence JudgeRestarts(double restarts) {
  constexpr double kEdge = 3;
  static constexpr std::array kSteps = {Step{10, kCritical}, Step{5, kHigh}, Step{3, kMedium}};
  Evidence evidence;
  evidence.type = FindingType::kRestartLoop;
  evidence.resource = FindingResource::kRestarts;
  evidence.value = restarts;
  evidence.threshold = kEdge;
  evidence.score = restarts / kEdge;
  evidence.severity = Reached(kSteps, restarts);
  evidence.confidence = std::min(.97, .8 + .03 * restarts);
  return evidence;
}

}  // namespace outrider
