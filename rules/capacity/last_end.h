// SPDX-License-Identifier: Apache-2.0
// Whether the last end of a container was a kill for memory, and when. kube-state-metrics tells the
// reason, the time and the count of restarts in series of their own, whose samples come apart by
// some seconds; the reason is a gauge that stays 1 until the next end, and everything is told anew
// when kube-state-metrics restarts. So an end is a kill when the reason was told after it, and
// began no later than kTogether behind it: neither an exit of another kind that follows a kill nor
// one that came before it is taken for one. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/base/clock.h"

namespace outrider {

// Not thread-safe. The caller knows which kills it counted.
class LastEnd {
 public:
  // What tells of one end does so within this.
  static constexpr DurationMs kTogether = 5 * kMinute;

  enum class Oom { kYes, kNo, kInterrupted };  // the last: its series ended
  // Whether the reason is a kill for memory. `new_to_us`: it could not have been there before the
  // engine began.
  void Reason(Timestamp time, Oom oom, bool new_to_us);
  // When it ended, as told at `time`; and that the count of restarts rose then.
  void Ended(Timestamp time, Timestamp ended);
  void Restarted(Timestamp time) { restarted_ = time; }

  // When it was killed; nothing if it was not, as far as is known now.
  std::optional<Timestamp> KilledAt() const;

  uint32_t series = 0;    // that tell of it
  bool at_start = false;  // known before the engine began

 private:
  bool IsKill(Timestamp told) const {
    return told != 0 && said_ >= told && since_ <= told + kTogether;
  }

  bool oom_ = false;         // the reason, as told last
  bool was_ = false;         // … before it was interrupted
  Timestamp said_ = 0;       // newest sample with this reason,
  Timestamp since_ = 0;      // first of those without another between
  Timestamp begun_ = 0;      // it became the reason while we looked; 0: it may be an old one
  Timestamp ended_ = 0;      // newest end; 0: not told
  Timestamp told_ = 0;       // when that was told first
  Timestamp restarted_ = 0;  // the count of restarts rose; 0: not since it is known
};

}  // namespace outrider
