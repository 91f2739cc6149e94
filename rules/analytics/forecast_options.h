// SPDX-License-Identifier: Apache-2.0
// The keys of an analytics entry that forecasts read (docs/analytics.md "Forecasts").
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

enum class ForecastModel : uint8_t { kLinear, kHoltWinters, kSeasonal, kAuto };
// From which side the threshold is reached. kAuto: from wherever the series is.
enum class CrossingDirection : uint8_t { kAuto, kAbove, kBelow };

inline constexpr size_t kMostHorizons = 4;

struct ForecastOptions {
  ForecastModel model = ForecastModel::kLinear;
  std::vector<DurationMs> horizons = {4 * kHour};  // ascending
  bool label_horizons = false;                     // `horizons` was said, not `horizon`
  double confidence = 0.95;                        // of the interval
  bool intervals = true;                           // lower and upper beside each value
  CrossingDirection crossing = CrossingDirection::kAuto;

  friend bool operator==(const ForecastOptions&, const ForecastOptions&) = default;
};

// Errors go to the reader, with the place of the key.
void ReadForecastOptions(YamlReader& reader, ForecastOptions* options);

}  // namespace outrider
