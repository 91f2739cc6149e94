// SPDX-License-Identifier: Apache-2.0
// The statistics of KubeOpt's pipeline, and its verdicts on plain lists of values. Pure. The
// verdicts are what a user of that system knows, defects included (golden values in
// specs/source_systems.md §1.3, §1.5); ours on the stream are in evidence.h.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rules/capacity/findings.h"

namespace outrider {

double MeanValue(std::span<const double> values);            // 0 when empty
double SampleDeviation(std::span<const double> values);      // n - 1; 0 below two values
double PopulationDeviation(std::span<const double> values);  // n; 0 when empty
// (value - mean) / sample deviation of `past`; 0 below two values or without spread.
double ZScore(double value, std::span<const double> past);
// quartiles -/+ k * interquartile range, by exclusive quantiles; below four values their range.
struct Fences {
  double lower = 0;
  double upper = 0;
};
Fences IqrFences(std::span<const double> values, double k);
std::vector<double> RollingMeans(std::span<const double> values, size_t width);
double VariationCoefficient(
    std::span<const double> values);  // deviation / |mean|; 0 for a mean of 0
// Least squares over the index; 0 below two values.
double SlopePerPoint(std::span<const double> values);

// 0.9 critical, 0.7 high, 0.5 medium, else low.
FindingSeverity SeverityOfScore(double score);

struct ListVerdict {
  double score = 0;
  double threshold = 0;
  FindingSeverity severity = FindingSeverity::kLow;
};
// Slope per point / mean >= 0.01 and a rise of 10 % from first to last, from ten points on.
std::optional<ListVerdict> JudgeLeakByPoint(std::span<const double> values);
// z of the mean of the last three against the others >= 2.5 upwards (the original takes drops for
// spikes, too), from five points on. Without spread: none.
std::optional<ListVerdict> JudgeSpikeByZ(std::span<const double> values);

// How a value stands against its recent past, as the real-time API tells it.
enum class TrendDirection { kStable, kIncreasing, kDecreasing };
std::string_view TrendDirectionText(TrendDirection direction);
struct TrendVerdict {
  TrendDirection direction = TrendDirection::kStable;
  bool anomalous = false;
  double score = 0;  // min(z / 3, 1)
};
// `rate` per second. Direction: the rate per hour is at least 1 % of the average, whatever the unit
// (the original takes 0.01 per second for cores and bytes alike). Anomalous: z > 2, where the
// deviation is at least 1 % of the average, so that a jump off a flat line counts.
TrendVerdict JudgeTrend(double current, double average, double deviation, double rate);

}  // namespace outrider
