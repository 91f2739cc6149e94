// SPDX-License-Identifier: Apache-2.0
// The notation for native histograms in tests: `{{schema:1 sum:3 count:2 buckets:[1 1]}}`. Source:
// specs/prometheus.md §2.5.
#pragma once

#include <string>
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

// `{{schema:1 count:2 sum:3 buckets:[1 1]}}`, braces included: what is zero or unknown is left out,
// gaps between spans are written as empty buckets, empty ones at the ends are not.
std::string FormatHistogramLiteral(const NativeHistogram& histogram);

}  // namespace outrider
