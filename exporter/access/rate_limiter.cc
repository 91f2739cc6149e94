// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace outrider {

void RateLimiter::Set(double per_second, double burst) {
  const absl::MutexLock lock(&mutex_);
  if (per_second_ == per_second && burst_ == burst) return;
  per_second_ = per_second;
  burst_ = burst;
  buckets_.clear();
}

double RateLimiter::LeftOf(const Bucket& bucket, Nanos now) const {
  // A clock that was set back gives nothing and takes nothing.
  const auto passed = static_cast<double>(std::max<Nanos>(0, now - bucket.at));
  return std::min(Most(), bucket.left + passed / kNanosPerSecond * per_second_);
}

// Those whose bucket is full again are as good as unknown; when all are busy, everybody starts
// anew: a bounded table matters more than the limits of ten thousand callers.
void RateLimiter::MakeRoom(Nanos now) {
  if (buckets_.size() < kMaxCallers) return;
  std::erase_if(buckets_, [&](const auto& entry) {
    mutex_.AssertHeld();
    return LeftOf(entry.second, now) >= Most();
  });
  if (buckets_.size() >= kMaxCallers) buckets_.clear();
}

std::optional<DurationMs> RateLimiter::Ask(const std::string& caller, Nanos now, bool take) {
  const absl::MutexLock lock(&mutex_);
  if (per_second_ <= 0 || burst_ <= 0) return std::nullopt;
  auto found = buckets_.find(caller);
  if (found == buckets_.end()) {
    if (!take) return std::nullopt;
    MakeRoom(now);
    found = buckets_.emplace(caller, Bucket{Most(), now}).first;
  }
  Bucket& bucket = found->second;
  const double left = LeftOf(bucket, now);
  if (left < 1) {
    const double seconds = (1 - left) / per_second_;
    return std::max<DurationMs>(1, static_cast<DurationMs>(std::ceil(seconds * kSecond)));
  }
  if (take) bucket = {left - 1, now};
  return std::nullopt;
}

}  // namespace outrider
