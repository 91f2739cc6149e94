// SPDX-License-Identifier: Apache-2.0
// The picture of an anomaly: what the series did, the band it was expected in, and when it left it.
// One self-contained SVG, light and dark, no script, readable at the width of a phone.
#pragma once

#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

// Times ascend in each; the series need not have the same times. NaN: a gap.
struct AnomalyChart {
  std::string title;
  Timestamp from = 0;
  Timestamp to = 0;
  std::vector<Sample> values;
  std::vector<Sample> expected;
  std::vector<Sample> lower;
  std::vector<Sample> upper;
  std::vector<Sample> score;  // at 1 and above the time is marked
  Timestamp since = 0;        // when the running anomaly began; 0: none
};

std::string RenderAnomalyChart(const AnomalyChart& chart);

}  // namespace outrider
