// SPDX-License-Identifier: Apache-2.0
// Since when the samples of a series count (start timestamps of remote write 2.0 and OTLP). They
// change only when a counter starts anew, so runs are kept, not one time a sample.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

// Samples from `from` on, until the next run, count since `start` (0: not known).
struct StartRun {
  Timestamp from = 0;
  Timestamp start = 0;
  friend bool operator==(const StartRun&, const StartRun&) = default;
};

// Guarded by the lock of the series it belongs to.
class StartTimes {
 public:
  // The series' newest sample. What comes late keeps the start of its neighbours.
  void Note(Timestamp time, Timestamp start) {
    const Timestamp last = runs_.empty() ? 0 : runs_.back().start;
    if (start == last || (!runs_.empty() && time <= runs_.back().from)) return;
    runs_.push_back({time, start});
  }
  // A run that a chunk file brings, in any order.
  void Load(const StartRun& run) {
    auto at =
        std::upper_bound(runs_.begin(), runs_.end(), run.from,
                         [](Timestamp time, const StartRun& other) { return time < other.from; });
    const Timestamp before = at == runs_.begin() ? 0 : std::prev(at)->start;
    if (run.start == before) return;
    if (at != runs_.end() && at->start == run.start) {
      at->from = run.from;
    } else {
      runs_.insert(at, run);
    }
  }
  // The runs that hold for samples of [from, to], the first one cut to begin there.
  void Collect(Timestamp from, Timestamp to, std::vector<StartRun>* out) const {
    auto at = std::upper_bound(runs_.begin(), runs_.end(), from,
                               [](Timestamp time, const StartRun& run) { return time < run.from; });
    if (at != runs_.begin()) out->push_back({from, std::prev(at)->start});
    for (; at != runs_.end() && at->from <= to; ++at) out->push_back(*at);
  }
  void DropBefore(Timestamp cutoff) {
    auto at = std::upper_bound(runs_.begin(), runs_.end(), cutoff,
                               [](Timestamp time, const StartRun& run) { return time < run.from; });
    if (at != runs_.begin()) runs_.erase(runs_.begin(), std::prev(at));
  }
  bool empty() const { return runs_.empty(); }
  std::span<const StartRun> runs() const { return runs_; }

 private:
  std::vector<StartRun> runs_;  // by time
};

}  // namespace outrider
