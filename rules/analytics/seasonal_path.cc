// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/seasonal_path.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

// Seconds. Found on the data of shared/data/crane (docs/performance.md).
constexpr double kHourSeconds = 3600;
constexpr double kDaySeconds = 24 * kHourSeconds;
constexpr double kBinSeconds = kHourSeconds / 2;
constexpr double kLevelTime = 2 * kDaySeconds;
constexpr double kTrendTime = 8 * kDaySeconds;
constexpr double kDamping = 2 * kDaySeconds;
constexpr double kDeviationTime = kHourSeconds / 6;  // over how long it is measured
constexpr double kDeviationLasts = 12 * kHourSeconds;
constexpr double kBinMemory = 2 * kBinSeconds;   // two days
constexpr double kBinPrior = kHourSeconds / 12;  // what a bin of 0 is worth
constexpr double kSeenUnit = 1.0 / 16;
static_assert(kBinMemory / kSeenUnit < UINT16_MAX);
constexpr double kDayMemory = 2 * kDaySeconds;  // of its own day: two weeks
constexpr double kLongestStep = kHourSeconds;   // a gap teaches no more than this
constexpr DurationMs kTrendFrom = 3 * kDay;
constexpr DurationMs kDaysFrom = 7 * kDay;
constexpr double kErrorWeight = 1.0 / 512;

struct Bins {
  size_t first = 0;
  size_t second = 0;
  double share = 0;  // of the second
};

double Modulo(Timestamp time, DurationMs period) {
  const DurationMs rest = time % period;
  return static_cast<double>(rest < 0 ? rest + period : rest) / kSecond;
}

// The two half-hours whose middles lie around a time.
Bins BinsAt(Timestamp time) {
  const double at = Modulo(time - kHour / 4, kDay) / kBinSeconds;
  const auto bin = static_cast<size_t>(at) % 48;
  return {.first = bin, .second = (bin + 1) % 48, .share = at - std::floor(at)};
}

size_t DayAt(Timestamp time) {
  return static_cast<size_t>(Modulo(time, 7 * kDay) / kDaySeconds) % 7;
}

double Damped(double seconds) { return kDamping * -std::expm1(-seconds / kDamping); }

}  // namespace

double SeasonalForecaster::SeasonAt(Timestamp time) const {
  const Bins bins = BinsAt(time);
  return bin_[bins.first] * (1 - bins.share) + bin_[bins.second] * bins.share + day_[DayAt(time)];
}

// Recursive least squares of one bin, whose share of the season is `weight`, over its memory.
void SeasonalForecaster::LearnBin(size_t bin, double weight, double seconds, double error) {
  const double seen = std::min(kBinMemory, bin_seen_[bin] * kSeenUnit + weight * weight * seconds);
  bin_seen_[bin] = static_cast<uint16_t>(std::lround(std::ceil(seen / kSeenUnit)));
  bin_[bin] = static_cast<float>(bin_[bin] + weight * seconds / (kBinPrior + seen) * error);
}

void SeasonalForecaster::Add(Timestamp time, double value) {
  samples_ += 1;
  if (samples_ == 1) {
    first_ = last_ = time;
    level_ = value;
    return;
  }
  const double dt = static_cast<double>(time - last_) / kSecond;
  const double taught = std::min(dt, kLongestStep);
  last_ = time;
  level_ += trend_ * Damped(dt);
  trend_ *= std::exp(-dt / kDamping);
  const double error = value - level_ - SeasonAt(time);
  square_ += std::max(kErrorWeight, 1 / (samples_ - 1)) * (error * error - square_);
  const double near = -std::expm1(-dt / kDeviationTime);
  deviation_ += near * (error - deviation_);
  const double age = static_cast<double>(last_ - first_) / kSecond;
  const double a = std::max(-std::expm1(-taught / kLevelTime), std::min(1.0, taught / age));
  level_ += a * error;
  const DurationMs known = last_ - first_;
  if (known > kTrendFrom) trend_ += a * -std::expm1(-taught / kTrendTime) * error / dt;
  const Bins bins = BinsAt(time);
  const double left = error * (1 - a);
  LearnBin(bins.first, 1 - bins.share, taught, left);
  LearnBin(bins.second, bins.share, taught, left);
  if (known >= kDaysFrom) {
    float& day = day_[DayAt(time)];
    day = static_cast<float>(day - std::expm1(-taught / kDayMemory) * left);
  }
}

std::optional<SeasonalPath> SeasonalForecaster::PathAt(Timestamp now,
                                                       const Confidence& confidence) const {
  if (samples_ == 0 || last_ - first_ < kDay) return std::nullopt;
  return SeasonalPath(*this, now, confidence.z);
}

double SeasonalPath::ValueAt(double ahead) const {
  const double since = std::max(0.0, static_cast<double>(now_ - model_->last_) / kSecond) + ahead;
  const Timestamp time = now_ + static_cast<Timestamp>(ahead * kSecond);
  return model_->level_ + model_->trend_ * Damped(since) + model_->SeasonAt(time) +
         model_->deviation_ * std::exp(-since / kDeviationLasts);
}

double SeasonalPath::HalfWidth(double ahead) const {
  return interval_ * std::sqrt(model_->square_ * (1 + ahead / kLevelTime));
}

void SeasonalForecaster::Save(RowWriter& out) const {
  out.I64(first_).I64(last_).Double(samples_).Double(level_).Double(trend_);
  out.Double(deviation_).Double(square_);
  for (float bin : bin_) out.Double(bin);
  for (uint16_t seen : bin_seen_) out.U64(seen);
  for (float day : day_) out.Double(day);
}

void SeasonalForecaster::Load(RowReader& in) {
  first_ = ReadSavedTime(in);
  last_ = ReadSavedTime(in);
  samples_ = in.Double();
  level_ = in.Double();
  trend_ = in.Double();
  deviation_ = in.Double();
  square_ = in.Double();
  for (float& bin : bin_) bin = static_cast<float>(in.Double());
  for (uint16_t& seen : bin_seen_) seen = static_cast<uint16_t>(in.U64());
  for (float& day : day_) day = static_cast<float>(in.Double());
}

}  // namespace outrider
