// SPDX-License-Identifier: Apache-2.0
// Series made by a formula and seeded noise, fed to a detector.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "rules/detect/detector_table.h"
#include "storage/base/random.h"

namespace outrider {

// Monday 2025-11-03 00:00 UTC.
inline constexpr Timestamp kMonday = 1'762'128'000'000;

class Noise {
 public:
  explicit Noise(uint64_t seed) : random_(seed) {}
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - random_.Unit()));
    return radius * std::cos(2 * std::numbers::pi * random_.Unit());
  }
  double Unit() { return random_.Unit(); }

 private:
  SeededRandom random_;
};

struct Feed {
  DurationMs step = kMinute;
  Timestamp start = kMonday;
};

// What came of a run.
struct Trace {
  std::vector<Timestamp> times;
  std::vector<Verdict> verdicts;

  // Onsets in [from, to) samples.
  size_t Onsets(size_t from, size_t to) const {
    size_t count = 0;
    for (size_t i = from; i < to; ++i) count += verdicts[i].onset >= 1 ? 1U : 0U;
    return count;
  }
  double HighestState(size_t from, size_t to) const {
    double highest = 0;
    for (size_t i = from; i < to; ++i) {
      if (verdicts[i].state > highest) highest = verdicts[i].state;
    }
    return highest;
  }
};

inline std::unique_ptr<SeriesDetector> Make(const std::string& name,
                                            const DetectorOptions& options = {}) {
  auto made = MakeSeriesDetector(name, options);
  return made.ok() ? *std::move(made) : nullptr;
}

// `value`: of the sample with this number.
inline Trace FeedIn(SeriesDetector& detector, const Feed& feed, size_t samples,
                    const std::function<double(size_t)>& value) {
  Trace trace;
  for (size_t i = 0; i < samples; ++i) {
    trace.times.push_back(feed.start + static_cast<DurationMs>(i) * feed.step);
    trace.verdicts.push_back(detector.Observe(trace.times.back(), value(i)));
  }
  return trace;
}

}  // namespace outrider
