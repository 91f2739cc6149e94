// SPDX-License-Identifier: Apache-2.0
#include "storage/base/clock.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>

namespace outrider {

Nanos SystemClock::NowNanos() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int64_t SystemClock::MonotonicNanos() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t SystemClock::ThreadCpuNanos() const {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

bool SystemClock::SleepUntil(Nanos deadline, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  // Short naps, so that a wall clock that is set forth is noticed. One that is set back must not
  // make the wait longer than it was to be; a second is left to clocks that are only slowed down.
  const Nanos wanted = std::max<Nanos>(0, deadline - NowNanos());
  const Nanos begun = MonotonicNanos();
  while (!stop.stop_requested()) {
    const Nanos left = deadline - NowNanos();
    if (left <= 0 || MonotonicNanos() - begun - kNanosPerSecond > wanted) return true;
    wake.wait_for(lock, stop, std::chrono::nanoseconds(std::min<Nanos>(left, kNanosPerSecond)),
                  [] { return false; });
  }
  return false;
}

}  // namespace outrider
