// SPDX-License-Identifier: Apache-2.0
// After a start a group keeps its state unevaluated until its data is current again, at most for a
// while: what was firing when the process stopped is not resolved because samples are missing.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "rules/alerting/arrivals.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"

namespace outrider {

class StartupHold {
 public:
  StartupHold() = default;  // holds nothing
  // Watches the series that the group's selectors match and that were alive when the last process
  // stopped. 95 % of them must be current: have a sample after `start`, two where ranges are read
  // and the gap was long, unless their next one is not even due. If nothing of them is kept, every
  // selector must have samples after `start`, provided that `has_state`: else there is nothing to
  // hold.
  StartupHold(const Querier& querier, const GroupInputs& inputs, bool has_state, Timestamp start,
              Timestamp until);

  // Looks at the series. Once it is over it stays over.
  bool Holds(const Querier& querier, const GroupInputs& inputs, Timestamp now);
  bool active() const { return until_ != 0; }

 private:
  struct Watched {
    uint32_t id = 0;
    Timestamp before = 0;    // its newest sample of the last process
    DurationMs spacing = 0;  // usual then; 0: not known
    Timestamp first = 0;     // samples after the start, as they were seen; 0: none yet
    Timestamp second = 0;
  };
  static std::vector<Watched> AliveBefore(const Querier& querier, const GroupInputs& inputs,
                                          Timestamp start);
  static bool IsCurrent(const Watched& series, bool ranges, Timestamp now);
  bool Current(const Querier& querier, const GroupInputs& inputs, Timestamp now);
  bool EverySelectorHasSamples(const Querier& querier, const GroupInputs& inputs,
                               Timestamp now) const;

  Timestamp start_ = 0;
  Timestamp until_ = 0;  // 0: over
  std::vector<Watched> watched_;
  bool seen_once_ = false;  // of those without watched series
};

// Whether a matching series has a sample in [from, to].
bool HasSamples(const Querier& querier, std::span<const Matcher> matchers, Timestamp from,
                Timestamp to);

}  // namespace outrider
