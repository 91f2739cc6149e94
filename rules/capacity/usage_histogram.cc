// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/usage_histogram.h"

#include <algorithm>
#include <cmath>

namespace outrider {
namespace {

constexpr double kGrowth = 1.01;
constexpr double kHalfLifeHours = 24;
constexpr DurationMs kLongestGap = 5 * kMinute;

double Fade(int64_t hours) { return std::exp2(-static_cast<double>(hours) / kHalfLifeHours); }

}  // namespace

size_t UsageHistogram::BucketOf(double value) const {
  if (!(value > smallest_)) return 0;
  return 1 + static_cast<size_t>(std::log(value / smallest_) / std::log(kGrowth));
}

double UsageHistogram::ValueOf(size_t bucket) const {
  if (bucket == 0) return smallest_ / 2;
  return smallest_ * std::pow(kGrowth, static_cast<double>(bucket) - 0.5);
}

float& UsageHistogram::Weight(size_t bucket) {
  if (weights_.empty()) first_bucket_ = bucket;
  if (bucket < first_bucket_) {
    weights_.insert(weights_.begin(), first_bucket_ - bucket, 0.0F);
    first_bucket_ = bucket;
  }
  if (bucket - first_bucket_ >= weights_.size()) weights_.resize(bucket - first_bucket_ + 1);
  return weights_[bucket - first_bucket_];
}

void UsageHistogram::AdvanceTo(Timestamp time) {
  const int64_t hour = time / kHour;
  const int64_t day = time / kDay;
  if (hour_ == INT64_MIN) {
    hour_ = hour;
    day_ = day;
    return;
  }
  if (hour > hour_) {
    const double fade = Fade(hour - hour_);
    for (float& weight : weights_) weight *= static_cast<float>(fade);
    weight_ *= fade;
    weighted_sum_ *= fade;
    hour_ = hour;
  }
  if (day > day_) {
    max_before_ = day == day_ + 1 ? max_today_ : 0;
    max_today_ = 0;
    day_ = day;
  }
}

void UsageHistogram::Add(Timestamp time, double value) {
  AdvanceTo(time);
  const int64_t age = hour_ - time / kHour;
  const double weight = age > 0 ? Fade(age) : 1;
  Weight(BucketOf(value)) += static_cast<float>(weight);
  weight_ += weight;
  weighted_sum_ += weight * value;
  min_ = samples_ == 0 ? value : std::min(min_, value);
  if (time / kDay == day_) {
    max_today_ = std::max(max_today_, value);
  } else if (time / kDay == day_ - 1) {
    max_before_ = std::max(max_before_, value);
  }
  ++samples_;
  if (last_ != INT64_MIN && time > last_) coverage_ += std::min(time - last_, kLongestGap);
  last_ = std::max(last_, time);
}

void UsageHistogram::Merge(const UsageHistogram& other) {
  if (other.samples_ == 0) return;
  if (other.last_ != INT64_MIN) AdvanceTo(other.last_);
  const double fade = Fade(std::max<int64_t>(0, hour_ - other.hour_));
  for (size_t i = 0; i < other.weights_.size(); ++i) {
    if (other.weights_[i] > 0) {
      Weight(other.first_bucket_ + i) += other.weights_[i] * static_cast<float>(fade);
    }
  }
  weight_ += other.weight_ * fade;
  weighted_sum_ += other.weighted_sum_ * fade;
  min_ = samples_ == 0 ? other.min_ : std::min(min_, other.min_);
  if (other.day_ == day_) {
    max_today_ = std::max(max_today_, other.max_today_);
    max_before_ = std::max(max_before_, other.max_before_);
  } else if (other.day_ == day_ - 1) {
    max_before_ = std::max(max_before_, other.max_today_);
  }
  samples_ += other.samples_;
  coverage_ = std::max(coverage_, other.coverage_);
  last_ = std::max(last_, other.last_);
}

double UsageHistogram::Percentile(double p) const {
  if (samples_ == 0) return 0;
  double total = 0;
  for (float weight : weights_) total += weight;
  const double wanted = p * total * (1 - 1e-9);  // 0.95 * 20 must not need a 20th sample
  double below = 0;
  size_t i = 0;
  for (; i + 1 < weights_.size(); ++i) {
    below += weights_[i];
    if (below >= wanted) break;
  }
  const double value = std::max(ValueOf(first_bucket_ + i), min_);
  return Max() > 0 ? std::min(value, Max()) : value;
}

double UsageHistogram::Mean() const { return weight_ > 0 ? weighted_sum_ / weight_ : 0; }

double UsageHistogram::Max() const { return std::max(max_today_, max_before_); }

}  // namespace outrider
