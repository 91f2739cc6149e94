// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/band_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

// Scores of what is certain but has no measure: outside the possible values.
constexpr double kImpossible = 1.01;
constexpr double kLargestZ = 1e9;
// A tail learns from a sample as much as there is time since the one before.
constexpr DurationMs kFullWeight = 5 * kMinute;
constexpr double kLeastWeight = 0.02;

}  // namespace

BandJudge::BandJudge(const DetectorOptions& options, BandPolicy policy)
    : policy_(policy),
      direction_(options.direction),
      depth_(static_cast<float>(CalibratedTail::DepthOf(options.risk))),
      min_relative_deviation_(static_cast<float>(options.min_relative_deviation)),
      threshold_(options.threshold.value_or(0)),
      min_deviation_(options.min_deviation),
      data_min_(options.data_min.value_or(-std::numeric_limits<double>::infinity())),
      data_max_(options.data_max.value_or(std::numeric_limits<double>::infinity())) {}

double BandJudge::RunOf(double z) {
  newest_[next_] = static_cast<float>(z);
  next_ = next_ + 1 == kRun ? 0 : next_ + 1;
  float least = newest_[0];
  float most = newest_[0];
  for (size_t i = 1; i < kRun; ++i) {
    least = std::min(least, newest_[i]);
    most = std::max(most, newest_[i]);
  }
  return std::max({static_cast<double>(least), -static_cast<double>(most), 0.0});
}

double BandJudge::Edge(const CalibratedTail& tail) const {
  return threshold_ > 0 ? threshold_ : tail.Edge(static_cast<double>(depth_));
}

double BandJudge::Probability(double z, double run) const {
  const double of_spike = spikes_.Probability(std::fabs(z));
  return policy_.shifts ? std::min(of_spike, shifts_.Probability(run)) : of_spike;
}

double BandJudge::NewestMean() const {
  double sum = 0;
  for (const float z : newest_) sum += static_cast<double>(z);
  return sum / kRun;
}

double BandJudge::Scale(double usual, double expected) const {
  return std::max(
      {usual, min_deviation_, static_cast<double>(min_relative_deviation_) * std::fabs(expected)});
}

bool BandJudge::Counts(double z) const {
  switch (direction_) {
    case AnomalyDirection::kBoth:
      return true;
    case AnomalyDirection::kAbove:
      return z > 0;
    case AnomalyDirection::kBelow:
      return z < 0;
  }
  return true;
}

Judgement BandJudge::Judge(double value, const Expectation& expected, double widen) {
  Judgement judged;
  const double above = widen * Scale(expected.above, expected.value);
  const double below = widen * Scale(expected.below, expected.value);
  judged.edge = Edge(spikes_);
  judged.upper = expected.value + judged.edge * above;
  judged.lower = expected.value - judged.edge * below;
  judged.scale = value >= expected.value ? above : below;
  judged.z = std::clamp((value - expected.value) / judged.scale, -kLargestZ, kLargestZ);
  judged.run = RunOf(judged.z);
  const double spike = policy_.spikes ? std::fabs(judged.z) / judged.edge : 0;
  const double shift = policy_.shifts ? judged.run / Edge(shifts_) : 0;
  judged.off = std::max(spike, shift);
  if (Counts(judged.z)) {
    judged.spike = spike;
    judged.shift = shift;
  }
  judged.upper = std::min(judged.upper, data_max_);
  judged.lower = std::max(judged.lower, data_min_);
  if (value > data_max_ || value < data_min_) judged.spike = std::max(judged.spike, kImpossible);
  return judged;
}

void BandJudge::Learn(const Judgement& judged, DurationMs step) {
  const double weight =
      static_cast<double>(policy_.learning) *
      std::clamp(static_cast<double>(step) / static_cast<double>(kFullWeight), kLeastWeight, 1.0);
  // An anomaly that goes on is one, not many: only its first sample teaches the tail.
  const double spike_edge = spikes_.Edge(static_cast<double>(depth_));
  const bool spiking = std::fabs(judged.z) > spike_edge;
  if (!spiking || !spiking_) spikes_.Learn(std::fabs(judged.z), spike_edge, weight);
  spiking_ = spiking;
  const double shift_edge = shifts_.Edge(static_cast<double>(depth_));
  const bool shifting = judged.run > shift_edge;
  if (!shifting || !shifting_) shifts_.Learn(judged.run, shift_edge, weight);
  shifting_ = shifting;
}

void BandJudge::Save(RowWriter& out) const {
  spikes_.Save(out);
  shifts_.Save(out);
  PutFloats(out, newest_);
  out.U64(next_).Bool(spiking_).Bool(shifting_);
}

void BandJudge::Load(RowReader& in) {
  spikes_.Load(in);
  shifts_.Load(in);
  TakeFloats(in, newest_);
  next_ = static_cast<uint32_t>(TakeAtMost(in, kRun - 1));
  spiking_ = in.Bool();
  shifting_ = in.Bool();
}

}  // namespace outrider
