// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/burn_rate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

struct Row {
  SloSeverity severity;
  bool quick;
  DurationMs short_window;
  DurationMs long_window;
  double budget_share;  // or the factor
  DurationMs hold;
};

constexpr std::array<Row, 4> kWorkbook = {{
    {SloSeverity::kPage, true, 5 * kMinute, kHour, 0.02, 0},
    {SloSeverity::kPage, false, 30 * kMinute, 6 * kHour, 0.05, 0},
    {SloSeverity::kTicket, true, 2 * kHour, kDay, 0.10, 0},
    {SloSeverity::kTicket, false, 6 * kHour, 3 * kDay, 0.10, 0},
}};

constexpr DurationMs kPyrraPeriod = 28 * kDay;
constexpr std::array<Row, 4> kPyrra = {{
    {SloSeverity::kPage, true, 5 * kMinute, kHour, 14, 2 * kMinute},
    {SloSeverity::kPage, false, 30 * kMinute, 6 * kHour, 7, 15 * kMinute},
    {SloSeverity::kTicket, true, 2 * kHour, kDay, 2, kHour},
    {SloSeverity::kTicket, false, 6 * kHour, 4 * kDay, 1, 3 * kHour},
}};

// Nearest whole minute, at least one.
DurationMs Scaled(DurationMs window, DurationMs period) {
  const double minutes = static_cast<double>(window) / static_cast<double>(kPyrraPeriod) *
                         static_cast<double>(period) / kMinute;
  return std::max<DurationMs>(1, std::llround(minutes)) * kMinute;
}

}  // namespace

std::string_view SloSeverityText(SloSeverity severity) {
  return severity == SloSeverity::kPage ? "page" : "ticket";
}

double BurnFactor(double budget_share, DurationMs period, DurationMs long_window) {
  return budget_share * static_cast<double>(period) / static_cast<double>(long_window);
}

std::vector<BurnWindows> SlothWindows(DurationMs period) {
  std::vector<BurnWindows> out;
  out.reserve(std::size(kWorkbook));
  for (const Row& row : kWorkbook) {
    out.push_back({.severity = row.severity,
                   .quick = row.quick,
                   .short_window = row.short_window,
                   .long_window = row.long_window,
                   .factor = BurnFactor(row.budget_share, period, row.long_window)});
  }
  return out;
}

std::vector<BurnWindows> PyrraWindows(DurationMs period) {
  std::vector<BurnWindows> out;
  out.reserve(std::size(kPyrra));
  for (const Row& row : kPyrra) {
    out.push_back({.severity = row.severity,
                   .quick = row.quick,
                   .short_window = Scaled(row.short_window, period),
                   .long_window = Scaled(row.long_window, period),
                   .factor = row.budget_share,
                   .hold = Scaled(row.hold, period)});
  }
  return out;
}

double DetectionSeconds(const BurnWindows& windows, double objective, double error_ratio) {
  return static_cast<double>(windows.long_window) / kSecond * windows.factor * (1 - objective) /
         error_ratio;
}

double ExhaustionSeconds(double factor, DurationMs period) {
  return static_cast<double>(period) / kSecond / factor;
}

Status CheckCanFire(std::span<const BurnWindows> windows, double objective, bool reaching) {
  const double budget = 1 - objective;
  if (!(budget > 0)) {
    return InvalidArgument("an objective of 100 % has no error budget: nothing can be spent");
  }
  for (const BurnWindows& one : windows) {
    // Nothing is above a ratio of 1, but errors only reach it; 1 - objective has some dust.
    const double ratio = one.factor * budget;
    if (ratio < 1 || (reaching && ratio < 1 + 1e-9)) continue;
    return InvalidArgument(fmt::format(
        "the {} alert over {} and {} can never fire: a burn rate of {:.4g} is an error ratio of "
        "{:.4g}, and no ratio is above 1; lower the factor, or set the objective {} {:.6g} %",
        SloSeverityText(one.severity), FormatDuration(one.short_window),
        FormatDuration(one.long_window), one.factor, ratio, reaching ? "to at least" : "above",
        100 * (1 - 1 / one.factor)));
  }
  return absl::OkStatus();
}

}  // namespace outrider
