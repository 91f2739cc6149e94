// SPDX-License-Identifier: Apache-2.0
// `novelty`: the novelty table by itself. Its state score is how rare the present level is, held
// for as long as the series stays there.
#pragma once

#include "rules/detect/coarse_steps.h"
#include "rules/detect/detector_options.h"
#include "rules/detect/novelty_table.h"
#include "rules/detect/onset_gate.h"
#include "rules/detect/series_detector.h"
#include "rules/detect/state_score.h"
#include "rules/detect/step_tracker.h"

namespace outrider {

class NoveltyDetector final : public SeriesDetector {
 public:
  explicit NoveltyDetector(const DetectorOptions& options);
  Verdict Observe(Timestamp time, double value) override;
  Explanation Explain() const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override { return sizeof(*this); }

 private:
  static constexpr uint64_t kWarmUp = 100;

  double risk_;
  DurationMs warm_up_;
  std::optional<double> data_min_;
  std::optional<double> data_max_;
  AnomalyDirection direction_;
  CoarseSteps coarse_;
  NoveltyTable table_;
  OnsetGate gate_;
  StateScore state_;
  StepTracker steps_;
  uint64_t samples_ = 0;
  Timestamp first_ = 0;
  double value_ = 0;
  double share_ = 1;
  NoveltyTable::Kind finding_ = NoveltyTable::Kind::kNothing;
  Verdict verdict_;
};

}  // namespace outrider
