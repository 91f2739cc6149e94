// SPDX-License-Identifier: Apache-2.0
// A detector with a band: a model says what is expected, a judge how rare the distance from it is,
// a novelty table whether the series has ever been there, a gate lets an onset pass once.
#pragma once

#include <memory>

#include "rules/detect/band_judge.h"
#include "rules/detect/coarse_steps.h"
#include "rules/detect/novelty_table.h"
#include "rules/detect/onset_gate.h"
#include "rules/detect/series_detector.h"
#include "rules/detect/series_model.h"
#include "rules/detect/state_score.h"
#include "rules/detect/step_tracker.h"

namespace outrider {

class BandDetector final : public SeriesDetector {
 public:
  // `name`: static text.
  BandDetector(const char* name, const DetectorOptions& options, BandPolicy policy,
               std::unique_ptr<SeriesModel> model);
  Verdict Observe(Timestamp time, double value) override;
  Explanation Explain() const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override { return sizeof(*this) + model_->MemoryBytes(); }

 private:
  bool WarmedUp() const;
  void Settle(Timestamp time, const Judgement& judged, bool left_out);
  double OnsetStrength(const Judgement& judged, const NoveltyTable::Finding& finding) const;

  const char* name_;
  std::unique_ptr<SeriesModel> model_;
  BandJudge judge_;
  CoarseSteps coarse_;
  NoveltyTable novelty_;
  OnsetGate gate_;
  StateScore state_;
  StepTracker steps_;

  uint64_t samples_ = 0;
  Timestamp first_ = 0;
  // Since when the series is outside its band on the side that `direction` leaves out, of which
  // state_ does not know; 0: it is not.
  Timestamp off_since_ = 0;
  // For Explain().
  double value_ = 0;
  double scale_ = 0;
  float z_ = 0;
  float run_distance_ = 0;
  uint32_t warm_up_;  // seconds
  NoveltyTable::Kind finding_ = NoveltyTable::Kind::kNothing;
  int8_t run_ = 0;  // samples in a row clearly on one side of what was expected; negative: below
  Verdict verdict_;
};

}  // namespace outrider
