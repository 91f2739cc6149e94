// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/increase_detector.h"

#include <algorithm>

#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr double kLargestValue = 1e150;

}  // namespace

Verdict IncreaseDetector::Observe(Timestamp time, double value) {
  value = std::clamp(value, -kLargestValue, kLargestValue);
  const double before = value_;
  const double seconds = static_cast<double>(time - time_) / static_cast<double>(kSecond);
  const bool usable = any_ && value >= before && seconds > 0;
  any_ = true;
  time_ = time;
  value_ = value;
  verdict_ = {};
  if (!usable) return verdict_;
  verdict_ = rates_->Observe(time, (value - before) / seconds);
  verdict_.expected = before + seconds * verdict_.expected;
  verdict_.lower = before + seconds * verdict_.lower;
  verdict_.upper = before + seconds * verdict_.upper;
  return verdict_;
}

Explanation IncreaseDetector::Explain() const {
  Explanation explanation = rates_->Explain();
  explanation.time = time_;
  explanation.value = value_;
  explanation.verdict = verdict_;
  // Parts of the increase per second are none of the counter's value; the reasons name them.
  explanation.level = Verdict::kUnknown;
  explanation.season = Verdict::kUnknown;
  explanation.trend_per_hour = Verdict::kUnknown;
  explanation.deviation = Verdict::kUnknown;
  explanation.reasons.emplace_back("judged by its increase per second");
  return explanation;
}

void IncreaseDetector::Save(RowWriter& out) const {
  out.Bool(any_).I64(time_).Double(value_);
  SaveVerdict(verdict_, out);
  rates_->Save(out);
}

void IncreaseDetector::Load(RowReader& in) {
  any_ = in.Bool();
  time_ = TakeTime(in);
  value_ = TakeFinite(in);
  verdict_ = LoadVerdict(in);
  rates_->Load(in);
}

}  // namespace outrider
