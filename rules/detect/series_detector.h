// SPDX-License-Identifier: Apache-2.0
// One series, sample by sample: what was to be expected, and how far from it the sample is.
// Strictly causal: a verdict depends on the samples up to its own and on nothing else.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/detect/detector_options.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Scores are at least 0 and 1 is the alerting edge. NaN: cannot be said (yet).
struct Verdict {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  // High where something begins, then at rest: what pages. Once per anomaly.
  double onset = kUnknown;
  // High for as long as it lasts: what dashboards and rules with `for` look at.
  double state = kUnknown;
  double expected = kUnknown;
  double lower = kUnknown;
  double upper = kUnknown;
};

// Why the newest sample was judged as it was. NaN and 0 where a detector has no such part.
struct Explanation {
  std::string detector;        // that decided; of `auto`, the chosen one
  std::string chosen_because;  // `auto` only
  Timestamp time = 0;
  double value = Verdict::kUnknown;
  Verdict verdict;
  // expected = level + season, or the level alone; the trend is that of the level.
  double level = Verdict::kUnknown;
  double season = Verdict::kUnknown;
  double trend_per_hour = Verdict::kUnknown;
  double deviation = Verdict::kUnknown;  // the scale that the distance was measured with
  // Share of past samples expected to lie at least this far off; 1e-4: one in ten thousand.
  double tail_probability = Verdict::kUnknown;
  Timestamp since = 0;               // when the running anomaly began; 0: there is none
  uint64_t samples = 0;              // seen so far
  std::vector<std::string> reasons;  // sentences for people, most important first
};

// Not thread-safe.
class SeriesDetector {
 public:
  virtual ~SeriesDetector() = default;
  // A finite value; times ascend. At most some 100 ns: it runs for every sample.
  virtual Verdict Observe(Timestamp time, double value) = 0;
  virtual Explanation Explain() const = 0;
  // The whole state, for a restart; Load() goes into a fresh detector of the same name and options.
  // A reader that runs short says so in its own Finish().
  virtual void Save(RowWriter& out) const = 0;
  virtual void Load(RowReader& in) = 0;
  virtual size_t MemoryBytes() const = 0;
};

}  // namespace outrider
