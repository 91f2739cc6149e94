// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/log_sync.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

// The times at which it syncs until `until`, when each sync takes `takes`.
std::vector<Timestamp> SyncTimes(DurationMs interval, DurationMs takes, Timestamp until) {
  FakeClock clock;
  std::stop_source stop;
  std::vector<Timestamp> times;
  const auto sync = [&]() -> Status {
    times.push_back(clock.Now());
    clock.Advance(takes);
    if (clock.Now() >= until) stop.request_stop();
    return absl::OkStatus();
  };
  RunLogSync(sync, clock, interval, stop.get_token());
  return times;
}

TEST(LogSync, EveryInterval) {
  EXPECT_EQ(SyncTimes(100, 0, 400), (std::vector<Timestamp>{100, 200, 300, 400}));
}

TEST(LogSync, ASlowDiskIsPartOfTheInterval) {
  EXPECT_EQ(SyncTimes(100, 30, 300), (std::vector<Timestamp>{100, 200, 300}));
  EXPECT_EQ(SyncTimes(100, 150, 500), (std::vector<Timestamp>{100, 250, 400}));
}

TEST(LogSync, ResultsOfRulesAreSyncedEvenIfRequestsSyncThemselves) {
  EXPECT_EQ(SyncTimes(0, 0, 200), (std::vector<Timestamp>{100, 200}));
}

TEST(LogSync, GoesOnAfterAnError) {
  FakeClock clock;
  std::stop_source stop;
  int calls = 0;
  const auto sync = [&]() -> Status {
    if (++calls == 2000) stop.request_stop();
    return absl::InternalError("no disk");
  };
  testing::internal::CaptureStderr();
  RunLogSync(sync, clock, 100, stop.get_token());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(calls, 2000);
  size_t lines = 0;
  for (size_t at = log.find("no disk"); at != std::string::npos; at = log.find("no disk", at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 4U) << log;  // 200 s, once a minute
}

}  // namespace
}  // namespace outrider
