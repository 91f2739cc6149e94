// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_errors.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

constexpr double kWeight = 1.0 / 12;  // four horizons

}  // namespace

void ForecastErrors::Score(Timestamp time, double value) {
  size_t at = 0;
  for (; at < put_down_.size(); at += Row()) {
    const double late = static_cast<double>(time) - put_down_[at];
    if (!(late >= 0)) break;
    // After a gap the sample says nothing about the time that was meant.
    if (late > static_cast<double>(std::max<DurationMs>(horizon_ / 12, 2 * kMinute))) continue;
    for (size_t m = 0; m < models_; ++m) {
      const double error = value - put_down_[at + 1 + m];
      if (std::isnan(error)) continue;
      if (count_[m] < UINT16_MAX) ++count_[m];
      square_[m] += std::max(kWeight, 1.0 / count_[m]) * (error * error - square_[m]);
    }
  }
  if (at > 0) put_down_.erase(put_down_.begin(), put_down_.begin() + static_cast<ptrdiff_t>(at));
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

void ForecastErrors::Save(RowWriter& out) const {
  out.Bool(began_).I64(last_).U64(put_down_.size());
  for (double number : put_down_) out.Double(number);
  for (size_t m = 0; m < models_; ++m) out.U64(count_[m]).Double(square_[m]);
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
  }
}

}  // namespace outrider
