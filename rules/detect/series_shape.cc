// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/series_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr double kConstantShare = 0.01;  // of samples that differ from the one before, at most
constexpr double kFallingShare = 0.01;   // of changes of a counter that go down, at most
constexpr double kRisingShare = 0.1;     // of samples of a counter that are larger, at least
constexpr uint32_t kMostDiscrete = 4;    // values
constexpr double kSpikyKurtosis = 20;    // of a normal distribution: 3
constexpr double kSeasonalShare = 0.3;
constexpr DurationMs kSeasonalSpan = 3 * kDay;
// Running means become means over so many samples, so that a series may change its looks.
constexpr double kMemory = 20'000;
constexpr double kMostOfFourths = 1e6;

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void SeriesShape::Observe(Timestamp time, const LocalSlot& slot, double value) {
  if (samples_ == 0) {
    first_ = time;
    mean_ = previous_ = value;
  }
  if (value > previous_) ++rises_;
  if (value < previous_) ++falls_;
  previous_ = value;
  newest_ = time;
  CountValue(value);
  const double gain = std::max(1 / kMemory, 1 / (static_cast<double>(samples_) + 1));
  const double distance = value - mean_;
  mean_ += gain * distance;
  squares_ += gain * (distance * (value - mean_) - squares_);
  if (squares_ > 0) {
    const double square = distance * distance / squares_;
    fourths_ += gain * (std::min(square * square, kMostOfFourths) - fourths_);
  }
  const auto hour = static_cast<size_t>(slot.hour);
  if (hour_counts_[hour] < std::numeric_limits<uint32_t>::max()) ++hour_counts_[hour];
  const auto old = static_cast<double>(hour_means_[hour]);
  const double to =
      old + (value - few_[0] - old) / std::min<double>(hour_counts_[hour], kMemory / 24);
  hour_means_[hour] = Single(to);
  ++samples_;
}

void SeriesShape::CountValue(double value) {
  if (values_ > kFew) return;
  for (uint32_t i = 0; i < values_; ++i) {
    if (few_[i] == value) return;
  }
  if (values_ < kFew) few_[values_] = value;
  ++values_;
}

double SeriesShape::HourShare() const {
  if (squares_ <= 0) return 0;
  double total = 0;
  double sum = 0;
  for (size_t i = 0; i < hour_means_.size(); ++i) {
    const double away = few_[0] + static_cast<double>(hour_means_[i]) - mean_;
    total += hour_counts_[i];
    sum += hour_counts_[i] * away * away;
  }
  return total > 0 ? std::min(1.0, sum / total / squares_) : 0;
}

SeriesShape::Finding SeriesShape::Judge() const {
  const uint64_t changes = rises_ + falls_;
  const double changing = Ratio(changes, samples_);
  if (changing <= kConstantShare) {
    return {Shape::kConstant,
            fmt::format("constant: {:.2f} % of the samples differ from the one before",
                        100 * changing)};
  }
  if (Ratio(falls_, changes) <= kFallingShare && Ratio(rises_, samples_) >= kRisingShare) {
    return {Shape::kCounter, fmt::format("a counter: {} of {} changes go up", rises_, changes)};
  }
  if (values_ <= kMostDiscrete) {
    return {Shape::kDiscrete, fmt::format("discrete: {} different values", values_)};
  }
  if (const double share = HourShare(); share >= kSeasonalShare && span() >= kSeasonalSpan) {
    return {Shape::kSeasonal,
            fmt::format("seasonal: the hour of the day explains {:.0f} % of the variance",
                        100 * share)};
  }
  if (fourths_ >= kSpikyKurtosis) {
    return {Shape::kSpiky, fmt::format("spiky: the kurtosis is {:.0f} (3 is normal)", fourths_)};
  }
  return {Shape::kUnclear, "neither constant, counter, discrete, spiky nor seasonal"};
}

void SeriesShape::Save(RowWriter& out) const {
  out.U64(samples_).U64(rises_).U64(falls_).I64(first_).I64(newest_).Double(previous_);
  out.Double(mean_).Double(squares_).Double(fourths_).U64(values_);
  for (const double value : few_) out.Double(value);
  PutFloats(out, hour_means_);
  for (const uint32_t count : hour_counts_) out.U64(count);
}

void SeriesShape::Load(RowReader& in) {
  samples_ = in.U64();
  rises_ = in.U64();
  falls_ = in.U64();
  first_ = TakeTime(in);
  newest_ = TakeTime(in);
  previous_ = TakeFinite(in);
  mean_ = TakeFinite(in);
  squares_ = TakeAtLeast(in, 0);
  fourths_ = TakeAtLeast(in, 0);
  values_ = static_cast<uint32_t>(TakeAtMost(in, kFew + 1));
  for (double& value : few_) value = TakeFinite(in);
  TakeFloats(in, hour_means_);
  for (uint32_t& count : hour_counts_) {
    count = static_cast<uint32_t>(TakeAtMost(in, std::numeric_limits<uint32_t>::max()));
  }
}

}  // namespace outrider
