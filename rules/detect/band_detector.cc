// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/band_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/young_series.h"

namespace outrider {
namespace {

// A level shift that lasts for so long is the new level, if so many samples in a row were clearly
// off to one side, be it one that is told or one that `direction` leaves out.
constexpr int32_t kRebaseSamples = 16;
constexpr DurationMs kRebaseAfter = kHour;
constexpr double kClearlyOff = 1;
// An anomaly that goes on teaches so often, however many samples it has: a series of one sample a
// second would else take it for usual within seconds.
constexpr DurationMs kTeachEvery = kMinute;
// On its first day, when each sample counts much.
constexpr DurationMs kTeachEveryYoung = 5 * kMinute;
// What is known fades over a gap as in a random walk: the scale grows with the root of the steps.
constexpr double kStepsToDouble = 16;
constexpr double kMostWidening = 8;
// Larger values are taken as this one, so that squares and sums stay finite.
constexpr double kLargestValue = 1e150;

bool IsDueToTeach(Timestamp time, DurationMs step, DurationMs age) {
  const DurationMs every = age < kDay ? kTeachEveryYoung : kTeachEvery;
  return time / every != (time - step) / every;
}

double Widening(const StepTracker::Step& step) {
  if (!step.gap) return 1;
  return std::min(kMostWidening, std::sqrt(1 + step.usual_steps / kStepsToDouble));
}

}  // namespace

BandDetector::BandDetector(const char* name, const DetectorOptions& options, BandPolicy policy,
                           std::unique_ptr<SeriesModel> model)
    : name_(name),
      model_(std::move(model)),
      judge_(options, policy),
      novelty_(options.half_life),
      gate_(options.rest),
      warm_up_(static_cast<uint32_t>(
          std::min<DurationMs>((options.warm_up + kSecond - 1) / kSecond, UINT32_MAX))) {}

bool BandDetector::WarmedUp() const {
  return samples_ >= model_->WarmUp() && steps_.last() - first_ >= DurationMs{warm_up_} * kSecond;
}

Verdict BandDetector::Observe(Timestamp time, double value) {
  value = std::clamp(value, -kLargestValue, kLargestValue);
  const StepTracker::Step step = steps_.Advance(time);
  NoveltyTable::Finding finding;
  if (const auto mean = coarse_.Add(step, steps_.usual(), value)) {
    finding = novelty_.Observe(mean->step, mean->value);
  }
  value_ = value;
  verdict_ = {};
  if (samples_ == 0) {
    first_ = time;
    model_->Learn(time, value, step);
    ++samples_;
    return verdict_;
  }
  Expectation expected = model_->Expect(time);
  const bool warmed_up = WarmedUp();
  model_->Recall(time, value, &expected);
  const Judgement judged = judge_.Judge(value, expected, Widening(step));
  z_ = static_cast<float>(judged.z);
  scale_ = judged.scale;
  run_distance_ = static_cast<float>(judged.run);
  finding_ = warmed_up ? finding.kind : NoveltyTable::Kind::kNothing;
  if (warmed_up) {
    verdict_.expected = expected.value;
    verdict_.lower = judged.lower;
    verdict_.upper = judged.upper;
    verdict_.state = state_.Update(time, judged.score());
    verdict_.onset =
        gate_.Pass(time, OnsetStrength(judged, finding), steps_.usual(), state_.since() != 0);
    judge_.Learn(judged, step.length);
  }
  // What lies outside the band teaches no more than its edge; while it warms up a model takes all.
  const double limit = judged.edge * judged.scale;
  const double taught =
      warmed_up ? expected.value + std::clamp(value - expected.value, -limit, limit) : value;
  const bool outside = warmed_up && std::max(judged.score(), judged.off) >= 1;
  if (!outside || IsDueToTeach(time, step.length, time - first_)) model_->Learn(time, taught, step);
  ++samples_;
  Settle(time, judged, outside && judged.score() < 1);
  return verdict_;
}

double BandDetector::OnsetStrength(const Judgement& judged,
                                   const NoveltyTable::Finding& finding) const {
  if (judged.impossible) return std::max(judged.spike, 1.0);  // news at any age
  const DurationMs age = steps_.last() - first_;
  const bool is_news = finding.strength > 0 && judge_.CountsNews(judged, finding);
  return std::max(is_news ? finding.strength / YoungBar(age, kYoungForNovelty) : 0,
                  judge_.OnsetStrength(judged) / YoungBar(age, kYoung));
}

void BandDetector::Settle(Timestamp time, const Judgement& judged, bool left_out) {
  const double z = judged.z;
  const auto side = static_cast<int8_t>(z > 0 ? 1 : -1);
  if (std::fabs(z) < kClearlyOff) {
    run_ = 0;
    off_since_ = 0;
  } else if (run_ != 0 && (run_ > 0) != (z > 0)) {
    run_ = side;
    off_since_ = 0;
  } else if (std::abs(run_) < kRebaseSamples) {
    run_ = static_cast<int8_t>(run_ + side);
  }
  if (left_out && off_since_ == 0) off_since_ = time;
  const auto lasts = [&](Timestamp since) { return since != 0 && time - since >= kRebaseAfter; };
  if (std::abs(run_) < kRebaseSamples || (!lasts(state_.since()) && !lasts(off_since_))) return;
  // Not beyond where the series is: the scale may have grown since the older ones of the run.
  const double mean = judged.mean * scale_;
  const double here = z * scale_;
  model_->Rebase(std::fabs(mean) < std::fabs(here) ? mean : here);
  judge_.ForgetShift();
  run_ = 0;
  off_since_ = 0;
}

Explanation BandDetector::Explain() const {
  Explanation explanation;
  explanation.detector = name_;
  explanation.time = steps_.last();
  explanation.value = value_;
  explanation.verdict = verdict_;
  explanation.samples = samples_;
  if (samples_ == 0) return explanation;
  model_->Describe(&explanation);
  if (std::isnan(verdict_.expected)) {
    explanation.reasons.emplace_back("still warming up: nothing can be said yet");
    return explanation;
  }
  explanation.deviation = scale_;
  explanation.tail_probability =
      judge_.Probability(static_cast<double>(z_), static_cast<double>(run_distance_));
  explanation.since = state_.since();
  DescribeVerdict(static_cast<double>(z_), finding_, &explanation);
  if (std::string why = judge_.DescribeImpossible(value_); !why.empty()) {
    explanation.reasons.insert(explanation.reasons.begin(), std::move(why));
  }
  return explanation;
}

void BandDetector::Save(RowWriter& out) const {
  out.U64(samples_).I64(first_).I64(run_).I64(off_since_);
  out.Double(value_).Double(scale_).Enum(finding_);
  PutFloats(out, std::array{z_, run_distance_});
  SaveVerdict(verdict_, out);
  steps_.Save(out);
  judge_.Save(out);
  coarse_.Save(out);
  novelty_.Save(out);
  gate_.Save(out);
  state_.Save(out);
  model_->Save(out);
}

void BandDetector::Load(RowReader& in) {
  samples_ = in.U64();
  first_ = TakeTime(in);
  run_ = static_cast<int8_t>(std::clamp<int64_t>(in.I64(), -kRebaseSamples, kRebaseSamples));
  if (in.format() >= 2) off_since_ = TakeTime(in);
  value_ = TakeFinite(in);
  scale_ = TakeAtLeast(in, 0);
  finding_ = in.Enum(NoveltyTable::Kind::kOutside);
  std::array<float, 2> floats{};
  TakeFloats(in, floats);
  z_ = floats[0];
  run_distance_ = floats[1];
  verdict_ = LoadVerdict(in);
  steps_.Load(in);
  judge_.Load(in);
  coarse_.Load(in);
  novelty_.Load(in);
  gate_.Load(in);
  state_.Load(in);
  model_->Load(in);
}

}  // namespace outrider
