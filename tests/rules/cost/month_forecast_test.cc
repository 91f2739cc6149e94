// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/month_forecast.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace outrider {
namespace {

constexpr Timestamp kDecember = 1'764'547'200'000;  // 2025-12-01 00:00:00 UTC, a Monday

std::vector<CostDay> Days(int count, Timestamp end, const std::function<double(Timestamp)>& cost) {
  std::vector<CostDay> days;
  for (int i = count; i > 0; --i) days.push_back({end - i * kDay, cost(end - i * kDay)});
  return days;
}

// What December costs by `cost`, seen on its eleventh day at noon.
struct Seen {
  MonthForecast forecast;
  double truth = 0;
};
Seen See(int past, const std::function<double(Timestamp)>& cost) {
  const Timestamp today = kDecember + 10 * kDay;
  MonthSoFar so_far = {today + 12 * kHour, 0, cost(today) / 2, 12 * kHour};
  for (Timestamp day = kDecember; day < today; day += kDay) so_far.spent += cost(day);
  so_far.spent += so_far.spent_today;
  Seen seen;
  seen.forecast = ForecastMonth(Days(past, today, cost), so_far);
  for (int i = 0; i < 31; ++i) seen.truth += cost(kDecember + i * kDay);
  return seen;
}

TEST(MonthForecast, SteadyCost) {
  const Seen seen = See(40, [](Timestamp) { return 10; });
  EXPECT_NEAR(seen.forecast.expected, 310, 1e-6);
  EXPECT_NEAR(seen.forecast.upper - seen.forecast.lower, 0, 1e-6);
}

TEST(MonthForecast, GrowsAlongALine) {
  const Seen seen =
      See(40, [](Timestamp day) { return 100 + static_cast<double>((day - kDecember) / kDay); });
  EXPECT_NEAR(seen.forecast.expected, seen.truth, 0.001 * seen.truth);
}

TEST(MonthForecast, WeekendsAreCheaper) {
  const auto cost = [](Timestamp day) {
    return (day - kDecember) / kDay % 7 >= 5 ||
                   (day < kDecember && (kDecember - day) / kDay % 7 <= 2 &&
                    (kDecember - day) / kDay % 7 >= 1)
               ? 20.0
               : 100.0;
  };
  const Seen seen = See(49, cost);
  EXPECT_NEAR(seen.forecast.expected, seen.truth, 0.02 * seen.truth);
}

TEST(MonthForecast, WithoutAPastTheRateGoesOn) {
  const MonthForecast forecast = ForecastMonth({}, {kDecember + 6 * kHour, 6, 6, 6 * kHour});
  EXPECT_NEAR(forecast.expected, 31 * 24, 1e-9);
  EXPECT_EQ(forecast.days, 0);
  EXPECT_EQ(ForecastMonth({}, {kDecember, 0, 0, 0}).expected, 0);
}

TEST(MonthForecast, NeverBelowWhatIsSpent) {
  // Falls to nothing: a line would go below zero.
  const Seen seen = See(10, [](Timestamp day) {
    return std::max(0.0, 50.0 - 5.0 * static_cast<double>((day - kDecember) / kDay));
  });
  EXPECT_GE(seen.forecast.expected, 275);
  EXPECT_GE(seen.forecast.lower, 275);
}

TEST(MonthForecast, LastMomentOfTheMonth) {
  const Timestamp end = kDecember + 31 * kDay;
  const auto days = Days(30, end - kDay, [](Timestamp) { return 10; });
  const MonthForecast forecast = ForecastMonth(days, {end - 1, 309.9, 9.9, kDay});
  EXPECT_NEAR(forecast.expected, 309.9, 0.01);
}

}  // namespace
}  // namespace outrider
