// SPDX-License-Identifier: Apache-2.0
// Windows that trends and forecasts look at, and how a series' past is laid out for them.
//
// Every window gets a tier of sub-buckets whose width is the window divided by `resolution`; a
// tier holds only the ages between the window before it and its own, and hands what is older to
// the next, coarser one (a cascade). So all seven windows together take little more than the
// longest alone: sum of (W[i] - W[i-1]) / width[i] buckets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

inline constexpr std::array<DurationMs, 7> kTrendWindows = {
    5 * kMinute, 15 * kMinute, 30 * kMinute, kHour, 6 * kHour, 12 * kHour, 24 * kHour};
inline constexpr DurationMs kShortestWindow = kMinute;
inline constexpr DurationMs kLongestWindow = 7 * kDay;
inline constexpr size_t kMostWindows = 16;  // per entry

// 5m 15m 30m 1h 6h 12h 24h: the label `window`. (FormatDuration would call the last one 1d.) Whole
// days from two on are days, everything else as Prometheus writes it.
std::string WindowText(DurationMs window);

// Constant and shared by all series of an entry.
struct WindowPlan {
  struct Tier {
    uint32_t width = 0;     // of a bucket, in milliseconds; divides that of the next tier
    uint16_t offset = 0;    // of the tier's first bucket among all
    uint16_t capacity = 0;  // buckets
  };
  std::vector<Tier> tiers;  // finest first
  bool centres = false;     // buckets have one that wild samples do not move (wild_filter.h)

  size_t buckets() const { return tiers.back().offset + size_t{tiers.back().capacity}; }
  DurationMs coarsest() const { return tiers.back().width; }
};

// `windows`: at least one, ascending, each from kShortestWindow to kLongestWindow. `resolution`:
// buckets per window, so that a window's old edge is right within half of 1/resolution.
std::shared_ptr<const WindowPlan> MakeWindowPlan(std::span<const DurationMs> windows,
                                                 int resolution);

// What a fresh state must see so that it becomes as one that always ran: the window and the bucket
// that its old edge may cut.
DurationMs HistoryFor(std::span<const DurationMs> windows, int resolution);

}  // namespace outrider
