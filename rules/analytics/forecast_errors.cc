// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_errors.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

constexpr double kWeight = 1.0 / 12;  // four horizons
// A comparison outside the interval makes it exp(kStretch x confidence) times as wide, one inside
// narrower by so little that both are even where the confidence holds.
constexpr double kStretch = 0.3;
constexpr double kLeast = 0.25;
constexpr double kMost = 8;

}  // namespace

void ForecastErrors::Score(Timestamp time, double value, const Confidence& confidence) {
  size_t at = 0;
  for (; at < put_down_.size(); at += Row()) {
    const double late = static_cast<double>(time) - put_down_[at];
    if (!(late >= 0)) break;
    // After a gap the sample says nothing about the time that was meant.
    if (late > static_cast<double>(std::max<DurationMs>(horizon_ / 12, 2 * kMinute))) continue;
    for (size_t m = 0; m < models_; ++m) {
      const double error = value - put_down_[at + 1 + m];
      if (std::isnan(error)) continue;
      Stretch(m, std::fabs(error), confidence);
      if (count_[m] < UINT16_MAX) ++count_[m];
      square_[m] += std::max(kWeight, 1.0 / count_[m]) * (error * error - square_[m]);
    }
  }
  if (at > 0) put_down_.erase(put_down_.begin(), put_down_.begin() + static_cast<ptrdiff_t>(at));
}

void ForecastErrors::Stretch(size_t model, double error, const Confidence& confidence) {
  const auto half = HalfWidth(model, confidence);
  if (!half) return;
  const double by = error > *half ? confidence.share : confidence.share - 1;
  const double stretched = stretch_[model] * std::exp(kStretch * by);
  stretch_[model] = static_cast<uint16_t>(std::clamp(stretched, kLeast * kParts, kMost * kParts));
}

bool ForecastErrors::WantsForecast(Timestamp time) const {
  return !began_ || time - last_ >= horizon_ / kPerHorizon;
}

void ForecastErrors::PutDown(Timestamp time, const Values& values) {
  began_ = true;
  last_ = time;
  if (put_down_.size() > kPerHorizon * Row()) return;  // only after a state that was no state
  put_down_.reserve((kPerHorizon + 1) * Row());
  put_down_.push_back(static_cast<double>(time + horizon_));
  put_down_.insert(put_down_.end(), values.begin(),
                   values.begin() + static_cast<ptrdiff_t>(models_));
}

std::optional<double> ForecastErrors::RootMeanSquare(size_t model) const {
  if (count_[model] < kEnough) return std::nullopt;
  return std::sqrt(square_[model]);
}

std::optional<double> ForecastErrors::HalfWidth(size_t model, const Confidence& confidence) const {
  const auto off = RootMeanSquare(model);
  if (!off) return std::nullopt;
  return confidence.z * stretch_[model] / kParts * *off;
}

void ForecastErrors::Save(RowWriter& out) const {
  out.Bool(began_).I64(last_).U64(put_down_.size());
  for (double number : put_down_) out.Double(number);
  for (size_t m = 0; m < models_; ++m) {
    out.U64(count_[m]).Double(square_[m]).U64(stretch_[m]);
  }
}

void ForecastErrors::Load(RowReader& in) {
  began_ = in.Bool();
  last_ = ReadSavedTime(in);
  const uint64_t count = std::min<uint64_t>(in.U64(), (kPerHorizon + 1) * Row());
  put_down_.clear();
  for (uint64_t i = 0; i < count / Row() * Row(); ++i) put_down_.push_back(in.Double());
  for (size_t m = 0; m < models_; ++m) {
    count_[m] = static_cast<uint16_t>(std::min<uint64_t>(in.U64(), UINT16_MAX));
    square_[m] = in.Double();
    if (in.format() < 4) continue;
    stretch_[m] = static_cast<uint16_t>(
        std::clamp(static_cast<double>(in.U64()), kLeast * kParts, kMost * kParts));
  }
}

}  // namespace outrider
