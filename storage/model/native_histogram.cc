// SPDX-License-Identifier: Apache-2.0
#include "storage/model/native_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The texts are Prometheus' own, so that a sender's log reads the same with either receiver.
constexpr const char* kMismatch =
    "histogram spans specify different number of buckets than provided";
constexpr const char* kNegativeOffset = "histogram has a span whose offset is negative";
constexpr const char* kNegativeBucket =
    "histogram has a bucket whose observation count is negative";

bool SameBitsEach(std::span<const double> a, std::span<const double> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return SameBits(x, y); });
}

std::string FixedText(double value) {  // Go's %f
  return std::isinf(value) ? FormatFloatF(value) : fmt::format("{:f}", value);
}

// `first_may_be_negative`: the first offset of an exponential side is an index of any sign.
Status CheckSpans(std::span<const BucketSpan> spans, size_t buckets, bool first_may_be_negative) {
  uint64_t needed = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].offset < 0 && (i > 0 || !first_may_be_negative))
      return InvalidArgument(fmt::format("span number {} with offset {}: {}", i + 1,
                                         spans[i].offset, kNegativeOffset));
    needed += spans[i].length;
  }
  if (needed == buckets) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("spans need {} buckets, have {} buckets: {}", needed, buckets, kMismatch));
}

Status CheckBounds(std::span<const double> bounds) {
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i])) return InvalidArgument("histogram custom bounds must not be NaN");
    if (i > 0 && bounds[i] <= bounds[i - 1])
      return InvalidArgument(
          fmt::format("previous bound is {} and current is {}: histogram custom bounds must be in "
                      "strictly increasing order",
                      FixedText(bounds[i - 1]), FixedText(bounds[i])));
  }
  if (!bounds.empty() && std::isinf(bounds.back()) && bounds.back() > 0)
    return InvalidArgument(
        "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite");
  return absl::OkStatus();
}

Status CheckCustomSpans(const NativeHistogram& h) {
  TRY(CheckBounds(h.custom_values));
  TRY(CheckSpans(h.positive_spans, h.positive_buckets.size(), false));
  uint64_t reach = 0;
  for (const BucketSpan& span : h.positive_spans)
    reach += static_cast<uint64_t>(span.offset) + span.length;
  if (reach <= h.custom_values.size() + 1) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("only {} custom bounds defined which is insufficient to cover total span length "
                  "of {}: histogram custom bounds are too few",
                  h.custom_values.size(), reach));
}

Status ValidateCustomShape(const NativeHistogram& h) {
  if (Status status = CheckCustomSpans(h); !status.ok()) return Annotate(status, "custom buckets");
  if (h.zero_threshold != 0)
    return InvalidArgument("custom buckets: must have zero threshold of 0");
  if (!h.negative_spans.empty())
    return InvalidArgument("custom buckets: must not have negative spans");
  if (!h.negative_buckets.empty())
    return InvalidArgument("custom buckets: must not have negative buckets");
  return absl::OkStatus();
}

Status ValidateExponentialShape(const NativeHistogram& h) {
  if (Status status = CheckSpans(h.positive_spans, h.positive_buckets.size(), true); !status.ok())
    return Annotate(status, "positive side");
  if (Status status = CheckSpans(h.negative_spans, h.negative_buckets.size(), true); !status.ok())
    return Annotate(status, "negative side");
  if (!h.custom_values.empty())
    return InvalidArgument("histogram with exponential schema must not have custom bounds");
  return absl::OkStatus();
}

std::string CountText(const NativeHistogram& h, double count) {
  if (h.is_float || !std::isfinite(count)) return FormatFloatG(count);
  return fmt::format("{:.0f}", count);
}

Status CheckBuckets(const NativeHistogram& h, std::span<const double> buckets, const char* side) {
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] < 0)
      return InvalidArgument(fmt::format("{}: bucket number {} has observation count of {}: {}",
                                         side, i + 1, CountText(h, buckets[i]), kNegativeBucket));
  }
  return absl::OkStatus();
}

// Exact up to 2^53. Beyond it the counts were rounded on their way into doubles, and so may their
// sum differ by that much.
Status CheckIntegerSum(const NativeHistogram& h) {
  double found = h.zero_count;
  for (const double bucket : h.negative_buckets) found += bucket;
  for (const double bucket : h.positive_buckets) found += bucket;
  const double largest = std::max(found, h.count);
  const auto terms = static_cast<double>(h.negative_buckets.size() + h.positive_buckets.size() + 3);
  const double slack = largest <= 0x1p53 ? 0 : largest * terms * 0x1p-53;
  const bool ok =
      std::isnan(h.sum) ? found <= h.count + slack : std::fabs(found - h.count) <= slack;
  if (ok) return absl::OkStatus();
  return InvalidArgument(fmt::format(
      "{} observations found in buckets, but the Count field is {}: histogram's observation count "
      "should {}",
      CountText(h, found), CountText(h, h.count),
      std::isnan(h.sum) ? "be at least the number of observations found in the buckets"
                        : "equal the number of observations found in the buckets (in absence of "
                          "NaN)"));
}

struct Side {
  std::vector<BucketSpan> spans;
  std::vector<double> buckets;
};

// Puts a bucket behind those there are; `gap` empty ones lie between (negative: only before the
// first). Offsets are 32 bits wide, gaps may be wider: spans without buckets carry the rest.
void PutBucket(int64_t gap, double count, Side* side) {
  if (gap != 0 || side->spans.empty()) {
    for (; gap > std::numeric_limits<int32_t>::max(); gap -= std::numeric_limits<int32_t>::max())
      side->spans.push_back({std::numeric_limits<int32_t>::max(), 0});
    side->spans.push_back({static_cast<int32_t>(gap), 0});
  }
  ++side->spans.back().length;
  side->buckets.push_back(count);
}

// Bucket i has the upper bound 2^(i / 2^schema): 2^shift neighbours fall together, the last of them
// at a multiple of 2^shift.
Side MergeBuckets(std::span<const BucketSpan> spans, std::span<const double> buckets, int shift) {
  Side merged;
  int64_t index = 0;
  int64_t end = 0;  // behind the last merged bucket
  size_t at = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index, ++at) {
      const int64_t target = ((index - 1) >> shift) + 1;
      if (!merged.buckets.empty() && target == end - 1) {
        merged.buckets.back() += buckets[at];
        continue;
      }
      PutBucket(target - end, buckets[at], &merged);
      end = target + 1;
    }
  }
  return merged;
}

}  // namespace

bool SameBits(const NativeHistogram& a, const NativeHistogram& b) {
  return a.schema == b.schema && a.is_float == b.is_float && a.reset_hint == b.reset_hint &&
         SameBits(a.zero_threshold, b.zero_threshold) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameBitsEach(a.positive_buckets, b.positive_buckets) &&
         SameBitsEach(a.negative_buckets, b.negative_buckets) &&
         SameBitsEach(a.custom_values, b.custom_values);
}

Status ValidateShape(const NativeHistogram& histogram) {
  if (histogram.schema == kCustomSchema) return ValidateCustomShape(histogram);
  if (histogram.schema >= kMinSchema && histogram.schema <= kMaxReservedSchema)
    return ValidateExponentialShape(histogram);
  return InvalidArgument(
      fmt::format("histogram has an invalid schema, which must be between {} and {} for "
                  "exponential buckets, or {} for custom buckets, got schema {}",
                  kMinSchema, kMaxSchema, kCustomSchema, histogram.schema));
}

Status ValidateHistogram(const NativeHistogram& histogram) {
  const NativeHistogram& h = histogram;
  TRY(ValidateShape(h));
  if (IsStale(h)) return absl::OkStatus();
  if (h.schema == kCustomSchema && h.zero_count != 0)
    return InvalidArgument("custom buckets: must have zero count of 0");
  TRY(CheckBuckets(h, h.negative_buckets, "negative side"));
  if (h.zero_count < 0)
    return InvalidArgument(fmt::format("zero bucket has observation count of {}: {}",
                                       CountText(h, h.zero_count), kNegativeBucket));
  if (h.count < 0)  // two blanks, as there
    return InvalidArgument(
        fmt::format("observation count is  {}: histogram's observation count is negative",
                    CountText(h, h.count)));
  TRY(CheckBuckets(h, h.positive_buckets, "positive side"));
  return h.is_float ? absl::OkStatus() : CheckIntegerSum(h);
}

void ReduceResolution(int32_t schema, NativeHistogram* histogram) {
  if (histogram->schema == kCustomSchema || histogram->schema <= schema) return;
  if (schema < kMinSchema || !ValidateShape(*histogram).ok()) return;
  const int shift = histogram->schema - schema;
  Side positive = MergeBuckets(histogram->positive_spans, histogram->positive_buckets, shift);
  Side negative = MergeBuckets(histogram->negative_spans, histogram->negative_buckets, shift);
  histogram->positive_spans = std::move(positive.spans);
  histogram->positive_buckets = std::move(positive.buckets);
  histogram->negative_spans = std::move(negative.spans);
  histogram->negative_buckets = std::move(negative.buckets);
  histogram->schema = schema;
}

}  // namespace outrider
