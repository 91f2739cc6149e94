// SPDX-License-Identifier: Apache-2.0
// The scoring rules of the Numenta Anomaly Benchmark, exactly: what a detector's scores are worth
// against labelled windows. Pure. Source: specs/anomaly_and_trends.md §3 "NAB: scoring".
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace outrider {

// What a window found, a window missed and a false alarm weigh.
struct NabProfile {
  std::string_view name;
  double hit = 1;
  double miss = 1;
  double false_alarm = 0.11;
};
inline constexpr std::array kNabProfiles = {
    NabProfile{"standard", 1, 1, 0.11},
    NabProfile{"reward_low_FP", 1, 1, 0.22},
    NabProfile{"reward_low_FN", 1, 2, 0.11},
};

struct NabSeries {
  std::vector<double> scores;  // one per point, >= 0
  // First and last point of each labelled window, in order, not overlapping.
  std::vector<std::pair<size_t, size_t>> windows;
};

struct NabScore {
  double threshold = 0;
  double raw = 0;
  double normalised = 0;  // 0: says nothing at all; 100: every window at its first point
  size_t windows = 0;
  size_t found = 0;
  size_t false_alarms = 0;  // points outside the windows from the threshold on
};

// The first min(floor(0.15 n), 750) points of a series are not scored.
size_t NabProbation(size_t points);

// A point of a series counts from `threshold` on. Without any window `normalised` is 0.
NabScore ScoreNab(std::span<const NabSeries> series, double threshold, const NabProfile& profile);

// The threshold with the highest score over all series together (among the scores that occur; +Inf
// if saying nothing is best).
NabScore BestNabScore(std::span<const NabSeries> series, const NabProfile& profile);

}  // namespace outrider
