// SPDX-License-Identifier: Apache-2.0
// Where the histograms live that an evaluation makes: as long as the query, so that blocks hold
// plain pointers.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "storage/model/native_histogram.h"

namespace outrider::promql {

// As many float samples (16 bytes each) as the histogram takes memory for.
inline size_t CostOf(const NativeHistogram& h) {
  const size_t numbers = h.positive_buckets.size() + h.negative_buckets.size() +
                         h.custom_values.size() + h.positive_spans.size() + h.negative_spans.size();
  return (sizeof(NativeHistogram) + numbers * sizeof(double)) / 16;
}

// Not thread-safe: one per query.
class HistogramArena {
 public:
  const NativeHistogram* Own(NativeHistogram histogram) {
    cost_ += CostOf(histogram);
    return &histograms_.emplace_back(std::move(histogram));
  }
  // Of histograms that live as long, elsewhere.
  void Count(const NativeHistogram& histogram) { cost_ += CostOf(histogram); }
  size_t cost() const { return cost_; }
  // What was counted since the cost was this will be counted again.
  void ForgetCounted(size_t cost) { cost_ = cost; }

 private:
  std::deque<NativeHistogram> histograms_;
  size_t cost_ = 0;
};

}  // namespace outrider::promql
