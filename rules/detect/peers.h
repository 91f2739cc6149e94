// SPDX-License-Identifier: Apache-2.0
// Like series at one instant: which of them is unlike the others?
#pragma once

#include <span>

#include "rules/detect/detector_options.h"
#include "rules/detect/series_detector.h"

namespace outrider {

// Expected is the median of the values, the scale their robust deviation, and `threshold` of it (or
// what `risk` means in standard deviations) scores 1. Unknown with fewer than three values.
void PeerVerdicts(std::span<const double> values, const DetectorOptions& options,
                  std::span<Verdict> out);

}  // namespace outrider
