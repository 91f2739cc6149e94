// SPDX-License-Identifier: Apache-2.0
// How rare a distance is, learnt from the distances seen: a running 98 % quantile and an
// exponential tail beyond it (the peaks-over-threshold idea of SPOT with a light tail). One dial,
// the risk, takes the place of "k sigma" for every series whatever its distribution.
#pragma once

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Distances are at least 0 and measured in the series' own scale, so that 1 is usual. Starts as the
// tail of a normal distribution. Not thread-safe.
class CalibratedTail {
 public:
  // The share of distances expected to be at least this large.
  double Probability(double distance) const;
  // The distance that is reached with this probability; risk < 0.02.
  double Edge(double risk) const;
  // `limit`: larger distances teach no more than this one, so that an anomaly does not make the
  // next one look usual; series that have them again and again get used to them slowly.
  void Learn(double distance, double limit);

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  double quantile_ = 2.33;  // of |N(0,1)| that 2 % exceed
  double excess_ = 0.37;    // mean excess over it
  uint32_t excesses_ = 0;   // that taught, up to a limit
  uint32_t seen_ = 0;       // distances, up to a limit
};

}  // namespace outrider
