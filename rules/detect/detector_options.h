// SPDX-License-Identifier: Apache-2.0
// What a user may say about how a series is judged. One struct for all detectors; each uses what
// applies to it (docs/analytics.md "Anomalies").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/clock.h"

namespace outrider {

// Which side of the expected value an anomaly lies on.
enum class AnomalyDirection : uint8_t { kBoth, kAbove, kBelow };
std::optional<AnomalyDirection> FindAnomalyDirection(std::string_view text);  // both above below

struct DetectorOptions {
  // The one dial: the chance, per sample, that a series which goes on as it did scores 1 or more.
  double risk = 1e-4;
  // In its place: how many (robust) standard deviations from the expected value score 1.
  std::optional<double> threshold;
  AnomalyDirection direction = AnomalyDirection::kBoth;
  // The smallest scale a deviation is measured with: absolute, and as a share of the expected
  // value.
  double min_deviation = 1e-9;
  double min_relative_deviation = 0.01;
  // Values outside are anomalous whatever the past says.
  std::optional<double> data_min;
  std::optional<double> data_max;
  DurationMs warm_up = 0;           // 0: what the detector itself needs
  DurationMs half_life = 3 * kDay;  // of what is remembered
  // After an onset the next one waits so long; 0: 60 usual steps of the series, at least an hour.
  DurationMs rest = 0;
  // Seasons, in local time of `time_zone` (IANA), DST included.
  bool hour_of_day = true;
  bool day_of_week = true;
  std::string time_zone = "UTC";
};

}  // namespace outrider
