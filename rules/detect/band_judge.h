// SPDX-License-Identifier: Apache-2.0
// From a sample and what was expected to scores: how far off in usual distances, how rare that is,
// and whether it is one sample or a shift that goes on.
#pragma once

#include <array>
#include <numbers>
#include <string>

#include "rules/detect/calibrated_tail.h"
#include "rules/detect/detector_options.h"
#include "rules/detect/novelty_table.h"
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
  double run = 0;           // least |z| of the run, 0 if there is none
  double mean = 0;          // of the newest z
  bool impossible = false;  // outside data_min, data_max
  bool floored = false;     // the scale is the least that counts, not what is usual
  double score() const { return spike > shift ? spike : shift; }
};

// The largest distances of late, of samples and of runs, as values: a series that was flat may be
// a million of its usual distances off for once. Fades, so that what is long past is news again.
class RecentPeaks {
 public:
  explicit RecentPeaks(DurationMs half_life)
      : per_step_(static_cast<float>(std::numbers::ln2 / static_cast<double>(half_life))) {}
  void Add(const Judgement& judged, DurationMs step);
  double spike() const { return static_cast<double>(spike_); }
  double run() const { return static_cast<double>(run_); }
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  float per_step_;  // what is lost, as a share, per millisecond
  float spike_ = 0;
  float run_ = 0;
};

// Not thread-safe.
class BandJudge {
 public:
  // A shift is as large as the least distance among so many samples in a row on one side.
  static constexpr size_t kRun = 5;

  BandJudge(const DetectorOptions& options, BandPolicy policy);

  // `widen`: factor on the scale where less is known than usual, after a gap.
  Judgement Judge(double value, const Expectation& expected, double widen);
  // How much speaks for an onset, before Learn() of the same sample: 1 is enough. Not what the
  // series has done just as much of late.
  double OnsetStrength(const Judgement& judged) const;
  // Whether something new to the novelty table lies far enough off, and on a side that counts, to
  // be one.
  bool CountsNews(const Judgement& judged, const NoveltyTable::Finding& news) const;
  // After Judge() of the same sample, unless it was in the detector's warm-up. `step`: since the
  // sample before.
  void Learn(const Judgement& judged, DurationMs step);
  // Of a distance like this one, or of a run like this, whichever is rarer.
  double Probability(double z, double run) const;
  double risk() const { return CalibratedTail::RiskOf(static_cast<double>(depth_)); }
  std::string DescribeImpossible(double value) const;  // "" for one that can be
  void ForgetShift() { newest_.fill(0); }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void AddToRun(Judgement* judged);
  bool Teach(CalibratedTail* tail, double distance, double weight, bool before) const;
  double Edge(const CalibratedTail& tail) const;  // distance that scores 1
  double Scale(double usual, double expected) const;
  bool Counts(double z) const;

  BandPolicy policy_;
  AnomalyDirection direction_;
  bool spiking_ = false;  // the sample before lay outside, and so for runs
  bool shifting_ = false;
  uint8_t next_ = 0;                  // of newest_
  std::array<float, kRun> newest_{};  // ring of z
  float depth_;                       // of the tail, where the edge lies
  float min_relative_deviation_;
  float threshold_;  // of samples and of runs; 0: by risk
  double min_deviation_;
  double data_min_;  // infinite: none
  double data_max_;

  CalibratedTail spikes_;
  CalibratedTail shifts_;
  RecentPeaks peaks_;
};

}  // namespace outrider
