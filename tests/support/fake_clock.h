// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until it is told to move.
#pragma once

#include <atomic>

#include "storage/base/clock.h"

namespace outrider {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Nanos now = 0) : now_(now) {}
  Nanos NowNanos() const override { return now_; }
  int64_t MonotonicNanos() const override { return now_; }
  int64_t ThreadCpuNanos() const override { return 0; }
  // Jumps there: virtual time costs nothing.
  bool SleepUntil(Nanos deadline, std::stop_token stop) const override {
    if (stop.stop_requested()) return false;
    if (deadline > now_) now_ = deadline;
    return true;
  }
  void Set(Nanos now) { now_ = now; }
  void Advance(DurationMs ms) { now_ += ms * kNanosPerMilli; }

 private:
  mutable std::atomic<Nanos> now_;
};

}  // namespace outrider
