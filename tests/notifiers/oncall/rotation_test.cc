// SPDX-License-Identifier: Apache-2.0
// Months and turns. What the specifications state is in golden_test.cc, every zone in
// model_test.cc.
#include "notifiers/oncall/rotation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

Rotation Make(const std::string& zone, absl::CivilSecond start, ShiftUnit unit, int64_t length = 1,
              std::vector<std::string> participants = {"a", "b", "c"}) {
  Rotation rotation;
  rotation.zone = Zone(zone);
  rotation.start = start;
  rotation.unit = unit;
  rotation.length = length;
  rotation.participants = std::move(participants);
  return rotation;
}

TEST(Rotation, WithoutParticipantsIsNobody) {
  EXPECT_EQ(ParticipantOf(Make("UTC", {}, ShiftUnit::kDays, 1, {}), 5), "");
  Rotation rotation = Make("UTC", {}, ShiftUnit::kDays, 1, {});
  rotation.before_start = true;
  EXPECT_EQ(ParticipantOf(rotation, -5), "");
}

TEST(Rotation, MonthsNeverDrift) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const absl::CivilSecond start =
        absl::CivilSecond(absl::CivilDay(2024, 1, 1) + static_cast<int64_t>(random() % 400)) +
        static_cast<int64_t>(random() % 86'400);
    const Rotation rotation =
        Make("Europe/Berlin", start, ShiftUnit::kMonths, static_cast<int64_t>(1 + random() % 3));
    for (int64_t k = 0; k < 60; ++k) {
      const Nanos begin = ShiftStart(rotation, k);
      ASSERT_EQ(ShiftAt(rotation, begin), k);
      ASSERT_EQ(ShiftAt(rotation, ShiftStart(rotation, k + 1) - 1), k);
      const absl::CivilSecond local = LocalAt(begin, rotation.zone);
      const int last = (absl::CivilDay(absl::CivilMonth(local) + 1) - 1).day();
      ASSERT_EQ(local.day(), std::min(start.day(), last));
    }
  }
}

}  // namespace
}  // namespace outrider
