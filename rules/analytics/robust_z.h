// SPDX-License-Identifier: Apache-2.0
// Anomalies by robust z-score: how far the newest sample is from the median of those before it,
// measured in robust standard deviations, and never in less than a floor, so that a jump
// off a flat line counts while a flicker on it does not. How far is too far the series' own
// distances say (rules/detect/distance_judge.h).
#pragma once

#include <optional>

#include "rules/analytics/baseline.h"
#include "rules/analytics/detector.h"
#include "rules/detect/distance_judge.h"

namespace outrider {

// Outputs as AnomalyDetector; none before kWarmUp samples precede the newest.
class RobustZDetector final : public Detector {
 public:
  static constexpr size_t kWarmUp = 10;

  explicit RobustZDetector(const DetectorOptions& options) : judge_(options) {}
  void Observe(Timestamp time, double value) override;
  void Report(Timestamp now, std::span<double> out) const override;
  void Reported() override { told_ = true; }
  // Since when: as far back as the baseline goes.
  std::optional<Explanation> Explain() const override;

  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;

 private:
  struct Newest {
    Timestamp time = 0;
    double value = 0;
  };
  Verdict Told() const;

  Baseline before_;  // without the newest sample
  std::optional<Newest> newest_;
  DistanceJudge judge_;
  Verdict verdict_;                   // of the newest sample
  double onset_ = Verdict::kUnknown;  // the highest since the last report
  double scale_ = 0;
  bool told_ = false;  // it has been told, and there was no sample since
};

}  // namespace outrider
