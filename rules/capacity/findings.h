// SPDX-License-Identifier: Apache-2.0
// What is wrong with how a workload's resources fit, and how bad. Pure; thresholds of
// specs/source_systems.md §1.5.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace outrider {

enum class FindingSeverity { kLow, kMedium, kHigh, kCritical };
std::string_view FindingSeverityText(FindingSeverity severity);

// Mean use / request: below 20 % low, 10 % medium, 5 % high (a bound belongs to the milder side).
std::optional<FindingSeverity> JudgeUnderuse(double mean, double request);
// p95 of use / limit: from 90 % medium, 95 % high, 99 % critical.
std::optional<FindingSeverity> JudgeSaturation(double p95, double limit);

// 100 - 30 per critical, 20 per high, 10 per medium, 5 per low; never below 0.
double HealthScore(std::span<const FindingSeverity> findings);

}  // namespace outrider
