// SPDX-License-Identifier: Apache-2.0
// Budgets against hostile queries, and the texts with which Prometheus refuses them.
#pragma once

#include <cstddef>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider::promql {

// How deep an expression may nest. The parser refuses more, so that everything that walks a tree
// may recurse.
inline constexpr int kMaxDepth = 1000;
// Times beyond this are refused or, from `@`, cut: so far from the ends of 64 bits that offsets
// cannot overflow.
inline constexpr Timestamp kFarthestTime = Timestamp{1} << 61;
// Bytes of one query text.
inline constexpr size_t kMaxQueryBytes = size_t{1} << 20;

inline Status TooManySamples() {
  return absl::ResourceExhaustedError(
      "query processing would load too many samples into memory in query execution");
}
inline Status QueryTimedOut() {
  return absl::DeadlineExceededError("query timed out in expression evaluation");
}
inline Status ExecutionError(const std::string& message) {
  return absl::FailedPreconditionError(message);
}

// Samples alive at one time in one query. Not thread-safe: one per query.
class SampleBudget {
 public:
  explicit SampleBudget(size_t max) : max_(max) {}
  Status Take(size_t samples) {
    live_ += samples;
    if (live_ > peak_) peak_ = live_;
    return live_ > max_ ? TooManySamples() : Status();
  }
  void Give(size_t samples) { live_ -= samples; }  // what was taken is freed
  size_t live() const { return live_; }
  size_t left() const { return live_ >= max_ ? 0 : max_ - live_; }
  size_t peak() const { return peak_; }
  size_t max() const { return max_; }
  // Back to an earlier mark: what was taken since then is freed.
  void ReleaseTo(size_t mark) { live_ = mark; }

 private:
  size_t max_;
  size_t live_ = 0;
  size_t peak_ = 0;
};

}  // namespace outrider::promql
