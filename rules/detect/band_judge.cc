// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/band_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

// Scores of what is certain but has no measure: outside the possible values.
constexpr double kImpossible = 1.01;
constexpr double kLargestZ = 1e9;
// A tail learns from a sample as much as there is time since the one before.
constexpr DurationMs kFullWeight = 5 * kMinute;
constexpr double kLeastWeight = 0.02;
// Without anything new to the novelty table a shift is an onset from its edge on, a single sample
// only from twice its edge on: many series have spikes that mean nothing.
constexpr double kOnsetOfSpike = 2;
constexpr double kOnsetOfShift = 1;
// And it is by so much larger than all of late.
constexpr double kOnsetOfPeak = 1.2;
// A value outside the known range is news from this share of an edge on.
constexpr double kNewsOfEdge = 0.5;

}  // namespace

BandJudge::BandJudge(const DetectorOptions& options, BandPolicy policy)
    : policy_(policy),
      direction_(options.direction),
      depth_(static_cast<float>(CalibratedTail::DepthOf(options.risk))),
      min_relative_deviation_(static_cast<float>(options.min_relative_deviation)),
      threshold_(static_cast<float>(options.threshold.value_or(0))),
      min_deviation_(options.min_deviation),
      data_min_(options.data_min.value_or(-std::numeric_limits<double>::infinity())),
      data_max_(options.data_max.value_or(std::numeric_limits<double>::infinity())),
      peaks_(options.half_life) {}

void BandJudge::AddToRun(Judgement* judged) {
  newest_[next_] = static_cast<float>(judged->z);
  next_ = static_cast<uint8_t>((next_ + 1) % kRun);
  float least = newest_[0];
  float most = newest_[0];
  double sum = 0;
  for (const float z : newest_) {
    least = std::min(least, z);
    most = std::max(most, z);
    sum += static_cast<double>(z);
  }
  judged->run = std::max({static_cast<double>(least), -static_cast<double>(most), 0.0});
  judged->mean = sum / kRun;
}

double BandJudge::Edge(const CalibratedTail& tail) const {
  return threshold_ > 0 ? static_cast<double>(threshold_) : tail.Edge(static_cast<double>(depth_));
}

double BandJudge::Probability(double z, double run) const {
  const double of_spike = spikes_.Probability(std::fabs(z));
  return policy_.shifts ? std::min(of_spike, shifts_.Probability(run)) : of_spike;
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
  judged.floored =
      judged.scale > widen * (value >= expected.value ? expected.above : expected.below);
  judged.z = std::clamp((value - expected.value) / judged.scale, -kLargestZ, kLargestZ);
  AddToRun(&judged);
  const double spike = policy_.spikes ? std::fabs(judged.z) / judged.edge : 0;
  const double shift = policy_.shifts ? judged.run / Edge(shifts_) : 0;
  judged.off = std::max(spike, shift);
  if (Counts(judged.z)) {
    judged.spike = spike;
    judged.shift = shift;
  }
  judged.upper = std::clamp(judged.upper, data_min_, data_max_);
  judged.lower = std::clamp(judged.lower, data_min_, data_max_);
  judged.impossible = value > data_max_ || value < data_min_;
  if (judged.impossible) judged.spike = std::max(judged.spike, kImpossible);
  return judged;
}

double BandJudge::OnsetStrength(const Judgement& judged) const {
  const auto beyond = [](double distance, double peak) {
    return peak > 0 ? distance / (kOnsetOfPeak * peak) : std::numeric_limits<double>::infinity();
  };
  return std::max(
      std::min(judged.spike / kOnsetOfSpike,
               beyond(std::fabs(judged.z) * judged.scale, peaks_.spike())),
      std::min(judged.shift / kOnsetOfShift, beyond(judged.run * judged.scale, peaks_.run())));
}

bool BandJudge::CountsNews(const Judgement& judged, const NoveltyTable::Finding& news) const {
  if (!Counts(judged.mean) || !news.Enough(risk())) return false;
  const bool stays = news.kind == NoveltyTable::Kind::kLongStay;
  if (!policy_.spikes && !stays) return judged.run >= kNewsOfEdge * Edge(shifts_);
  // What creeps out of its range in small steps is near what is expected all the time.
  const bool outside = news.kind == NoveltyTable::Kind::kOutside && !news.creeps;
  // Where somebody said what counts, or the series is quieter than what counts, that holds for all.
  if (!outside && threshold_ <= 0 && !judged.floored) return true;
  return (policy_.spikes && std::fabs(judged.z) >= kNewsOfEdge * judged.edge) ||
         std::fabs(judged.mean) >= kNewsOfEdge * Edge(shifts_);
}

// Whether it lies beyond the edge. An anomaly that goes on is one, not many: only its first sample
// teaches the tail.
bool BandJudge::Teach(CalibratedTail* tail, double distance, double weight, bool before) const {
  const double edge = tail->Edge(static_cast<double>(depth_));
  const bool beyond = distance > edge;
  if (beyond && before) return true;
  tail->Learn(distance, edge, weight);
  return beyond;
}

void BandJudge::Learn(const Judgement& judged, DurationMs step) {
  const double weight =
      static_cast<double>(policy_.learning) *
      std::clamp(static_cast<double>(step) / static_cast<double>(kFullWeight), kLeastWeight, 1.0);
  const bool was_spiking = spiking_;
  spiking_ = Teach(&spikes_, std::fabs(judged.z), weight, spiking_);
  // Of samples only: shifts that come again are told again.
  if (spiking_ && !was_spiking) spikes_.CountBeyond();
  shifting_ = Teach(&shifts_, judged.run, weight, shifting_);
  if (next_ == 0) spikes_.CountWithin(kRun, risk());
  peaks_.Add(judged, step);
}

std::string BandJudge::DescribeImpossible(double value) const {
  return outrider::DescribeImpossible(value, data_min_, data_max_);
}

void BandJudge::Save(RowWriter& out) const {
  spikes_.Save(out);
  shifts_.Save(out);
  PutFloats(out, newest_);
  out.U64(next_).Bool(spiking_).Bool(shifting_);
  peaks_.Save(out);
}

void BandJudge::Load(RowReader& in) {
  spikes_.Load(in);
  shifts_.Load(in);
  TakeFloats(in, newest_);
  next_ = static_cast<uint8_t>(TakeAtMost(in, kRun - 1));
  spiking_ = in.Bool();
  shifting_ = in.Bool();
  if (in.format() >= 3) peaks_.Load(in);
}

void RecentPeaks::Add(const Judgement& judged, DurationMs step) {
  const float keep = std::max(0.5F, 1 - per_step_ * static_cast<float>(step));
  spike_ = std::max(spike_ * keep, Single(std::fabs(judged.z) * judged.scale));
  run_ = std::max(run_ * keep, Single(judged.run * judged.scale));
}

void RecentPeaks::Save(RowWriter& out) const { PutFloats(out, std::array{spike_, run_}); }

void RecentPeaks::Load(RowReader& in) {
  std::array<float, 2> peaks{};
  TakeFloats(in, peaks);
  spike_ = std::max(0.0F, peaks[0]);
  run_ = std::max(0.0F, peaks[1]);
}

}  // namespace outrider
