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
constexpr double kMostExcesses = 100;
constexpr double kParts = 512;  // of one excess
constexpr uint16_t kMostSeen = UINT16_MAX;
// One distance beyond the edge stretches it by so much; it shrinks by this times the risk for each
// that is not, so that both are even where the risk is what was asked for.
constexpr double kStretch = 0.05;
constexpr double kMostStretch = 1e6;
// Steps of the quantile, as a share of itself: large at first, then a mean over some 1000 samples.
constexpr double kFirstStep = 0.2;
constexpr double kLastStep = 0.05;

}  // namespace

double CalibratedTail::Probability(double distance) const {
  distance /= static_cast<double>(stretch_);
  const auto quantile = static_cast<double>(quantile_);
  if (distance >= quantile) {
    return kBeyond * std::exp(-(distance - quantile) / static_cast<double>(excess_));
  }
  // Below the quantile the tail says nothing exact: a straight line in the exponent.
  return std::pow(kBeyond, distance / quantile);
}

double CalibratedTail::DepthOf(double risk) { return std::log(kBeyond / risk); }

double CalibratedTail::RiskOf(double depth) { return kBeyond * std::exp(-depth); }

void CalibratedTail::Learn(double distance, double limit, double weight) {
  distance = std::min(distance, limit);
  const auto quantile = static_cast<double>(quantile_);
  const auto excess = static_cast<double>(excess_);
  const bool beyond = distance > quantile;
  if (beyond) {
    const double gain = weight / (excesses_ / kParts + kPriorExcesses);
    const double moved = excess + gain * (distance - quantile - excess);
    excess_ = static_cast<float>(std::max(kSmallestExcess, moved));
    excesses_ =
        static_cast<uint16_t>(std::min(excesses_ + weight * kParts, kMostExcesses * kParts));
  }
  const double share =
      std::max(kLastStep * weight, kFirstStep * 100 / (static_cast<double>(seen_) + 100));
  const double moved = quantile * (1 + share * (beyond ? 1 - kBeyond : -kBeyond));
  quantile_ = static_cast<float>(std::max(kSmallestQuantile, moved));
  if (seen_ < kMostSeen) ++seen_;
}

void CalibratedTail::CountBeyond() { Stretch(kStretch); }

void CalibratedTail::CountWithin(int distances, double risk) {
  Stretch(-kStretch * risk * distances);
}

void CalibratedTail::Stretch(double by) {
  stretch_ =
      static_cast<float>(std::clamp(static_cast<double>(stretch_) * (1 + by), 1.0, kMostStretch));
}

void CalibratedTail::Save(RowWriter& out) const {
  PutFloats(out, std::array{quantile_, excess_, static_cast<float>(excesses_ / kParts), stretch_});
  out.U64(seen_);
}

void CalibratedTail::Load(RowReader& in) {
  std::array<float, 4> floats{0, 0, 0, 1};
  TakeFloats(in, std::span(floats).first(in.format() >= 3 ? 4 : 3));
  quantile_ = std::max(floats[0], static_cast<float>(kSmallestQuantile));
  excess_ = std::max(floats[1], static_cast<float>(kSmallestExcess));
  excesses_ = static_cast<uint16_t>(std::clamp(static_cast<double>(floats[2]), 0.0, kMostExcesses) *
                                    kParts);
  stretch_ = std::clamp(floats[3], 1.0F, static_cast<float>(kMostStretch));
  seen_ = static_cast<uint16_t>(std::min<uint64_t>(in.U64(), kMostSeen));
}

}  // namespace outrider
