// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/robust_z.h"

#include <cmath>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "rules/analytics/anomaly_detector.h"
#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"

namespace outrider {

void RobustZDetector::Observe(Timestamp time, double value) {
  if (newest_) before_.Add(newest_->time, newest_->value);
  newest_ = Newest{time, value};
  const double untold = told_ ? Verdict::kUnknown : onset_;
  told_ = false;
  verdict_ = {};
  onset_ = Verdict::kUnknown;
  if (before_.size() < kWarmUp) {
    judge_.Pass(time);
    return;
  }
  const Baseline::Center center = before_.Measure();
  scale_ = judge_.Scale(center.deviation, center.median);
  verdict_ = judge_.Judge(time, value, center.median, scale_);
  onset_ = std::fmax(verdict_.onset, untold);
}

Verdict RobustZDetector::Told() const {
  Verdict verdict = verdict_;
  verdict.onset = onset_;
  return verdict;
}

void RobustZDetector::Report(Timestamp /*now*/, std::span<double> out) const {
  WriteVerdict(Told(), out);
}

std::optional<Explanation> RobustZDetector::Explain() const {
  Explanation explanation;
  explanation.detector = "robust_z";
  explanation.samples = before_.size() + (newest_ ? 1 : 0);
  explanation.verdict = Told();
  if (newest_) {
    explanation.time = newest_->time;
    explanation.value = newest_->value;
  }
  if (std::isnan(verdict_.expected)) {
    explanation.reasons.emplace_back("still warming up: nothing can be said yet");
    return explanation;
  }
  const double z = (newest_->value - verdict_.expected) / scale_;
  explanation.level = verdict_.expected;
  explanation.deviation = scale_;
  explanation.tail_probability = judge_.Probability(z);
  if (verdict_.state >= 1) {
    const bool above = newest_->value > verdict_.expected;
    explanation.since =
        before_.BeyondSince(above ? verdict_.upper : verdict_.lower, above, newest_->time);
  }
  DescribeVerdict(z, NoveltyTable::Kind::kNothing, &explanation);
  explanation.reasons.push_back(
      fmt::format("what is expected is the median of {} samples of the last hour", before_.size()));
  if (std::string why = judge_.DescribeImpossible(newest_->value); !why.empty()) {
    explanation.reasons.insert(explanation.reasons.begin(), std::move(why));
  }
  return explanation;
}

void RobustZDetector::Save(RowWriter& out) const {
  out.Bool(newest_.has_value());
  if (newest_) out.I64(newest_->time).Double(newest_->value);
  before_.Save(out);
  SaveVerdict(verdict_, out);
  out.Double(scale_);
  judge_.Save(out);
}

void RobustZDetector::Load(RowReader& in) {
  if (in.Bool()) {
    const Timestamp time = TakeTime(in);
    newest_ = Newest{time, in.Double()};
  }
  before_.Load(in);
  if (in.format() < 4) return;
  verdict_ = LoadVerdict(in);
  onset_ = verdict_.onset;
  told_ = true;  // a report follows each run before anything is saved
  scale_ = TakeAtLeast(in, 0);
  judge_.Load(in);
}

}  // namespace outrider
