// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/local_time.h"

#include <gtest/gtest.h>

#include "storage/base/duration.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

Timestamp At(const char* text) { return *ParseRfc3339(text) / kNanosPerMilli; }

TEST(LocalTime, HoursAndWeekdaysAcrossDaylightSaving) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone));
  LocalTime local(zone);
  struct Case {
    const char* time;
    int hour;
    double fraction;
    int weekday;
  };
  const Case cases[] = {
      {"2025-03-29T23:30:00Z", 0, 0.5, 6},  // Sunday
      {"2025-03-30T00:59:59Z", 1, 0.99, 6},
      {"2025-03-30T01:00:00Z", 3, 0, 6},  // 02:00 does not exist
      {"2025-10-26T00:15:00Z", 2, 0.25, 6},
      {"2025-10-26T01:15:00Z", 2, 0.25, 6},  // 02:15 again
      {"2025-10-26T23:00:00Z", 0, 0, 0},     // Monday
      {"1969-12-31T22:00:00Z", 23, 0, 2},    // Wednesday, before the epoch
  };
  for (const Case& c : cases) {
    const LocalSlot slot = local.At(At(c.time));
    EXPECT_EQ(slot.hour, c.hour) << c.time;
    EXPECT_NEAR(slot.fraction, c.fraction, 0.01) << c.time;
    EXPECT_EQ(slot.weekday, c.weekday) << c.time;
    EXPECT_EQ(slot.weekend(), c.weekday >= 5) << c.time;
  }
}

TEST(LocalTime, WhatIsRememberedNeverShows) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("America/New_York", &zone));
  LocalTime remembers(zone);
  SeededRandom random(1);
  Timestamp time = At("2024-01-01T00:00:00Z");
  for (int i = 0; i < 5000; ++i) {
    time += static_cast<Timestamp>(random.Next() % 20) * kHour;
    LocalTime fresh(zone);
    ASSERT_EQ(remembers.At(time).hour, fresh.At(time).hour) << time;
    ASSERT_EQ(fresh.At(time).hour, zone.At(absl::FromUnixMillis(time)).cs.hour()) << time;
  }
}

}  // namespace
}  // namespace outrider
