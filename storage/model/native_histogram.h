// SPDX-License-Identifier: Apache-2.0
// Native histograms: exponential buckets of schemas -4 to 8, or custom bounds (schema -53). Source:
// specs/prometheus.md §1.1.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/sample.h"

namespace outrider {

inline constexpr int32_t kMinSchema = -4;
inline constexpr int32_t kMaxSchema = 8;
inline constexpr int32_t kMaxReservedSchema = 52;  // 9 to 52 are reduced to 8 by the receiver
inline constexpr int32_t kCustomSchema = -53;

enum class ResetHint : uint8_t { kUnknown = 0, kYes = 1, kNo = 2, kGauge = 3 };

// A run of consecutive buckets: `offset` is the gap to the end of the span before (the first span:
// the index of its first bucket).
struct BucketSpan {
  int32_t offset = 0;
  uint32_t length = 0;
  friend bool operator==(const BucketSpan&, const BucketSpan&) = default;
};

// A value: one histogram. Bucket counts are absolute, not deltas, in the order of the spans.
// Integer histograms hold whole numbers in the same doubles (exact up to 2^53, as in Prometheus'
// float form).
struct NativeHistogram {
  int32_t schema = 0;
  bool is_float = false;  // sent with float counts
  ResetHint reset_hint = ResetHint::kUnknown;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;  // kStaleNanBits: the series ended here
  std::vector<BucketSpan> positive_spans;
  std::vector<BucketSpan> negative_spans;
  std::vector<double> positive_buckets;
  std::vector<double> negative_buckets;
  std::vector<double> custom_values;  // upper bounds, ascending; only with kCustomSchema
};

struct HistogramSample {
  Timestamp time = 0;
  NativeHistogram histogram;
};

inline bool IsStale(const NativeHistogram& histogram) { return IsStale(histogram.sum); }

// A marker that the series ended: empty but for its sum.
inline NativeHistogram StaleHistogram() {
  NativeHistogram histogram;
  histogram.sum = StaleNan();
  return histogram;
}

// The same bits in every field (NaN equals NaN of the same bits).
bool SameBits(const NativeHistogram& a, const NativeHistogram& b);

// Whether readers may walk the buckets: a known schema (reserved ones included), spans that fit the
// buckets and go forwards, custom bounds in order and enough of them. Looks at no count.
Status ValidateShape(const NativeHistogram& histogram);

// What Prometheus refuses at the door, with its texts: unknown schema, spans that do not fit the
// buckets, negative counts, bounds out of order, an integer count that its buckets do not add up to
// (at most it, if the sum is NaN). Of a stale marker only the shape is looked at.
Status ValidateHistogram(const NativeHistogram& histogram);

// Merges buckets until the schema is `schema` (exponential only; no-op when it is not finer, or
// when the shape is not valid). Spans without buckets disappear.
void ReduceResolution(int32_t schema, NativeHistogram* histogram);

}  // namespace outrider
