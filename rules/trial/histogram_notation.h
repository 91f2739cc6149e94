// SPDX-License-Identifier: Apache-2.0
// The notation for native histograms in tests: `{{schema:1 sum:3 count:2 buckets:[1 1]}}`. Source:
// specs/prometheus.md §2.5.
#pragma once

#include <string_view>

#include "storage/base/status.h"
#include "storage/model/native_histogram.h"

namespace outrider {

struct HistogramLiteral {
  NativeHistogram histogram;
  bool hint_written = false;
};

// What is between the braces. Keys in any order, none twice. Refuses what nobody could read: an
// unknown schema, custom bounds that do not fit.
StatusOr<HistogramLiteral> ParseHistogramLiteral(std::string_view text);

}  // namespace outrider
