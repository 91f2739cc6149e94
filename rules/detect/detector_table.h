// SPDX-License-Identifier: Apache-2.0
// Every detector of one series by its name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/detect/detector_options.h"
#include "rules/detect/series_detector.h"
#include "storage/base/status.h"

namespace outrider {

// The default's name.
inline constexpr std::string_view kDefaultDetector = "seasonal";

// An unknown name, time zone or an option out of its range is InvalidArgument that says which.
StatusOr<std::unique_ptr<SeriesDetector>> MakeSeriesDetector(std::string_view name,
                                                             const DetectorOptions& options);
// The check that MakeSeriesDetector() does first.
Status CheckDetectorOptions(const DetectorOptions& options);
// All names, the default first.
std::vector<std::string> SeriesDetectorNames();

}  // namespace outrider
