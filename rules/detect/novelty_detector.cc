// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/novelty_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/young_series.h"

namespace outrider {
namespace {

constexpr double kImpossible = 1.01;
constexpr double kLargestValue = 1e150;

}  // namespace

NoveltyDetector::NoveltyDetector(const DetectorOptions& options)
    : risk_(options.risk),
      warm_up_(options.warm_up),
      data_min_(options.data_min),
      data_max_(options.data_max),
      direction_(options.direction),
      table_(options.half_life),
      gate_(options.rest) {}

Verdict NoveltyDetector::Observe(Timestamp time, double value) {
  value = std::clamp(value, -kLargestValue, kLargestValue);
  const StepTracker::Step step = steps_.Advance(time);
  if (samples_ == 0) first_ = time;
  const double middle = table_.lowest() + (table_.highest() - table_.lowest()) / 2;
  const Verdict band{.lower = table_.lowest(), .upper = table_.highest()};
  NoveltyTable::Finding finding;
  if (const auto mean = coarse_.Add(step, steps_.usual(), value)) {
    finding = table_.Observe(mean->step, mean->value);
  }
  ++samples_;
  value_ = value;
  share_ = table_.ShareOf(value);
  verdict_ = {};
  finding_ = NoveltyTable::Kind::kNothing;
  if (samples_ <= kWarmUp || time - first_ < warm_up_) return verdict_;

  finding_ = finding.kind;
  const bool left_out = (direction_ == AnomalyDirection::kAbove && value < middle) ||
                        (direction_ == AnomalyDirection::kBelow && value > middle);
  double strength = left_out || !finding.Enough(risk_) ? 0 : finding.strength;
  // 1 where only a share of `risk` of the samples lay on this level.
  double rarity = left_out ? 0 : std::log(std::max(share_, 1e-9)) / std::log(risk_);
  const bool impossible = (data_max_ && value > *data_max_) || (data_min_ && value < *data_min_);
  if (impossible) {
    strength = std::max(strength, kImpossible);
    rarity = std::max(rarity, kImpossible);
  }
  verdict_.lower = band.lower;
  verdict_.upper = band.upper;
  verdict_.expected = middle;
  verdict_.state = state_.Update(time, std::max(strength, rarity));
  // A value that cannot be is news at any age.
  const double news = impossible ? strength : strength / YoungBar(time - first_, kYoungForNovelty);
  verdict_.onset = gate_.Pass(time, news, steps_.usual(), state_.since() != 0);
  return verdict_;
}

Explanation NoveltyDetector::Explain() const {
  Explanation explanation;
  explanation.detector = "novelty";
  explanation.time = steps_.last();
  explanation.value = value_;
  explanation.verdict = verdict_;
  explanation.samples = samples_;
  if (std::isnan(verdict_.state)) {
    explanation.reasons.emplace_back("still warming up: nothing can be said yet");
    return explanation;
  }
  explanation.tail_probability = share_;
  explanation.since = state_.since();
  if (std::string news = DescribeFinding(finding_); !news.empty()) {
    explanation.reasons.push_back(std::move(news));
  }
  explanation.reasons.push_back(fmt::format(
      "{} lies on a level where {:.3g} % of the remembered samples lay; the known range "
      "is {} to {}",
      ShortNumber(value_), 100 * share_, ShortNumber(verdict_.lower), ShortNumber(verdict_.upper)));
  return explanation;
}

void NoveltyDetector::Save(RowWriter& out) const {
  out.U64(samples_).I64(first_).Double(value_).Double(share_).Enum(finding_);
  SaveVerdict(verdict_, out);
  coarse_.Save(out);
  table_.Save(out);
  gate_.Save(out);
  state_.Save(out);
  steps_.Save(out);
}

void NoveltyDetector::Load(RowReader& in) {
  samples_ = in.U64();
  first_ = TakeTime(in);
  value_ = TakeFinite(in);
  share_ = TakeAtLeast(in, 0);
  finding_ = in.Enum(NoveltyTable::Kind::kOutside);
  verdict_ = LoadVerdict(in);
  coarse_.Load(in);
  table_.Load(in);
  gate_.Load(in);
  state_.Load(in);
  steps_.Load(in);
}

}  // namespace outrider
