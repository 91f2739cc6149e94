// SPDX-License-Identifier: Apache-2.0
// A token bucket for each caller: `burst` at once, then `per_second`.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"

namespace outrider {

// Thread-safe. At most kMaxCallers are known: those who have not called for long go first, which
// fills their buckets.
class RateLimiter {
 public:
  static constexpr size_t kMaxCallers = 10'000;

  // A rate or burst of 0: no limit.
  void Set(double per_second, double burst) ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes one; the time to wait (at least 1 ms) when there is none.
  std::optional<DurationMs> Take(const std::string& caller, Nanos now) {
    return Ask(caller, now, true);
  }
  // The same without taking.
  std::optional<DurationMs> Peek(const std::string& caller, Nanos now) {
    return Ask(caller, now, false);
  }

 private:
  struct Bucket {
    double left = 0;
    Nanos at = 0;
  };
  std::optional<DurationMs> Ask(const std::string& caller, Nanos now, bool take)
      ABSL_LOCKS_EXCLUDED(mutex_);
  double LeftOf(const Bucket& bucket, Nanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double Most() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return burst_ < 1 ? 1 : burst_; }
  void MakeRoom(Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  double per_second_ ABSL_GUARDED_BY(mutex_) = 0;
  double burst_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
