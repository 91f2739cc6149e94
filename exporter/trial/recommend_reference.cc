// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/recommend_reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace outrider {
namespace {

// The samples of the last `span`.
std::span<const double> Last(const SampleSpan& samples, DurationMs span) {
  const auto from =
      std::ranges::lower_bound(samples.times, samples.times.back() - span, std::less_equal<>());
  return samples.values.subspan(static_cast<size_t>(from - samples.times.begin()));
}

// Between the two nearest ranks in proportion.
double Percentile(std::span<const double> values, double p) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const double rank = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const double above = sorted[std::min(below + 1, sorted.size() - 1)];
  return sorted[below] + (rank - static_cast<double>(below)) * (above - sorted[below]);
}

// Weights halve with age; `by_load` multiplies them by the value.
double DecayedPercentile(const SampleSpan& samples, DurationMs half_life, double p, bool by_load) {
  std::vector<std::pair<double, double>> weighted;
  weighted.reserve(samples.values.size());
  double total = 0;
  for (size_t i = 0; i < samples.values.size(); ++i) {
    const auto age = static_cast<double>(samples.times.back() - samples.times[i]);
    double weight = std::exp2(-age / static_cast<double>(half_life));
    if (by_load) weight *= samples.values[i];
    weighted.emplace_back(samples.values[i], weight);
    total += weight;
  }
  std::ranges::sort(weighted);
  double below = 0;
  for (const auto& [value, weight] : weighted) {
    below += weight;
    if (below >= p * total) return value;
  }
  return weighted.back().first;
}

double HourlyMeans(const SampleSpan& samples) {
  std::vector<double> means;
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < samples.values.size(); ++i) {
    sum += samples.values[i];
    ++count;
    const bool ends =
        i + 1 == samples.values.size() || samples.times[i + 1] / kHour != samples.times[i] / kHour;
    if (!ends) continue;
    means.push_back(sum / static_cast<double>(count));
    sum = 0;
    count = 0;
  }
  return Percentile(means, 0.95);
}

constexpr std::array kReferences = {
    RecommendReference{"oracle: p95 of the day itself",
                       [](const SampleSpan& s) { return Percentile(s.values, .95); }, true},
    RecommendReference{"KRR simple: p95 of 14d",
                       [](const SampleSpan& s) { return Percentile(Last(s, 14 * kDay), .95); }},
    RecommendReference{"KRR simple_limit: p66 of 14d",
                       [](const SampleSpan& s) { return Percentile(Last(s, 14 * kDay), .66); }},
    RecommendReference{
        "VPA upper: p95 * 1.15, half-life 24h",
        [](const SampleSpan& s) { return DecayedPercentile(s, kDay, .95, false) * 1.15; }},
    RecommendReference{"p95 of hourly means * 1.25",
                       [](const SampleSpan& s) { return HourlyMeans(s) * 1.25; }},
    RecommendReference{"Kubecost: p95 of 7d / 0.8",
                       [](const SampleSpan& s) { return Percentile(Last(s, 7 * kDay), .95) / .8; }},
    RecommendReference{
        "p90 of the load * 1.1, half-life 48h",
        [](const SampleSpan& s) { return DecayedPercentile(s, 2 * kDay, .90, true) * 1.1; }},
    RecommendReference{
        "p95 of the load * 1.1, half-life 48h",
        [](const SampleSpan& s) { return DecayedPercentile(s, 2 * kDay, .95, true) * 1.1; }},
    RecommendReference{
        "p98 * 1.1, half-life 24h",
        [](const SampleSpan& s) { return DecayedPercentile(s, kDay, .98, false) * 1.1; }},
    RecommendReference{
        "Crane: p99 * 1.15 of 7d",
        [](const SampleSpan& s) { return Percentile(Last(s, 7 * kDay), .99) * 1.15; }},
    RecommendReference{"Kubecost: max of 7d / 0.7",
                       [](const SampleSpan& s) { return Percentile(Last(s, 7 * kDay), 1) / .7; }},
};

}  // namespace

std::span<const RecommendReference> RecommendReferences() { return kReferences; }

}  // namespace outrider
