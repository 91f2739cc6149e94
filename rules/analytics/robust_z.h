// SPDX-License-Identifier: Apache-2.0
// Anomalies by robust z-score: how far the newest sample is from the median of those before it,
// measured in robust standard deviations, and never in less than a floor, so that a jump
// off a flat line counts while a flicker on it does not.
#pragma once

#include <optional>

#include "rules/analytics/baseline.h"
#include "rules/analytics/detector.h"

namespace outrider {

struct Band {
  double score = 0;  // 1 at the edge of the band
  double expected = 0;
  double lower = 0;
  double upper = 0;
};

struct RobustZOptions {
  double threshold = 4;  // robust standard deviations from the expected value to the edge
  double min_deviation = 1e-9;
  double min_relative_deviation = 0.01;
  AnomalyDirection direction = AnomalyDirection::kBoth;
};

// scale = max(robust deviation of the baseline, min_deviation, min_relative_deviation |median|)
// score = |value - median| / (threshold * scale); 0 on the side that `direction` leaves out.
Band JudgeByRobustZ(const Baseline::Center& center, double value, const RobustZOptions& options);

// Outputs as AnomalyDetector, without an onset; none before kWarmUp samples precede the newest.
class RobustZDetector final : public Detector {
 public:
  static constexpr size_t kWarmUp = 10;

  explicit RobustZDetector(const RobustZOptions& options) : options_(options) {}
  void Observe(Timestamp time, double value) override;
  void Report(Timestamp now, std::span<double> out) const override;
  // Since when: as far back as the baseline goes.
  std::optional<Explanation> Explain() const override;

  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;

 private:
  struct Newest {
    Timestamp time = 0;
    double value = 0;
  };
  RobustZOptions options_;
  Baseline before_;  // without the newest sample
  std::optional<Newest> newest_;
};

}  // namespace outrider
