// SPDX-License-Identifier: Apache-2.0
// For detectors that compare a sample with something at hand (its peers, the hour before) and keep
// no model: from a distance to scores, with the edge where the risk says, onsets once per anomaly.
#pragma once

#include <string>

#include "rules/detect/calibrated_tail.h"
#include "rules/detect/detector_options.h"
#include "rules/detect/onset_gate.h"
#include "rules/detect/series_detector.h"
#include "rules/detect/step_tracker.h"

namespace outrider {

// One series. Not thread-safe.
class DistanceJudge {
 public:
  explicit DistanceJudge(const DetectorOptions& options);

  // What a distance is measured with: the usual one, or the least that counts.
  double Scale(double usual, double expected) const;
  // `scale`: of that kind. Learns from the sample.
  Verdict Judge(Timestamp time, double value, double expected, double scale);
  // The same for a sample that was judged before, now that others say something else of it: teaches
  // nothing and is no onset.
  Verdict Again(double value, double expected, double scale) const;
  // A sample of which nothing could be said.
  void Pass(Timestamp time);

  double Edge() const;  // distances in scales that score 1
  double Probability(double z) const { return tail_.Probability(z < 0 ? -z : z); }
  std::string DescribeImpossible(double value) const;  // "" for one that can be
  Timestamp since() const { return since_; }           // when it left the band; 0: it is in it

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  bool Counts(double z) const;
  bool Impossible(double value) const { return value > data_max_ || value < data_min_; }
  StepTracker::Step Advance(Timestamp time);
  void Learn(double distance, DurationMs step);

  AnomalyDirection direction_;
  double risk_;
  double depth_;      // of the tail, where the edge lies
  double threshold_;  // 0: by risk
  double min_deviation_;
  double min_relative_deviation_;
  double data_min_;  // infinite: none
  double data_max_;
  DurationMs warm_up_;

  CalibratedTail tail_;
  StepTracker steps_;
  OnsetGate gate_;
  bool seen_ = false;
  bool beyond_ = false;   // the sample before lay beyond the edge, on either side
  uint8_t in_a_row_ = 0;  // samples that scored 1 or more, up to a limit
  uint8_t calm_ = 0;      // samples since the newest of those, up to a limit
  Timestamp first_ = 0;
  Timestamp since_ = 0;
};

}  // namespace outrider
