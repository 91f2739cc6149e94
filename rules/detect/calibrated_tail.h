// SPDX-License-Identifier: Apache-2.0
// How rare a distance is, learnt from the distances seen: a running 98 % quantile and an
// exponential tail beyond it (the peaks-over-threshold idea of SPOT with a light tail). One dial,
// the risk, takes the place of "k sigma" for every series whatever its distribution: where the tail
// is heavier than that, distances beyond the edge come more often than the risk says, and stretch
// it until they do not.
#pragma once

#include <cstdint>

#include "storage/state/row_codec.h"

namespace outrider {

// Distances are at least 0 and measured in the series' own scale, so that 1 is usual. Starts as the
// tail of a normal distribution. Not thread-safe.
class CalibratedTail {
 public:
  // The share of distances expected to be at least this large.
  double Probability(double distance) const;
  // The distance that is reached with the probability of DepthOf(): its logarithm is taken once.
  double Edge(double depth) const {
    return static_cast<double>(stretch_) *
           (static_cast<double>(quantile_) + static_cast<double>(excess_) * depth);
  }
  static double DepthOf(double risk);  // risk < 0.02
  static double RiskOf(double depth);
  // `limit`: larger distances teach no more than this one, so that an anomaly does not make the
  // next one look usual; series that have them again and again get used to them slowly. `weight`:
  // 0 to 1, small where samples are dense, so that what is remembered does not depend on the step.
  void Learn(double distance, double limit, double weight = 1);
  // Of those that were learnt: one lay beyond Edge(DepthOf(risk)); so many did not.
  void CountBeyond();
  void CountWithin(int distances, double risk);

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void Stretch(double by);

  float quantile_ = 2.33F;  // of |N(0,1)| that 2 % exceed
  float excess_ = 0.37F;    // mean excess over it
  float stretch_ = 1;       // at least 1
  uint16_t excesses_ = 0;   // weight of those that taught in kParts, up to a limit
  uint16_t seen_ = 0;       // distances, up to a limit
};

}  // namespace outrider
