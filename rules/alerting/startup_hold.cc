// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/startup_hold.h"

#include <algorithm>
#include <map>
#include <utility>

#include "storage/model/sample.h"

namespace outrider {
namespace {

// Series that ended before the process did are not waited for.
constexpr DurationMs kAlive = 5 * kMinute;
// Of native histograms every sample is decoded: not the whole window is.
constexpr DurationMs kHistogramsSeen = kHour;
constexpr size_t kMostSamples = 20'000'000;

// The gap that a rate or the like does not notice, in spacings.
constexpr int64_t kShortGap = 2;
constexpr size_t kMostSpacingSamples = 2'000'000;

// The newest sample of each series the group reads, by id.
std::map<uint32_t, Timestamp> NewestSamples(const Querier& querier, const GroupInputs& inputs,
                                            Timestamp start) {
  std::map<uint32_t, Timestamp> newest;
  SeriesSet set;
  set.newest_will_do = true;
  const auto note = [&](const SeriesSet::Row& row) {
    if (HasEnded(set, row) || inputs.IsOwn(row.labels.All())) return;
    if (GroupInputs::IsOfAlerts(row.labels.MetricName())) return;
    newest[row.id] = SampleTimes(set, row).back();
  };
  for (const auto& matchers : inputs.selectors) {
    set.want_histograms = false;
    if (querier.Select(matchers, 0, start, kMostSamples, &set).ok()) {
      std::ranges::for_each(set.rows, note);
    }
    set.want_histograms = true;
    const Timestamp from = start - kHistogramsSeen;
    if (!querier.Select(matchers, from, start, kMostSamples, &set).ok()) continue;
    for (const SeriesSet::Row& row : set.rows) {
      if (row.histograms_end > row.histograms_begin) note(row);
    }
  }
  return newest;
}

}  // namespace

bool HasSamples(const Querier& querier, std::span<const Matcher> matchers, Timestamp from,
                Timestamp to) {
  SeriesSet set;
  set.newest_will_do = true;
  set.want_histograms = true;
  // The first sample is one too many: the search ends there.
  const Status status = querier.Select(matchers, from, to, 0, &set);
  return status.ok() ? !set.rows.empty() : status.code() == absl::StatusCode::kResourceExhausted;
}

std::vector<StartupHold::Watched> StartupHold::AliveBefore(const Querier& querier,
                                                           const GroupInputs& inputs,
                                                           Timestamp start) {
  const std::map<uint32_t, Timestamp> newest = NewestSamples(querier, inputs, start);
  if (newest.empty()) return {};
  Timestamp end = kNoTime;
  for (const auto& [id, time] : newest) end = std::max(end, time);
  std::map<uint32_t, Watched> found;
  for (const auto& [id, time] : newest) {
    if (time >= end - kAlive) found[id] = {.id = id, .before = time};
  }
  SeriesSet set;
  set.want_histograms = true;
  for (const auto& matchers : inputs.selectors) {
    if (!querier.Select(matchers, end - kAlive, end, kMostSpacingSamples, &set).ok()) continue;
    for (const SeriesSet::Row& row : set.rows) {
      const auto at = found.find(row.id);
      if (at != found.end()) at->second.spacing = UsualSpacing(SampleTimes(set, row));
    }
  }
  const size_t step = (found.size() + kMostWatched - 1) / kMostWatched;
  std::vector<Watched> watched;
  size_t at = 0;
  for (const auto& [id, series] : found) {
    if (at++ % step == 0) watched.push_back(series);
  }
  return watched;
}

StartupHold::StartupHold(const Querier& querier, const GroupInputs& inputs, bool has_state,
                         Timestamp start, Timestamp until)
    : start_(start), watched_(AliveBefore(querier, inputs, start)) {
  const bool something = !watched_.empty() || (has_state && !inputs.selectors.empty());
  until_ = something ? until : 0;
}

bool StartupHold::Holds(const Querier& querier, const GroupInputs& inputs, Timestamp now) {
  if (until_ == 0) return false;
  if (now < until_ && !Current(querier, inputs, now)) return true;
  until_ = 0;
  watched_.clear();
  return false;
}

// An evaluation looks back from its slot, so that a sample behind the slot does not help it.
bool StartupHold::IsCurrent(const Watched& series, bool ranges, Timestamp now) {
  if (series.before > now - series.spacing) return true;
  if (series.first == 0 || series.first > now) return false;
  if (!ranges || series.first - series.before <= kShortGap * series.spacing) return true;
  return series.second != 0 && series.second <= now;
}

bool StartupHold::Current(const Querier& querier, const GroupInputs& inputs, Timestamp now) {
  if (watched_.empty()) {
    if (!EverySelectorHasSamples(querier, inputs, now)) return false;
    return !inputs.ranges || std::exchange(seen_once_, true);
  }
  std::vector<uint32_t> ids;
  ids.reserve(watched_.size());
  for (const Watched& series : watched_) ids.push_back(series.id);
  const std::vector<Timestamp> newest = querier.NewestOf(ids);
  size_t there = 0;
  for (size_t i = 0; i < watched_.size(); ++i) {
    Watched& series = watched_[i];
    if (newest[i] > start_ && series.first == 0) {
      series.first = newest[i];
    } else if (series.first != 0 && series.second == 0 && newest[i] > series.first) {
      series.second = newest[i];
    }
    there += IsCurrent(series, inputs.ranges, now) ? 1 : 0;
  }
  return static_cast<double>(there) >= kArrivedShare * static_cast<double>(watched_.size());
}

bool StartupHold::EverySelectorHasSamples(const Querier& querier, const GroupInputs& inputs,
                                          Timestamp now) const {
  return std::ranges::all_of(inputs.selectors, [&](const std::vector<Matcher>& matchers) {
    const bool own = std::ranges::any_of(matchers, [&](const Matcher& matcher) {
      return matcher.name() == kMetricName && matcher.type() == MatchType::kEqual &&
             (inputs.own_names.contains(matcher.value()) ||
              GroupInputs::IsOfAlerts(matcher.value()));
    });
    return own || HasSamples(querier, matchers, start_, now);
  });
}

}  // namespace outrider
