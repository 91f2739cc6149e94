// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "rules/detect/robust_stats.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr double kLargestUnit = 1e6;

double Of(float value) { return static_cast<double>(value); }

}  // namespace

void QuantileSketch::Add(double value, double keep) {
  if (size_ == 0) origin_ = value;
  if (keep > 0) unit_ /= keep;
  if (unit_ > kLargestUnit) {
    for (uint32_t i = 0; i < size_; ++i) weights_[i] = Single(Of(weights_[i]) / unit_);
    unit_ = 1;
  }
  Insert(Single(value - origin_), Single(unit_));
  if (size_ > kPoints) MergeClosest();
}

void QuantileSketch::Insert(float value, float weight) {
  const auto end = values_.begin() + size_;
  const auto at = std::lower_bound(values_.begin(), end, value);
  const auto index = static_cast<size_t>(at - values_.begin());
  if (at != end && *at == value) {
    weights_[index] += weight;
    return;
  }
  std::move_backward(at, end, end + 1);
  std::move_backward(weights_.begin() + static_cast<ptrdiff_t>(index), weights_.begin() + size_,
                     weights_.begin() + size_ + 1);
  values_[index] = value;
  weights_[index] = weight;
  ++size_;
}

void QuantileSketch::MergeClosest() {
  size_t best = 0;
  float least = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i + 1 < size_; ++i) {
    const float blur = (values_[i + 1] - values_[i]) * (weights_[i] + weights_[i + 1]);
    if (blur < least) {
      least = blur;
      best = i;
    }
  }
  const double weight = Of(weights_[best]) + Of(weights_[best + 1]);
  const double share = weight > 0 ? Of(weights_[best + 1]) / weight : 0.5;
  const double middle = Of(values_[best]) * (1 - share) + Of(values_[best + 1]) * share;
  values_[best] = std::clamp(Single(middle), values_[best], values_[best + 1]);
  weights_[best] = Single(weight);
  for (size_t i = best + 1; i + 1 < size_; ++i) {
    values_[i] = values_[i + 1];
    weights_[i] = weights_[i + 1];
  }
  --size_;
}

double QuantileSketch::Quantile(double q) const {
  double total = 0;
  for (uint32_t i = 0; i < size_; ++i) total += Of(weights_[i]);
  const double rank = q * total;
  // The middle half of a point's weight lies on its value, the quarters lead to its neighbours.
  double before = 0;     // weight of the points before
  double inner_end = 0;  // where the middle half of the point before ends
  for (uint32_t i = 0; i < size_; ++i) {
    const double quarter = Of(weights_[i]) / 4;
    const double inner_begin = before + quarter;
    if (rank < inner_begin) {
      if (i == 0 || inner_begin <= inner_end) return origin_ + Of(values_[i]);
      const double part = std::max(0.0, rank - inner_end) / (inner_begin - inner_end);
      return origin_ + Of(values_[i - 1]) + part * (Of(values_[i]) - Of(values_[i - 1]));
    }
    inner_end = before + 3 * quarter;
    if (rank <= inner_end) return origin_ + Of(values_[i]);
    before += Of(weights_[i]);
  }
  return size_ == 0 ? 0 : origin_ + Of(values_[size_ - 1]);
}

double QuantileSketch::Deviation(double center) const {
  center -= origin_;
  double total = 0;
  double sum = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    total += Of(weights_[i]);
    sum += Of(weights_[i]) * std::fabs(Of(values_[i]) - center);
  }
  if (total <= 0) return 0;
  // Outwards from the center, the nearer side first.
  size_t right = 0;
  while (right < size_ && Of(values_[right]) < center) ++right;
  size_t left = right;
  double gathered = 0;
  double distance = 0;
  while (gathered < total / 2 && (left > 0 || right < size_)) {
    const double to_left =
        left > 0 ? center - Of(values_[left - 1]) : std::numeric_limits<double>::infinity();
    const double to_right =
        right < size_ ? Of(values_[right]) - center : std::numeric_limits<double>::infinity();
    const bool go_left = to_left < to_right;
    const double next = go_left ? to_left : to_right;
    const double weight = go_left ? Of(weights_[--left]) : Of(weights_[right++]);
    // Inside the point that crosses the half: between the distance before and its own.
    const double part = weight > 0 ? std::min(1.0, (total / 2 - gathered) / weight) : 1;
    distance += part * (next - distance);
    gathered += weight;
  }
  return distance > 0 ? kSigmaOfMedianDistance * distance : kSigmaOfMeanDistance * sum / total;
}

void QuantileSketch::Save(RowWriter& out) const {
  out.U64(size_).Double(unit_).Double(origin_);
  PutFloats(out, std::span(values_).first(size_));
  PutFloats(out, std::span(weights_).first(size_));
}

void QuantileSketch::Load(RowReader& in) {
  const uint64_t size = in.U64();
  unit_ = TakeAtLeast(in, 1);
  origin_ = TakeFinite(in);
  if (size > kPoints) {
    in.Fail();
    return;
  }
  size_ = static_cast<uint32_t>(size);
  const std::span values = std::span(values_).first(size_);
  const std::span weights = std::span(weights_).first(size_);
  TakeFloats(in, values);
  TakeFloats(in, weights);
  if (std::ranges::is_sorted(values) &&
      std::ranges::all_of(weights, [](float w) { return w >= 0; })) {
    return;
  }
  size_ = 0;
  in.Fail();
}

}  // namespace outrider
