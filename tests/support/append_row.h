// SPDX-License-Identifier: Apache-2.0
// One row by its labels, as a request with one new series brings it.
#pragma once

#include <vector>

#include "storage/window/windows.h"

namespace outrider {

inline AppendCounts AppendRow(Windows* windows, const LabeledRow& row, Timestamp now) {
  std::vector<AppendCounts> counts;
  windows->AppendLabeled({&row, 1}, now, row.maker.sender, &counts);
  return counts.at(0);
}

}  // namespace outrider
