// SPDX-License-Identifier: Apache-2.0
// Where the buckets of native histograms end.
#pragma once

#include <cstdint>
#include <span>

#include "storage/model/native_histogram.h"

namespace outrider::promql {

// Of a schema from kMinSchema to kMaxSchema: 2^(index / 2^schema).
double ExponentialBound(int64_t index, int32_t schema);
// Of any schema; `bounds` are the custom ones. Bucket i begins where i - 1 ends.
double UpperBound(int64_t index, int32_t schema, std::span<const double> bounds);

inline bool HasCustomBuckets(const NativeHistogram& histogram) {
  return histogram.schema == kCustomSchema;
}

}  // namespace outrider::promql
