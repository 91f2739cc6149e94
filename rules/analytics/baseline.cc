// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/baseline.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace outrider {
namespace {

// From the median and the mean absolute deviation of a normal distribution to its standard one.
constexpr double kOfMedian = 1.4826;
constexpr double kOfMean = 1.2533;

double MedianInPlace(std::span<double> values) {
  const size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(middle));
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  const double lower = *std::ranges::max_element(values.first(middle));
  return lower + (upper - lower) / 2;
}

}  // namespace

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

void Baseline::Save(RowWriter& out) const {
  out.U64(stride_).U64(skipped_).U64(points_.size());
  for (const Point& point : points_) out.I64(point.time).Double(point.value);
}

void Baseline::Load(RowReader& in) {
  stride_ = static_cast<uint32_t>(std::max<uint64_t>(in.U64(), 1));
  skipped_ = static_cast<uint32_t>(in.U64());
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count; ++i) {
    const Timestamp time = in.I64();
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
  center.deviation = mad > 0 ? kOfMedian * mad : kOfMean * sum / static_cast<double>(used.size());
  return center;
}

}  // namespace outrider
