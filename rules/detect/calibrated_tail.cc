// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/calibrated_tail.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr double kBeyond = 0.02;  // share of distances beyond the quantile
// No series is trusted to be quieter than this, however flat it was until now.
constexpr double kSmallestQuantile = 1.0;
constexpr double kSmallestExcess = 0.2;
// The prior counts like so many excesses; later ones are forgotten like a mean over so many.
constexpr double kPriorExcesses = 10;
constexpr float kMostExcesses = 100;
constexpr uint32_t kMostSeen = 1'000'000;
// Steps of the quantile, as a share of itself: large at first, then a mean over some 1000 samples.
constexpr double kFirstStep = 0.2;
constexpr double kLastStep = 0.05;

}  // namespace

double CalibratedTail::Probability(double distance) const {
  const auto quantile = static_cast<double>(quantile_);
  if (distance >= quantile) {
    return kBeyond * std::exp(-(distance - quantile) / static_cast<double>(excess_));
  }
  // Below the quantile the tail says nothing exact: a straight line in the exponent.
  return std::pow(kBeyond, distance / quantile);
}

double CalibratedTail::DepthOf(double risk) { return std::log(kBeyond / risk); }

void CalibratedTail::Learn(double distance, double limit, double weight) {
  distance = std::min(distance, limit);
  const auto quantile = static_cast<double>(quantile_);
  const auto excess = static_cast<double>(excess_);
  const bool beyond = distance > quantile;
  if (beyond) {
    const double gain = weight / (static_cast<double>(excesses_) + kPriorExcesses);
    const double moved = excess + gain * (distance - quantile - excess);
    excess_ = static_cast<float>(std::max(kSmallestExcess, moved));
    excesses_ = std::min(excesses_ + static_cast<float>(weight), kMostExcesses);
  }
  const double share =
      std::max(kLastStep * weight, kFirstStep * 100 / (static_cast<double>(seen_) + 100));
  const double moved = quantile * (1 + share * (beyond ? 1 - kBeyond : -kBeyond));
  quantile_ = static_cast<float>(std::max(kSmallestQuantile, moved));
  seen_ = std::min(seen_ + 1, kMostSeen);
}

void CalibratedTail::Save(RowWriter& out) const {
  PutFloats(out, std::array{quantile_, excess_, excesses_});
  out.U64(seen_);
}

void CalibratedTail::Load(RowReader& in) {
  std::array<float, 3> floats{};
  TakeFloats(in, floats);
  quantile_ = std::max(floats[0], static_cast<float>(kSmallestQuantile));
  excess_ = std::max(floats[1], static_cast<float>(kSmallestExcess));
  excesses_ = std::clamp(floats[2], 0.0F, kMostExcesses);
  seen_ = static_cast<uint32_t>(TakeAtMost(in, kMostSeen));
}

}  // namespace outrider
