// SPDX-License-Identifier: Apache-2.0
// The keys of an analytics entry that trends read (docs/analytics.md "Trends"), and `windows`,
// which forecasts read too.
#pragma once

#include <vector>

#include "storage/base/clock.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct TrendOptions {
  double stable_per_hour = 0.01;  // a change of less than this share of the level has no direction
  // Outputs beside slope, direction and change ratio.
  bool errors = false;        // standard error, R², where the line's samples begin
  bool theil_sen = false;     // the robust slope
  bool mann_kendall = false;  // the chance that there is no trend
  bool changepoints = false;  // the last step within the longest window

  friend bool operator==(const TrendOptions&, const TrendOptions&) = default;
};

// Errors go to the reader, with the place of the key.
void ReadTrendOptions(YamlReader& reader, TrendOptions* options);
// `windows`, from kShortestWindow to kLongestWindow, ascending and without repeats; absent: as is.
void ReadWindows(YamlReader& reader, std::vector<DurationMs>* windows);

}  // namespace outrider
