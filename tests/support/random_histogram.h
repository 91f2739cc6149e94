// SPDX-License-Identifier: Apache-2.0
// Valid native histograms from a seed, and what a later scrape of them may look like.
#pragma once

#include "storage/base/random.h"
#include "storage/model/native_histogram.h"

namespace outrider {

enum class HistogramKind { kInteger, kFloat, kCustom, kCustomFloat };

inline double RandomCount(Random& random, bool is_float) {
  const uint64_t count = random.Next() >> (20 + random.Next() % 44);
  return is_float ? static_cast<double>(count) / 7 : static_cast<double>(count >> 8);
}

inline void RandomSpans(Random& random, bool is_float, int32_t first,
                        std::vector<BucketSpan>* spans, std::vector<double>* buckets) {
  const size_t count = random.Next() % 5;
  for (size_t i = 0; i < count; ++i) {
    const auto offset = static_cast<int32_t>(random.Next() % 9);
    const auto length = static_cast<uint32_t>(random.Next() % 6);  // none at times
    spans->push_back({i == 0 ? first : offset, length});
    for (uint32_t j = 0; j < length; ++j) buckets->push_back(RandomCount(random, is_float));
  }
}

inline void SetCount(NativeHistogram* h) {
  h->count = h->zero_count;
  for (const double bucket : h->positive_buckets) h->count += bucket;
  for (const double bucket : h->negative_buckets) h->count += bucket;
}

inline NativeHistogram RandomHistogram(Random& random, HistogramKind kind) {
  NativeHistogram h;
  const bool custom = kind == HistogramKind::kCustom || kind == HistogramKind::kCustomFloat;
  h.is_float = kind == HistogramKind::kFloat || kind == HistogramKind::kCustomFloat;
  h.reset_hint = static_cast<ResetHint>(random.Next() % 4);
  h.sum = RandomCount(random, true);
  if (custom) {
    h.schema = kCustomSchema;
    RandomSpans(random, h.is_float, 0, &h.positive_spans, &h.positive_buckets);
    for (int i = 0; i < 64; ++i) h.custom_values.push_back(0.05 * (i - 3));
  } else {
    h.schema = kMinSchema + static_cast<int32_t>(random.Next() % 13);
    h.zero_threshold = random.Next() % 4 == 0 ? 0.001 : 0x1p-128;
    h.zero_count = RandomCount(random, h.is_float);
    const auto first = static_cast<int32_t>(random.Next() % 41) - 20;
    RandomSpans(random, h.is_float, first, &h.positive_spans, &h.positive_buckets);
    RandomSpans(random, h.is_float, -first, &h.negative_spans, &h.negative_buckets);
  }
  SetCount(&h);
  return h;
}

// Some buckets grow, or nothing happens, or all start again from zero.
inline void StepHistogram(Random& random, NativeHistogram* h) {
  const uint64_t what = random.Next() % 8;
  if (what == 0) return;
  const auto change = [&](double& count) {
    if (what == 1) {
      count = 0;
    } else if (random.Next() % 3 == 0) {
      const auto more = static_cast<double>(random.Next() % 100);
      count += h->is_float ? more / 3 : more;
    }
  };
  if (h->schema != kCustomSchema) change(h->zero_count);
  for (double& bucket : h->positive_buckets) change(bucket);
  for (double& bucket : h->negative_buckets) change(bucket);
  h->sum = what == 1 ? 0 : h->sum + RandomCount(random, true);
  h->reset_hint = what == 1 ? ResetHint::kYes : ResetHint::kNo;
  SetCount(h);
}

}  // namespace outrider
