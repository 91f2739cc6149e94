// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/arrivals.h"

#include <algorithm>
#include <map>

#include "storage/model/sample.h"

namespace outrider {
namespace {

// The longest range whose samples are not too many.
constexpr DurationMs kLearnFrom[] = {5 * kMinute, kMinute, 15 * kSecond};
constexpr size_t kMostSamples = 2'000'000;
constexpr size_t kSpacingsSeen = 8;
// Scrapes jitter: a sample may come this much of its spacing later than usual.
constexpr DurationMs kJitterDivisor = 20;

void AddSeries(const Querier& querier, std::span<const Matcher> matchers, const GroupInputs& inputs,
               Timestamp at, std::map<uint32_t, DurationMs>* found) {
  SeriesSet set;
  set.want_histograms = true;
  Status status;
  for (const DurationMs range : kLearnFrom) {
    status = querier.Select(matchers, at - range, at, kMostSamples, &set);
    if (status.ok()) break;
  }
  if (!status.ok()) return;  // too many: not waited for
  for (const SeriesSet::Row& row : set.rows) {
    const std::vector<Timestamp> times = TimesOf(set, row);
    if (times.size() < 2) continue;
    if (inputs.IsOwn(row.labels.All())) continue;
    found->emplace(row.id, UsualSpacing(times));
  }
}

}  // namespace

std::vector<Timestamp> TimesOf(const SeriesSet& set, const SeriesSet::Row& row) {
  const auto floats = set.Times(row);
  const auto histograms = set.Histograms(row);
  const bool histogram_is_last =
      !histograms.empty() && (floats.empty() || histograms.back().time > floats.back());
  const bool ended = histogram_is_last ? IsStale(histograms.back().histogram)
                                       : !floats.empty() && IsStale(set.Values(row).back());
  if (ended) return {};
  std::vector<Timestamp> times(floats.begin(), floats.end());
  for (const HistogramSample& sample : histograms) times.push_back(sample.time);
  if (!floats.empty() && !histograms.empty()) std::ranges::sort(times);
  return times;
}

// The median of the newest steps.
DurationMs UsualSpacing(std::span<const Timestamp> times) {
  if (times.size() < 2) return 0;
  std::vector<DurationMs> steps;
  const size_t first = times.size() > kSpacingsSeen ? times.size() - kSpacingsSeen : 1;
  for (size_t i = first; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return *middle + *middle / kJitterDivisor;
}

ArrivalWatch ArrivalWatch::Learn(const Querier& querier, const GroupInputs& inputs, Timestamp at) {
  std::map<uint32_t, DurationMs> found;
  for (const auto& matchers : inputs.selectors) AddSeries(querier, matchers, inputs, at, &found);
  ArrivalWatch watch;
  const size_t step = (found.size() + kMostWatched - 1) / kMostWatched;
  size_t at_series = 0;
  for (const auto& [id, spacing] : found) {
    if (at_series++ % step != 0) continue;
    watch.ids_.push_back(id);
    watch.spacings_.push_back(spacing);
  }
  return watch;
}

double ArrivalWatch::Share(const Querier& querier, Timestamp slot) const {
  if (ids_.empty()) return 1;
  const std::vector<Timestamp> newest = querier.NewestOf(ids_);
  size_t there = 0;
  for (size_t i = 0; i < ids_.size(); ++i) there += newest[i] > slot - spacings_[i] ? 1 : 0;
  return static_cast<double>(there) / static_cast<double>(ids_.size());
}

ArrivalVerdict JudgeArrival(double share, DurationMs waited, DurationMs bound) {
  if (share >= kArrivedShare) return ArrivalVerdict::kArrived;
  return waited >= bound ? ArrivalVerdict::kBound : ArrivalVerdict::kWait;
}

DurationMs LookAgainAfter(DurationMs bound) {
  constexpr DurationMs kLooks = 20;
  constexpr DurationMs kShortest = 50;
  return std::clamp(bound / kLooks, kShortest, kSecond);
}

}  // namespace outrider
