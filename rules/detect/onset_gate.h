// SPDX-License-Identifier: Apache-2.0
// Once per anomaly: after an onset the next one waits for the rest period, and for as long as the
// anomaly lasts, unless it is larger than all since then.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class OnsetGate {
 public:
  // A later one counts as larger from this factor on.
  static constexpr double kLarger = 3;
  // Without a rest period of its own, a series rests so many usual steps, at least an hour.
  static constexpr double kRestSteps = 60;

  // `rest`: 0 for what the step asks for.
  explicit OnsetGate(DurationMs rest)
      : rest_(static_cast<uint32_t>(
            std::min<DurationMs>((rest + kSecond - 1) / kSecond, UINT32_MAX))) {}
  // The strength as the onset score: itself, or 0 while at rest. `usual_step` in milliseconds;
  // `lasting`: the state score is up, so that what is strong now may be what was told before.
  double Pass(Timestamp time, double strength, double usual_step, bool lasting);

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  uint32_t rest_;   // seconds
  float peak_ = 0;  // largest strength since the rest began; 0: not at rest
  Timestamp peak_time_ = 0;
};

}  // namespace outrider
