// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {

void DurationRecorder::Record(double seconds) {
  const absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < kBounds.size(); ++i) buckets_[i] += seconds <= kBounds[i] ? 1 : 0;
  if (recent_.size() < kRecent) {
    recent_.push_back(seconds);
  } else {
    recent_[count_ % kRecent] = seconds;
  }
  ++count_;
  sum_ += seconds;
}

DurationStats DurationRecorder::Stats() const {
  DurationStats stats;
  std::vector<double> recent;
  {
    const absl::MutexLock lock(&mutex_);
    stats.count = count_;
    stats.sum = sum_;
    for (size_t i = 0; i < kBounds.size(); ++i) stats.buckets.emplace_back(kBounds[i], buckets_[i]);
    recent = recent_;
  }
  std::ranges::sort(recent);
  for (const double q : quantiles_) {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (!recent.empty()) {
      const double rank = std::ceil(q * static_cast<double>(recent.size()));
      value = recent[static_cast<size_t>(std::max(rank - 1, 0.0))];
    }
    stats.quantiles.emplace_back(q, value);
  }
  return stats;
}

}  // namespace outrider
