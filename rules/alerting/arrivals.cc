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
// Of a group whose data is not there most series are late: a few tell.
constexpr size_t kAskedAtOnce = 64;
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
    const std::vector<Timestamp> times = SampleTimes(set, row);
    if (times.size() < 2 || HasEnded(set, row)) continue;
    if (inputs.IsOwn(row.labels.All())) continue;
    found->emplace(row.id, UsualSpacing(times));
  }
}

}  // namespace

std::vector<Timestamp> SampleTimes(const SeriesSet& set, const SeriesSet::Row& row) {
  const auto floats = set.Times(row);
  std::vector<Timestamp> times(floats.begin(), floats.end());
  for (const HistogramSample& sample : set.Histograms(row)) times.push_back(sample.time);
  if (!floats.empty()) std::ranges::sort(times);
  return times;
}

bool HasEnded(const SeriesSet& set, const SeriesSet::Row& row) {
  const auto values = set.Values(row);
  const auto histograms = set.Histograms(row);
  const bool float_is_newest =
      !values.empty() && (histograms.empty() || set.Times(row).back() > histograms.back().time);
  if (float_is_newest) return IsStale(values.back());
  return histograms.empty() || IsStale(histograms.back().histogram);
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

bool ArrivalWatch::Arrived(const Querier& querier, Timestamp slot) const {
  const double all = static_cast<double>(ids_.size());
  size_t late = 0;
  for (size_t begin = 0; begin < ids_.size(); begin += kAskedAtOnce) {
    const auto asked = std::span(ids_).subspan(begin, std::min(kAskedAtOnce, ids_.size() - begin));
    const std::vector<Timestamp> newest = querier.NewestOf(asked);
    for (size_t i = 0; i < asked.size(); ++i) {
      late += newest[i] > slot - spacings_[begin + i] ? 0 : 1;
    }
    if (all - static_cast<double>(late) < kArrivedShare * all) return false;
  }
  return true;
}

ArrivalVerdict JudgeArrival(bool arrived, DurationMs waited, DurationMs bound) {
  if (arrived) return ArrivalVerdict::kArrived;
  return waited >= bound ? ArrivalVerdict::kBound : ArrivalVerdict::kWait;
}

DurationMs LookAgainAfter(DurationMs bound, bool was_late) {
  constexpr DurationMs kLooks = 20;
  constexpr DurationMs kLooksInVain = 4;
  constexpr DurationMs kShortest = 50;
  return std::clamp(bound / (was_late ? kLooksInVain : kLooks), kShortest, kSecond);
}

}  // namespace outrider
