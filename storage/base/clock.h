// SPDX-License-Identifier: Apache-2.0
// Time is handed in. Nothing below exporter/daemon/main.cc reads a clock or sleeps except through
// this interface, so that a test can run a month in a second.
#pragma once

#include <cstdint>
#include <stop_token>

namespace outrider {

using Timestamp = int64_t;  // milliseconds since the Unix epoch; samples and rule evaluations
using Nanos = int64_t;      // nanoseconds since the Unix epoch; alerts, incidents, timers, messages
using DurationMs = int64_t;  // milliseconds

inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr DurationMs kSecond = 1000;
inline constexpr DurationMs kMinute = 60 * kSecond;
inline constexpr DurationMs kHour = 60 * kMinute;
inline constexpr DurationMs kDay = 24 * kHour;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanos NowNanos() const = 0;          // wall time
  virtual int64_t MonotonicNanos() const = 0;  // for durations of work; unrelated to wall time
  virtual int64_t ThreadCpuNanos() const = 0;  // CPU time of the calling thread
  // Blocks until wall time reaches `deadline` or a stop is requested; true if the deadline was
  // reached.
  virtual bool SleepUntil(Nanos deadline, std::stop_token stop) const = 0;

  Timestamp Now() const { return NowNanos() / kNanosPerMilli; }
};

// The machine's clocks. Only main and tests of real processes construct one.
class SystemClock final : public Clock {
 public:
  Nanos NowNanos() const override;
  int64_t MonotonicNanos() const override;
  int64_t ThreadCpuNanos() const override;
  bool SleepUntil(Nanos deadline, std::stop_token stop) const override;
};

}  // namespace outrider
