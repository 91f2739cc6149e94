// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/baseline.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "rules/detect/robust_stats.h"
#include "rules/detect/saved_fields.h"

namespace outrider {

void Baseline::Add(Timestamp time, double value) {
  const auto recent =
      std::ranges::find_if(points_, [&](const Point& p) { return p.time > time - kSpan; });
  points_.erase(points_.begin(), recent);
  if (++skipped_ < stride_) return;
  skipped_ = 0;
  if (points_.size() == kPoints) Thin();
  // Scrapes have become rarer: stop leaving samples out.
  if (stride_ > 1 && points_.size() < kPoints / 4) stride_ /= 2;
  points_.push_back({time, value});
}

Timestamp Baseline::BeyondSince(double edge, bool above, Timestamp newest) const {
  Timestamp since = newest;
  for (size_t i = points_.size(); i-- > 0;) {
    if (above ? points_[i].value < edge : points_[i].value > edge) break;
    since = points_[i].time;
  }
  return since;
}

void Baseline::Save(RowWriter& out) const {
  out.U64(stride_).U64(skipped_).U64(points_.size());
  for (const Point& point : points_) out.I64(point.time).Double(point.value);
}

void Baseline::Load(RowReader& in) {
  stride_ = static_cast<uint32_t>(std::max<uint64_t>(in.U64(), 1));
  skipped_ = static_cast<uint32_t>(in.U64());
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count; ++i) {
    const Timestamp time = TakeTime(in);
    const double value = in.Double();
    if (points_.size() < kPoints) points_.push_back({time, value});
  }
}

void Baseline::Thin() {
  for (size_t i = 0; i < kPoints / 2; ++i) points_[i] = points_[2 * i + 1];  // keeps the newest
  points_.resize(kPoints / 2);
  stride_ *= 2;
}

Baseline::Center Baseline::Measure() const {
  double values[kPoints];
  const std::span<double> used(values, points_.size());
  for (size_t i = 0; i < used.size(); ++i) used[i] = points_[i].value;
  Center center;
  center.median = MedianInPlace(used);
  double sum = 0;
  for (double& v : used) {
    v = std::fabs(v - center.median);
    sum += v;
  }
  const double mad = MedianInPlace(used);
  center.deviation = mad > 0 ? kSigmaOfMedianDistance * mad
                             : kSigmaOfMeanDistance * sum / static_cast<double>(used.size());
  return center;
}

}  // namespace outrider
