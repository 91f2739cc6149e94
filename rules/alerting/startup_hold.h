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
  // stopped: 95 % of them must have a sample after `start`, two where ranges are read. If nothing
  // of them is kept, every selector must have such samples, provided that `has_state`: else there
  // is nothing to hold.
  StartupHold(const Querier& querier, const GroupInputs& inputs, bool has_state, Timestamp start,
              Timestamp until);

  // Looks at the series. Once it is over it stays over.
  bool Holds(const Querier& querier, const GroupInputs& inputs, Timestamp now);
  bool active() const { return until_ != 0; }

 private:
  bool Current(const Querier& querier, const GroupInputs& inputs, Timestamp now);
  bool EverySelectorHasSamples(const Querier& querier, const GroupInputs& inputs, Timestamp now);

  Timestamp start_ = 0;
  Timestamp until_ = 0;  // 0: over
  // Of a watched series: samples after the start, as they were seen. An evaluation looks back from
  // its slot, so that a sample behind the slot does not help it.
  struct Seen {
    Timestamp first = 0;  // 0: none yet
    Timestamp second = 0;
  };
  std::vector<uint32_t> ids_;
  std::vector<Seen> seen_;
  bool seen_once_ = false;  // of those without watched series
};

// Whether a matching series has a sample in [from, to].
bool HasSamples(const Querier& querier, std::span<const Matcher> matchers, Timestamp from,
                Timestamp to);

}  // namespace outrider
