// SPDX-License-Identifier: Apache-2.0
// OTLP has dense buckets from an offset on; bucket i of an exponential histogram is (base^i,
// base^(i+1)], which natively is bucket i+1. Two buckets of one scale are one of the next lower
// scale, so reducing is a shift of the index.
#include "exporter/ingest/otlp_histograms.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "exporter/ingest/otlp_point_flags.h"

namespace outrider {
namespace {

constexpr double kDefaultZeroThreshold = 1e-128;
constexpr int64_t kSmallGap = 2;  // empty buckets cheaper than a span of their own

// Appends buckets in ascending order of their index.
class BucketWriter {
 public:
  BucketWriter(std::vector<BucketSpan>* spans, std::vector<double>* buckets)
      : spans_(*spans), buckets_(*buckets) {}

  void Add(int64_t index, uint64_t count) {
    if (count == 0) return;
    if (last_ && *last_ == index) {
      buckets_.back() += static_cast<double>(count);
      return;
    }
    const int64_t gap = last_ ? index - *last_ - 1 : index;
    if (!last_ || gap > kSmallGap) {
      spans_.push_back({.offset = static_cast<int32_t>(gap), .length = 0});
    } else {
      buckets_.insert(buckets_.end(), static_cast<size_t>(gap), 0);
      spans_.back().length += static_cast<uint32_t>(gap);
    }
    buckets_.push_back(static_cast<double>(count));
    ++spans_.back().length;
    last_ = index;
  }

 private:
  std::vector<BucketSpan>& spans_;
  std::vector<double>& buckets_;
  std::optional<int64_t> last_;
};

bool AddExponential(const wire::otlp::ExponentialPoint::Buckets& from, int shift,
                    BucketWriter writer) {
  int64_t index = from.offset();
  constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  for (const uint64_t count : from.bucket_counts()) {
    const int64_t native = (index >> shift) + 1;
    if (count > 0 && (native < kMin || native > kMax)) return false;
    writer.Add(native, count);
    ++index;
  }
  return true;
}

}  // namespace

const char* FromExponential(const wire::otlp::ExponentialPoint& point, bool delta,
                            NativeHistogram* histogram) {
  *histogram = {};
  if (point.scale() < kMinSchema) return "bad_scale";
  histogram->schema = std::min(point.scale(), kMaxSchema);
  histogram->reset_hint = delta ? ResetHint::kGauge : ResetHint::kUnknown;
  histogram->zero_threshold =
      point.zero_threshold() > 0 ? point.zero_threshold() : kDefaultZeroThreshold;
  if (NoRecordedValue(point.flags())) {
    histogram->sum = StaleNan();
    return nullptr;
  }
  histogram->zero_count = static_cast<double>(point.zero_count());
  histogram->count = static_cast<double>(point.count());
  histogram->sum = point.sum();
  constexpr int kEverything = 40;  // merges any index of 33 bits into bucket 0 or -1
  const int shift = std::min(point.scale() - histogram->schema, kEverything);
  const bool fine =
      AddExponential(point.positive(), shift,
                     BucketWriter(&histogram->positive_spans, &histogram->positive_buckets)) &&
      AddExponential(point.negative(), shift,
                     BucketWriter(&histogram->negative_spans, &histogram->negative_buckets));
  return fine ? nullptr : "bad_buckets";
}

NativeHistogram FromExplicit(const wire::otlp::HistogramPoint& point, bool delta) {
  NativeHistogram histogram;
  histogram.schema = kCustomSchema;
  histogram.reset_hint = delta ? ResetHint::kGauge : ResetHint::kUnknown;
  histogram.custom_values.assign(point.explicit_bounds().begin(), point.explicit_bounds().end());
  if (NoRecordedValue(point.flags())) {
    histogram.sum = StaleNan();
    return histogram;
  }
  histogram.count = static_cast<double>(point.count());
  histogram.sum = point.sum();
  BucketWriter writer(&histogram.positive_spans, &histogram.positive_buckets);
  int64_t index = 0;
  for (const uint64_t count : point.bucket_counts()) writer.Add(index++, count);
  // Only count and sum were sent: all there is, is in the bucket up to +Inf.
  if (point.bucket_counts().empty()) writer.Add(point.explicit_bounds_size(), point.count());
  return histogram;
}

}  // namespace outrider
