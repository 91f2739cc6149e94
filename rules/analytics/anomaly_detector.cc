// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/anomaly_detector.h"

#include <cmath>

namespace outrider {
namespace {

constexpr DerivedMetric kScore = {
    "outrider_anomaly_score",
    "How far the series is from what was expected, for as long as it is; 1 is the alerting edge."};
constexpr DerivedMetric kOnset = {
    "outrider_anomaly_onset_score",
    "High where something unexpected begins, then at rest; 1 is the alerting edge."};
constexpr DerivedMetric kExpected = {"outrider_anomaly_expected",
                                     "Value expected from the samples before the newest one."};
constexpr DerivedMetric kLower = {"outrider_anomaly_lower", "Lower edge of the expected band."};
constexpr DerivedMetric kUpper = {"outrider_anomaly_upper", "Upper edge of the expected band."};

}  // namespace

std::vector<DerivedOutput> AnomalyOutputs(const Entry& /*entry*/) {
  return {{&kScore, ""}, {&kOnset, ""}, {&kExpected, ""}, {&kLower, ""}, {&kUpper, ""}};
}

void WriteVerdict(const Verdict& verdict, std::span<double> out) {
  out[0] = verdict.state;
  out[1] = verdict.onset;
  out[2] = verdict.expected;
  out[3] = verdict.lower;
  out[4] = verdict.upper;
}

void AnomalyDetector::Observe(Timestamp time, double value) {
  newest_ = series_->Observe(time, value);
  // A number wins over NaN.
  onset_ = told_ ? newest_.onset : std::fmax(onset_, newest_.onset);
  told_ = false;
}

void AnomalyDetector::Report(Timestamp /*now*/, std::span<double> out) const {
  WriteVerdict(newest_, out);
  out[1] = onset_;
}

void AnomalyDetector::Save(RowWriter& out) const {
  for (const double value :
       {newest_.onset, newest_.state, newest_.expected, newest_.lower, newest_.upper}) {
    out.Double(value);
  }
  series_->Save(out);
}

void AnomalyDetector::Load(RowReader& in) {
  for (double* value :
       {&newest_.onset, &newest_.state, &newest_.expected, &newest_.lower, &newest_.upper}) {
    *value = in.Double();
  }
  onset_ = newest_.onset;
  told_ = true;  // a report follows each run before anything is saved
  series_->Load(in);
}

}  // namespace outrider
