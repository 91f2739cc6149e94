// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/month_forecast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "rules/cost/cost_ledger.h"

namespace outrider {
namespace {

constexpr DurationMs kPast = 56 * kDay;
constexpr size_t kWeek = 7;
constexpr double kNormal90 = 1.2816;  // 80 % lie within

size_t WeekdayOf(Timestamp day) {
  return static_cast<size_t>((day / kDay + 4) %
                             static_cast<int64_t>(kWeek));  // 1970-01-01: Thursday
}

struct Model {
  double level = 0;  // of `origin`
  double slope = 0;  // a day
  Timestamp origin = 0;
  std::array<double, kWeek> weekday = {1, 1, 1, 1, 1, 1, 1};
  double deviation = 0;  // of a day

  double At(Timestamp day) const {
    const double x = static_cast<double>(day - origin) / static_cast<double>(kDay);
    return std::max(0.0, (level + slope * x) * weekday[WeekdayOf(day)]);
  }
};

double MeanCost(std::span<const CostDay> days) {
  double sum = 0;
  for (const CostDay& day : days) sum += day.cost;
  return days.empty() ? 0 : sum / static_cast<double>(days.size());
}

// How each day of the week differs from the mean of the seven days around it.
std::array<double, kWeek> Weekdays(std::span<const CostDay> days) {
  std::array<double, kWeek> factor = {1, 1, 1, 1, 1, 1, 1};
  std::array<double, kWeek> sum = {};
  std::array<int, kWeek> count = {};
  for (size_t i = 3; i + 3 < days.size(); ++i) {
    const double around = MeanCost(days.subspan(i - 3, kWeek));
    if (!(around > 0)) continue;
    sum[WeekdayOf(days[i].begin)] += days[i].cost / around;
    ++count[WeekdayOf(days[i].begin)];
  }
  double total = 0;
  for (size_t i = 0; i < kWeek; ++i) {
    if (count[i] == 0) return factor;
    factor[i] = sum[i] / count[i];
    total += factor[i];
  }
  for (double& one : factor) one *= static_cast<double>(kWeek) / total;
  return factor;
}

// A day counts half as much as one a week after it: costs step with deployments.
double WeightOf(const CostDay& day, Timestamp newest) {
  return std::exp2(static_cast<double>(day.begin - newest) / static_cast<double>(7 * kDay));
}

Model Fit(std::span<const CostDay> days) {
  Model model;
  model.origin = days.back().begin;
  if (days.size() >= 2 * kWeek) model.weekday = Weekdays(days);
  double w = 0;
  double wx = 0;
  double wy = 0;
  double wxx = 0;
  double wxy = 0;
  for (const CostDay& day : days) {
    const double x = static_cast<double>(day.begin - model.origin) / static_cast<double>(kDay);
    const double factor = model.weekday[WeekdayOf(day.begin)];
    const double y = factor > 0 ? day.cost / factor : day.cost;
    const double weight = WeightOf(day, model.origin);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const double spread = w * wxx - wx * wx;
  if (days.size() >= kWeek && spread > 0) model.slope = (w * wxy - wx * wy) / spread;
  model.level = (wy - model.slope * wx) / w;
  double squares = 0;
  for (const CostDay& day : days) {
    const double off = day.cost - model.At(day.begin);
    squares += WeightOf(day, model.origin) * off * off;
  }
  model.deviation = std::sqrt(squares / w);
  return model;
}

}  // namespace

MonthForecast ForecastMonth(std::span<const CostDay> days, const MonthSoFar& so_far) {
  const CostSpan today = SpanOf(CostTier::kDays, so_far.now);
  const CostSpan month = SpanOf(CostTier::kMonths, so_far.now);
  while (!days.empty() && days.front().begin < today.begin - kPast) days = days.subspan(1);
  MonthForecast forecast;
  forecast.days = static_cast<int>(days.size());
  forecast.expected = so_far.spent;
  const double rest_of_today = static_cast<double>(today.end - so_far.now) / kDay;
  if (days.empty()) {
    if (so_far.watched_today > 0) {
      forecast.expected += so_far.spent_today / static_cast<double>(so_far.watched_today) *
                           static_cast<double>(month.end - so_far.now);
    }
    forecast.lower = forecast.upper = forecast.expected;
    return forecast;
  }
  const Model model = Fit(days);
  forecast.expected += model.At(today.begin) * rest_of_today;
  double left = rest_of_today;
  for (Timestamp day = today.end; day < month.end; day += kDay) {
    forecast.expected += model.At(day);
    left += 1;
  }
  // Days err alike in part: between independent (square root) and together.
  const double width = kNormal90 * model.deviation * std::pow(left, 0.75);
  forecast.lower = std::max(so_far.spent, forecast.expected - width);
  forecast.upper = forecast.expected + width;
  return forecast;
}

}  // namespace outrider
