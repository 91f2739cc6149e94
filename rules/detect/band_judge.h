// SPDX-License-Identifier: Apache-2.0
// From a sample and what was expected to scores: how far off in usual distances, how rare that is,
// and whether it is one sample or a shift that goes on.
#pragma once

#include <array>

#include "rules/detect/calibrated_tail.h"
#include "rules/detect/detector_options.h"
#include "rules/detect/series_model.h"
#include "storage/state/row_codec.h"

namespace outrider {

// What of the distances counts.
struct BandPolicy {
  bool spikes = true;  // one sample outside the band
  bool shifts = true;  // several samples in a row that are off to one side, each less than a spike
  // How fast a tail learns; below 1 for what moves slowly and must not get used to itself.
  float learning = 1;
};

struct Judgement {
  double z = 0;      // distance from the expected value in usual ones, signed
  double scale = 0;  // that it was measured with, on its side
  double edge = 0;   // |z| that scores 1
  double off = 0;    // the score on whichever side, also on one that does not count
  double lower = 0;  // value that scores 1
  double upper = 0;
  double spike = 0;  // scores; 0 on a side that does not count
  double shift = 0;
  double run = 0;  // least |z| of the run, 0 if there is none
  double score() const { return spike > shift ? spike : shift; }
};

// Not thread-safe.
class BandJudge {
 public:
  // A shift is as large as the least distance among so many samples in a row on one side.
  static constexpr size_t kRun = 5;

  BandJudge(const DetectorOptions& options, BandPolicy policy);

  // `widen`: factor on the scale where less is known than usual, after a gap.
  Judgement Judge(double value, const Expectation& expected, double widen);
  // After Judge() of the same sample, unless it was in the detector's warm-up. `step`: since the
  // sample before.
  void Learn(const Judgement& judged, DurationMs step);
  // Of a distance like this one, or of a run like this, whichever is rarer.
  double Probability(double z, double run) const;
  double NewestMean() const;  // of the newest kRun z
  void ForgetShift() { newest_.fill(0); }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  double RunOf(double z);
  double Edge(const CalibratedTail& tail) const;  // distance that scores 1
  double Scale(double usual, double expected) const;
  bool Counts(double z) const;

  BandPolicy policy_;
  AnomalyDirection direction_;
  bool spiking_ = false;  // the sample before lay outside, and so for runs
  bool shifting_ = false;
  uint32_t next_ = 0;                 // of newest_
  std::array<float, kRun> newest_{};  // ring of z
  float depth_;                       // of the tail, where the edge lies
  float min_relative_deviation_;
  double threshold_;  // of samples and of runs; 0: by risk
  double min_deviation_;
  double data_min_;  // infinite: none
  double data_max_;

  CalibratedTail spikes_;
  CalibratedTail shifts_;
};

}  // namespace outrider
