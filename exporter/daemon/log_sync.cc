// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/log_sync.h"

#include <optional>

#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DurationMs kOfRules = 100;
constexpr DurationMs kComplainEvery = kMinute;

}  // namespace

void RunLogSync(const std::function<Status()>& sync, const Clock& clock, DurationMs interval,
                std::stop_token stop) {
  const Nanos step = (interval == 0 ? kOfRules : interval) * kNanosPerMilli;
  std::optional<Timestamp> complained;
  // From the start of one sync to that of the next: how long it takes is part of the promise.
  Nanos next = clock.NowNanos() + step;
  while (clock.SleepUntil(next, stop)) {
    const Nanos now = clock.NowNanos();
    next = now + step;
    const Status status = sync();
    const Timestamp now_ms = now / kNanosPerMilli;
    if (status.ok() || (complained && now_ms - *complained < kComplainEvery)) continue;
    complained = now_ms;
    LogError(
        "the write-ahead log cannot be brought to the disk: samples survive a crash of this "
        "process, not of the machine",
        {{"err", Message(status)}});
  }
}

}  // namespace outrider
