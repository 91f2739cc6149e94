// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/promise.h"

#include <algorithm>
#include <cmath>

namespace outrider {

void Promise::Observe(Timestamp time, double use) {
  const auto day = static_cast<int32_t>(time / kDay);
  if (day > day_) {
    if (samples_ > 0) last_ = Today();
    day_ = day;
    judged_ = static_cast<float>(given_);
    samples_ = violations_ = 0;
    slack_ = unmet_ = used_ = 0;
  }
  const auto value = static_cast<float>(use);
  peak_since_ = std::max(peak_since_, value);
  if (!(judged_ > 0)) return;
  ++samples_;
  used_ += value;
  if (value > judged_) {
    ++violations_;
    unmet_ += value - judged_;
  } else {
    slack_ += 1 - value / judged_;
  }
}

void Promise::Give(double target) {
  if (target != given_) peak_since_ = 0;
  given_ = target;
}

Promise::Outcome Promise::Today() const {
  if (samples_ == 0) return {};
  const auto count = static_cast<float>(samples_);
  return {.violations = static_cast<float>(violations_) / count,
          .slack = slack_ / count,
          .shortfall = used_ > 0 ? unmet_ / used_ : 0,
          .samples = samples_};
}

std::optional<Promise::Outcome> Promise::LastDay() const {
  if (last_.samples == 0) return std::nullopt;
  return last_;
}

void Promise::Save(RowWriter& out) const {
  out.Double(given_)
      .Double(judged_)
      .Double(peak_since_)
      .I64(day_)
      .U64(samples_)
      .U64(violations_)
      .Double(slack_);
  out.Double(unmet_).Double(used_).Double(last_.violations).Double(last_.slack);
  out.Double(last_.shortfall).U64(last_.samples);
}

void Promise::Load(RowReader& in) {
  bool good = true;
  const auto number = [&] {
    const auto value = static_cast<float>(in.Double());
    good &= std::isfinite(value) && value >= 0;
    return value;
  };
  const auto count = [&] {
    const uint64_t value = in.U64();
    good &= value <= UINT32_MAX;
    return static_cast<uint32_t>(value);
  };
  given_ = in.Double();
  good &= std::isfinite(given_) && given_ >= 0;
  judged_ = number();
  peak_since_ = number();
  const int64_t day = in.I64();
  good &= day >= INT32_MIN && day <= INT32_MAX;
  day_ = static_cast<int32_t>(day);
  samples_ = count();
  violations_ = count();
  good &= violations_ <= samples_;
  slack_ = number();
  unmet_ = number();
  used_ = number();
  last_.violations = number();
  last_.slack = number();
  last_.shortfall = number();
  last_.samples = count();
  if (good) return;
  *this = {};
  in.Fail();
}

}  // namespace outrider
