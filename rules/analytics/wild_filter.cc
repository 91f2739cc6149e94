// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/wild_filter.h"

#include <cmath>
#include <vector>

#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

constexpr double kFar = 5;  // robust standard deviations

}  // namespace

double WildFilter::Judge::Clean(double value) const {
  const bool near = std::fabs(value - median) <= kFar * scale;
  const bool as_before = std::fabs(value - level) <= kFar * level_scale;
  return near || as_before ? value : median;
}

WildFilter::Judge WildFilter::JudgeBy(std::span<const double> around) const {
  Judge judge;
  if (around.empty()) return judge;
  std::vector<double> values(around.begin(), around.end());
  judge.median = MedianInPlace(values);
  for (double& value : values) value = std::fabs(value - judge.median);
  judge.scale = kSigmaOfMedianDistance * MedianInPlace(values);
  judge.level = level_;
  judge.level_scale = scale_;
  return judge;
}

void WildFilter::Learn(const Judge& judge, double mean) {
  level_ = mean;
  scale_ = judge.scale;
}

void WildFilter::Load(RowReader& in) {
  level_ = in.Double();
  scale_ = in.Double();
}

}  // namespace outrider
