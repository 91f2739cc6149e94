// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/calibrated_tail.h"

#include <algorithm>
#include <cmath>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr double kBeyond = 0.02;  // share of distances beyond the quantile
// No series is trusted to be quieter than this, however flat it was until now.
constexpr double kSmallestQuantile = 1.0;
constexpr double kSmallestExcess = 0.2;
// The prior counts like so many excesses; later ones are forgotten like a mean over so many.
constexpr uint32_t kPriorExcesses = 10;
constexpr uint32_t kMostExcesses = 100;
constexpr uint32_t kMostSeen = 1'000'000;
// Steps of the quantile, as a share of itself: large at first, then a mean over some 1000 samples.
constexpr double kFirstStep = 0.2;
constexpr double kLastStep = 0.05;

}  // namespace

double CalibratedTail::Probability(double distance) const {
  if (distance >= quantile_) return kBeyond * std::exp(-(distance - quantile_) / excess_);
  // Below the quantile the tail says nothing exact: a straight line in the exponent.
  return std::pow(kBeyond, distance / quantile_);
}

double CalibratedTail::Edge(double risk) const {
  return quantile_ + excess_ * std::log(kBeyond / risk);
}

void CalibratedTail::Learn(double distance, double limit) {
  distance = std::min(distance, limit);
  const double share = std::max(kLastStep, kFirstStep * 100 / (static_cast<double>(seen_) + 100));
  const bool beyond = distance > quantile_;
  if (beyond) {
    const double gain = 1.0 / (excesses_ + kPriorExcesses);
    excess_ = std::max(kSmallestExcess, excess_ + gain * (distance - quantile_ - excess_));
    excesses_ = std::min(excesses_ + 1, kMostExcesses);
  }
  quantile_ += share * quantile_ * (beyond ? 1 - kBeyond : -kBeyond);
  quantile_ = std::max(kSmallestQuantile, quantile_);
  seen_ = std::min(seen_ + 1, kMostSeen);
}

void CalibratedTail::Save(RowWriter& out) const {
  out.Double(quantile_).Double(excess_).U64(excesses_).U64(seen_);
}

void CalibratedTail::Load(RowReader& in) {
  quantile_ = TakeAtLeast(in, kSmallestQuantile);
  excess_ = TakeAtLeast(in, kSmallestExcess);
  excesses_ = static_cast<uint32_t>(TakeAtMost(in, kMostExcesses));
  seen_ = static_cast<uint32_t>(TakeAtMost(in, kMostSeen));
}

}  // namespace outrider
