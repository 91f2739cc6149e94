// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/fairness.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Fairness, CountsCoverageAndBalance) {
  Schedule schedule;
  Layer layer;
  layer.rotation = {absl::UTCTimeZone(), absl::CivilSecond(2026, 1, 1),
                    ShiftUnit::kDays,    1,
                    {"a", "b", "a", ""}, {}};
  schedule.layers = {layer};
  const Nanos from = absl::ToUnixNanos(absl::FromCivil(layer.rotation.start, absl::UTCTimeZone()));
  const int64_t day = kDay * kNanosPerMilli;
  const Fairness fairness = FairnessOf(schedule, from, from + 8 * day);
  EXPECT_EQ(fairness.nanos.at("a"), 4 * day);
  EXPECT_EQ(fairness.nanos.at("b"), 2 * day);
  EXPECT_DOUBLE_EQ(fairness.coverage, 0.75);
  EXPECT_DOUBLE_EQ(fairness.balance, 0.5);
  EXPECT_DOUBLE_EQ(fairness.Quality(), 0.625);
  const Fairness nobody = FairnessOf({}, from, from + day);
  EXPECT_DOUBLE_EQ(nobody.coverage, 0);
  EXPECT_TRUE(nobody.nanos.empty());
}

}  // namespace
}  // namespace outrider
