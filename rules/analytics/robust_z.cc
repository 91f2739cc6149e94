// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/robust_z.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fmt/format.h"
#include "rules/analytics/anomaly_detector.h"
#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"

namespace outrider {
Band JudgeByRobustZ(const Baseline::Center& center, double value, const RobustZOptions& options) {
  const double scale = std::max({center.deviation, options.min_deviation,
                                 options.min_relative_deviation * std::fabs(center.median)});
  const double half = options.threshold * scale;
  Band band;
  band.expected = center.median;
  band.lower = center.median - half;
  band.upper = center.median + half;
  const double distance = value - center.median;
  const bool left_out = (options.direction == AnomalyDirection::kAbove && distance < 0) ||
                        (options.direction == AnomalyDirection::kBelow && distance > 0);
  band.score = left_out ? 0 : std::fabs(distance) / half;
  return band;
}

void RobustZDetector::Observe(Timestamp time, double value) {
  if (newest_) before_.Add(newest_->time, newest_->value);
  newest_ = Newest{time, value};
}

void RobustZDetector::Report(Timestamp /*now*/, std::span<double> out) const {
  if (!newest_ || before_.size() < kWarmUp) {
    std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const Band band = JudgeByRobustZ(before_.Measure(), newest_->value, options_);
  WriteVerdict(
      {.state = band.score, .expected = band.expected, .lower = band.lower, .upper = band.upper},
      out);
}

std::optional<Explanation> RobustZDetector::Explain() const {
  Explanation explanation;
  explanation.detector = "robust_z";
  explanation.samples = before_.size() + (newest_ ? 1 : 0);
  if (newest_) {
    explanation.time = newest_->time;
    explanation.value = newest_->value;
  }
  if (!newest_ || before_.size() < kWarmUp) {
    explanation.reasons.emplace_back("still warming up: nothing can be said yet");
    return explanation;
  }
  const Band band = JudgeByRobustZ(before_.Measure(), newest_->value, options_);
  explanation.verdict = {
      .state = band.score, .expected = band.expected, .lower = band.lower, .upper = band.upper};
  explanation.level = band.expected;
  explanation.deviation = (band.upper - band.expected) / options_.threshold;
  if (band.score >= 1) {
    const bool above = newest_->value > band.expected;
    explanation.since = before_.BeyondSince(above ? band.upper : band.lower, above, newest_->time);
  }
  DescribeVerdict((newest_->value - band.expected) / explanation.deviation,
                  NoveltyTable::Kind::kNothing, &explanation);
  explanation.reasons.push_back(
      fmt::format("what is expected is the median of {} samples of the last hour", before_.size()));
  return explanation;
}

void RobustZDetector::Save(RowWriter& out) const {
  out.Bool(newest_.has_value());
  if (newest_) out.I64(newest_->time).Double(newest_->value);
  before_.Save(out);
}

void RobustZDetector::Load(RowReader& in) {
  if (in.Bool()) {
    const Timestamp time = TakeTime(in);
    newest_ = Newest{time, in.Double()};
  }
  before_.Load(in);
}

}  // namespace outrider
