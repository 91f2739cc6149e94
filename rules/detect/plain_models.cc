// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/plain_models.h"

#include <cmath>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr double kOuter = 0.01;           // quantiles at 1 % and 99 %
constexpr double kSigmasToOuter = 2.326;  // of a normal distribution

}  // namespace

Expectation MeanModel::Expect(Timestamp /*time*/) {
  const double sigma = std::sqrt(variance_);
  return {mean_, sigma, sigma};
}

void MeanModel::Learn(Timestamp /*time*/, double value, const StepTracker::Step& step) {
  const double gain = fade_.Gain(step.length, samples_);
  const double distance = value - mean_;
  mean_ += gain * distance;
  const double from_faster = value - faster_;
  faster_ += faster_fade_.Gain(step.length, samples_) * from_faster;
  const double square =
      around_ == Around::kMean ? distance * (value - mean_) : from_faster * (value - faster_);
  variance_ += gain * (square - variance_);
  variance_ = std::max(0.0, variance_);
  ++samples_;
}

void MeanModel::Save(RowWriter& out) const {
  out.U64(samples_).Double(mean_).Double(faster_).Double(variance_);
}

void MeanModel::Load(RowReader& in) {
  samples_ = in.U64();
  mean_ = TakeFinite(in);
  faster_ = TakeFinite(in);
  variance_ = TakeAtLeast(in, 0);
}

Expectation SketchModel::Expect(Timestamp /*time*/) {
  const double median = sketch_.Quantile(0.5);
  if (scale_ == Scale::kMad) {
    const double sigma = sketch_.Deviation(median);
    return {median, sigma, sigma};
  }
  return {median, (sketch_.Quantile(1 - kOuter) - median) / kSigmasToOuter,
          (median - sketch_.Quantile(kOuter)) / kSigmasToOuter};
}

void SketchModel::Learn(Timestamp /*time*/, double value, const StepTracker::Step& step) {
  sketch_.Add(value, fade_.Keep(step.length));
}

void SketchModel::Describe(Explanation* explanation) const {
  explanation->level = LevelOfVerdict(*explanation, 0, sketch_.Quantile(0.5));
}

}  // namespace outrider
