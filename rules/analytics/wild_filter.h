// SPDX-License-Identifier: Apache-2.0
// Wild samples, told by their neighbours: what lies far from the median of the samples around it
// (Hampel's rule) and far from the level before them as well, so that the old side of a step is
// none. Such a sample counts as that median. Holds while fewer than half of the neighbours are
// wild.
#pragma once

#include <span>

#include "storage/state/row_codec.h"

namespace outrider {

// One series. Not thread-safe.
class WildFilter {
 public:
  // By some two dozen samples.
  struct Judge {
    double median = 0;
    double scale = 0;  // robust standard deviations; 0 when more than half are one value
    double level = 0;  // before them
    double level_scale = 0;

    double Clean(double value) const;
  };
  Judge JudgeBy(std::span<const double> around) const;
  // `mean`: of the samples that were taken by `judge`.
  void Learn(const Judge& judge, double mean);
  double level() const { return level_; }

  void Save(RowWriter& out) const { out.Double(level_).Double(scale_); }
  void Load(RowReader& in);

 private:
  double level_ = 0;
  double scale_ = 0;
};

}  // namespace outrider
