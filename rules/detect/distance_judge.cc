// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/distance_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/young_series.h"

namespace outrider {
namespace {

constexpr double kImpossible = 1.01;  // score of what is certain but has no measure
constexpr double kLargestZ = 1e9;
// A tail learns from a sample as much as there is time since the one before.
constexpr DurationMs kFullWeight = 5 * kMinute;
constexpr double kLeastWeight = 0.02;
// A single sample is an onset from twice its edge on, so many in a row from the edge on.
constexpr double kOnsetOfSpike = 2;
constexpr uint8_t kRun = 5;

}  // namespace

DistanceJudge::DistanceJudge(const DetectorOptions& options)
    : direction_(options.direction),
      risk_(options.risk),
      depth_(CalibratedTail::DepthOf(options.risk)),
      threshold_(options.threshold.value_or(0)),
      min_deviation_(options.min_deviation),
      min_relative_deviation_(options.min_relative_deviation),
      data_min_(options.data_min.value_or(-std::numeric_limits<double>::infinity())),
      data_max_(options.data_max.value_or(std::numeric_limits<double>::infinity())),
      warm_up_(options.warm_up),
      gate_(options.rest) {}

double DistanceJudge::Edge() const { return threshold_ > 0 ? threshold_ : tail_.Edge(depth_); }

double DistanceJudge::Scale(double usual, double expected) const {
  return std::max({usual, min_deviation_, min_relative_deviation_ * std::fabs(expected)});
}

bool DistanceJudge::Counts(double z) const {
  if (direction_ == AnomalyDirection::kAbove) return z > 0;
  if (direction_ == AnomalyDirection::kBelow) return z < 0;
  return true;
}

Verdict DistanceJudge::Again(double value, double expected, double scale) const {
  if (steps_.last() - first_ < warm_up_) return {};
  const double edge = Edge();
  const double z = (value - expected) / scale;
  Verdict verdict;
  verdict.expected = expected;
  verdict.lower = std::clamp(expected - edge * scale, data_min_, data_max_);
  verdict.upper = std::clamp(expected + edge * scale, data_min_, data_max_);
  verdict.state = Counts(z) ? std::min(std::fabs(z), kLargestZ) / edge : 0;
  if (Impossible(value)) verdict.state = std::max(verdict.state, kImpossible);
  verdict.onset = 0;
  return verdict;
}

StepTracker::Step DistanceJudge::Advance(Timestamp time) {
  if (!seen_) first_ = time;
  seen_ = true;
  return steps_.Advance(time);
}

void DistanceJudge::Pass(Timestamp time) {
  Advance(time);
  beyond_ = false;
  in_a_row_ = 0;
  since_ = 0;
}

Verdict DistanceJudge::Judge(Timestamp time, double value, double expected, double scale) {
  const StepTracker::Step step = Advance(time);
  Verdict verdict = Again(value, expected, scale);
  const bool up = verdict.state >= 1;
  in_a_row_ = up ? std::min<uint8_t>(kRun, static_cast<uint8_t>(in_a_row_ + 1)) : uint8_t{0};
  calm_ = up ? uint8_t{0} : std::min<uint8_t>(kRun, static_cast<uint8_t>(calm_ + 1));
  if (!up) since_ = 0;
  if (up && since_ == 0) since_ = time;
  const DurationMs age = time - first_;
  if (age < warm_up_) {
    verdict.onset = Verdict::kUnknown;
  } else if (Impossible(value)) {  // news at any age
    verdict.onset = gate_.Pass(time, verdict.state, steps_.usual(), true);
  } else {
    const double strength = in_a_row_ == kRun ? verdict.state : verdict.state / kOnsetOfSpike;
    verdict.onset =
        gate_.Pass(time, strength / YoungBar(age, kYoung), steps_.usual(), calm_ < kRun);
  }
  Learn(std::min(std::fabs(value - expected) / scale, kLargestZ), step.length);
  return verdict;
}

void DistanceJudge::Learn(double distance, DurationMs step) {
  const double edge = tail_.Edge(depth_);
  const bool before = beyond_;
  beyond_ = distance > edge;
  // An anomaly that goes on is one, not many: only its first sample teaches.
  if (beyond_ && before) return;
  const double weight =
      std::clamp(static_cast<double>(step) / static_cast<double>(kFullWeight), kLeastWeight, 1.0);
  tail_.Learn(distance, edge, weight);
  beyond_ ? tail_.CountBeyond() : tail_.CountWithin(1, risk_);
}

std::string DistanceJudge::DescribeImpossible(double value) const {
  return outrider::DescribeImpossible(value, data_min_, data_max_);
}

void DistanceJudge::Save(RowWriter& out) const {
  tail_.Save(out);
  steps_.Save(out);
  gate_.Save(out);
  out.Bool(seen_).Bool(beyond_).U64(in_a_row_).U64(calm_).I64(first_).I64(since_);
}

void DistanceJudge::Load(RowReader& in) {
  tail_.Load(in);
  steps_.Load(in);
  gate_.Load(in);
  seen_ = in.Bool();
  beyond_ = in.Bool();
  in_a_row_ = static_cast<uint8_t>(TakeAtMost(in, kRun));
  calm_ = static_cast<uint8_t>(TakeAtMost(in, kRun));
  first_ = TakeTime(in);
  since_ = TakeTime(in);
}

}  // namespace outrider
