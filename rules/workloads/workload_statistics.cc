// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/analytics/moments.h"
#include "storage/base/clock.h"

namespace outrider {
namespace {

using enum FindingSeverity;

double SquaresAroundMean(std::span<const double> values) {
  const double mean = MeanValue(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum;
}

// `sorted` has n values; the m-th of q quantiles lies at rank m (n + 1) / q, counted from one.
double ExclusiveQuantile(std::span<const double> sorted, size_t m, size_t q) {
  const size_t place = m * (sorted.size() + 1);
  const size_t rank = std::clamp<size_t>(place / q, 1, sorted.size() - 1);
  const double above =
      (static_cast<double>(place) - static_cast<double>(rank * q)) / static_cast<double>(q);
  return sorted[rank - 1] + above * (sorted[rank] - sorted[rank - 1]);
}

struct Step {
  double from;
  FindingSeverity severity;
};

// The first step whose bound `value` exceeds.
FindingSeverity Above(std::span<const Step> steps, double value, FindingSeverity otherwise) {
  const auto found = std::ranges::find_if(steps, [&](const Step& s) { return value > s.from; });
  return found == steps.end() ? otherwise : found->severity;
}

}  // namespace

double MeanValue(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double SampleDeviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  return std::sqrt(SquaresAroundMean(values) / static_cast<double>(values.size() - 1));
}

double PopulationDeviation(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::sqrt(SquaresAroundMean(values) / static_cast<double>(values.size()));
}

double ZScore(double value, std::span<const double> past) {
  const double deviation = SampleDeviation(past);
  return deviation > 0 ? (value - MeanValue(past)) / deviation : 0;
}

Fences IqrFences(std::span<const double> values, double k) {
  if (values.empty()) return {};
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  if (sorted.size() < 4) return {sorted.front(), sorted.back()};
  const double q1 = ExclusiveQuantile(sorted, 1, 4);
  const double q3 = ExclusiveQuantile(sorted, 3, 4);
  return {q1 - k * (q3 - q1), q3 + k * (q3 - q1)};
}

std::vector<double> RollingMeans(std::span<const double> values, size_t width) {
  std::vector<double> means;
  if (width == 0) return means;
  for (size_t end = width; end <= values.size(); ++end) {
    means.push_back(MeanValue(values.subspan(end - width, width)));
  }
  return means;
}

double VariationCoefficient(std::span<const double> values) {
  const double mean = MeanValue(values);
  return mean == 0 ? 0 : SampleDeviation(values) / std::fabs(mean);
}

double SlopePerPoint(std::span<const double> values) {
  Moments line;
  for (size_t i = 0; i < values.size(); ++i) line.Add(static_cast<double>(i), values[i]);
  return line.HasSlope() ? line.Slope() : 0;
}

FindingSeverity SeverityOfScore(double score) {
  if (score >= .9) return kCritical;
  if (score >= .7) return kHigh;
  return score >= .5 ? kMedium : kLow;
}

std::optional<ListVerdict> JudgeLeakByPoint(std::span<const double> values) {
  constexpr size_t kNeeded = 10;
  constexpr double kRise = 1.1;
  static constexpr std::array kSteps = {Step{.05, kCritical}, Step{.03, kHigh}, Step{.02, kMedium}};
  const double mean = MeanValue(values);
  if (values.size() < kNeeded || mean <= 0) return std::nullopt;
  const double growth = SlopePerPoint(values) / mean;
  const double threshold = values.front() * kRise;
  if (growth < .01 || values.back() < threshold) return std::nullopt;
  return ListVerdict{growth, threshold, Above(kSteps, growth, kLow)};
}

std::optional<ListVerdict> JudgeSpikeByZ(std::span<const double> values) {
  constexpr size_t kNeeded = 5;
  constexpr size_t kNewest = 3;
  constexpr double kEdge = 2.5;
  static constexpr std::array kSteps = {Step{4, kCritical}, Step{3, kHigh}};
  if (values.size() < kNeeded) return std::nullopt;
  const auto past = values.first(values.size() - kNewest);
  const double z = ZScore(RollingMeans(values, kNewest).back(), past);
  if (z < kEdge) return std::nullopt;
  return ListVerdict{z, MeanValue(past) + kEdge * SampleDeviation(past), Above(kSteps, z, kMedium)};
}

std::string_view TrendDirectionText(TrendDirection direction) {
  switch (direction) {
    case TrendDirection::kStable:
      return "stable";
    case TrendDirection::kIncreasing:
      return "increasing";
    case TrendDirection::kDecreasing:
      return "decreasing";
  }
  return "";
}

TrendVerdict JudgeTrend(double current, double average, double deviation, double rate) {
  constexpr double kShare = .01;  // of the average: an hour's change, and the least deviation
  constexpr double kSecondsPerHour = static_cast<double>(kHour) / kSecond;
  TrendVerdict verdict;
  const double level = std::fabs(average);
  if (std::fabs(rate) * kSecondsPerHour >= kShare * level && rate != 0) {
    verdict.direction = rate > 0 ? TrendDirection::kIncreasing : TrendDirection::kDecreasing;
  }
  const double scale = std::max(deviation, kShare * level);
  if (!(scale > 0)) return verdict;
  const double z = std::fabs(current - average) / scale;
  verdict.anomalous = z > 2;
  verdict.score = std::min(z / 3, 1.0);
  return verdict;
}

}  // namespace outrider
