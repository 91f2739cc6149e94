// SPDX-License-Identifier: Apache-2.0
// The arithmetic of multi-window, multi-burn-rate alerts. Source: specs/incidents_oncall_slo.md
// §2.5.
//
//     burn rate = error ratio / (1 − objective);  1: the budget lasts exactly the period
//     factor    = share of the budget × period / long window
//
// An alert of two windows fires while the burn rate of both is above the factor: the long one says
// that it matters, the short one that it goes on.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

enum class SloSeverity { kPage, kTicket };
std::string_view SloSeverityText(SloSeverity severity);  // page ticket

// Two windows and the share of the budget that may go in the long one. long == short: one window.
struct BurnWindows {
  SloSeverity severity = SloSeverity::kPage;
  bool quick = false;
  DurationMs short_window = 0;
  DurationMs long_window = 0;
  double factor = 0;
  DurationMs hold = 0;  // `for`
  friend bool operator==(const BurnWindows&, const BurnWindows&) = default;
};

double BurnFactor(double budget_share, DurationMs period, DurationMs long_window);

// The SRE workbook's four, as Sloth uses them: 2 % in 1h, 5 % in 6h, 10 % in 1d, 10 % in 3d. The
// windows stay, the factors follow the period (30 d: 14.4, 6, 3, 1).
std::vector<BurnWindows> SlothWindows(DurationMs period);
// Pyrra's four: factors 14, 7, 2, 1; windows and `for` scaled from those of 28 d (1h 5m, 6h 30m,
// 1d 2h, 4d 6h), whole minutes.
std::vector<BurnWindows> PyrraWindows(DurationMs period);

// How long errors at `error_ratio` go on before the long window is full enough.
double DetectionSeconds(const BurnWindows& windows, double objective, double error_ratio);
// How long a budget lasts at that burn rate.
double ExhaustionSeconds(double factor, DurationMs period);

// InvalidArgument when there is nothing to alert on: a budget of 0, or windows whose factor needs
// more errors than there are events. `reaching`: an alert fires at the factor (>=), else above it.
Status CheckCanFire(std::span<const BurnWindows> windows, double objective, bool reaching);

}  // namespace outrider
