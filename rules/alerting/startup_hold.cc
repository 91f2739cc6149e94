// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/startup_hold.h"

#include <algorithm>

#include "storage/model/sample.h"

namespace outrider {
namespace {

// Series that ended before the process did are not waited for.
constexpr DurationMs kAlive = 5 * kMinute;
constexpr size_t kMostSamples = 20'000'000;

// Of each series that was alive at the newest sample before `start`, its id.
std::vector<uint32_t> AliveBefore(const Querier& querier, const GroupInputs& inputs,
                                  Timestamp start) {
  std::map<uint32_t, Timestamp> newest;
  Timestamp end = kNoTime;
  SeriesSet set;
  set.newest_will_do = true;
  for (const auto& matchers : inputs.selectors) {
    if (!querier.Select(matchers, 0, start, kMostSamples, &set).ok()) continue;
    for (const SeriesSet::Row& row : set.rows) {
      if (row.end == row.begin || IsStale(set.Values(row).back())) continue;
      if (inputs.IsOwn(row.labels) || GroupInputs::IsOfAlerts(row.labels.MetricName())) continue;
      newest[row.id] = set.Times(row).back();
      end = std::max(end, set.Times(row).back());
    }
  }
  std::erase_if(newest, [&](const auto& series) { return series.second < end - kAlive; });
  const size_t step = (newest.size() + kMostWatched - 1) / kMostWatched;
  std::vector<uint32_t> ids;
  size_t at = 0;
  for (const auto& [id, time] : newest) {
    if (at++ % step == 0) ids.push_back(id);
  }
  return ids;
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

StartupHold::StartupHold(const Querier& querier, const GroupInputs& inputs, bool has_state,
                         Timestamp start, Timestamp until)
    : start_(start), ids_(AliveBefore(querier, inputs, start)), seen_(ids_.size()) {
  const bool something = !ids_.empty() || (has_state && !inputs.selectors.empty());
  until_ = something ? until : 0;
}

bool StartupHold::Holds(const Querier& querier, const GroupInputs& inputs, Timestamp now) {
  if (until_ == 0) return false;
  if (now < until_ && !Current(querier, inputs, now)) return true;
  until_ = 0;
  ids_.clear();
  return false;
}

bool StartupHold::Current(const Querier& querier, const GroupInputs& inputs, Timestamp now) {
  if (ids_.empty()) {
    if (!EverySelectorHasSamples(querier, inputs, now)) return false;
    return !inputs.ranges || std::exchange(seen_once_, true);
  }
  const std::vector<Timestamp> newest = querier.NewestOf(ids_);
  size_t there = 0;
  for (size_t i = 0; i < ids_.size(); ++i) {
    Seen& seen = seen_[i];
    if (newest[i] <= start_) continue;
    if (seen.first == 0) {
      seen.first = newest[i];
    } else if (seen.second == 0 && newest[i] > seen.first) {
      seen.second = newest[i];
    }
    const Timestamp needed = inputs.ranges ? seen.second : seen.first;
    there += needed != 0 && needed <= now ? 1 : 0;
  }
  return static_cast<double>(there) >= kArrivedShare * static_cast<double>(ids_.size());
}

bool StartupHold::EverySelectorHasSamples(const Querier& querier, const GroupInputs& inputs,
                                          Timestamp now) {
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
