// SPDX-License-Identifier: Apache-2.0
// Figures behind the prometheus_rule_* metrics. Source: specs/prometheus.md §3.3.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"

namespace outrider {

// Enough for a summary and a histogram of durations in seconds.
struct DurationStats {
  uint64_t count = 0;
  double sum = 0;
  std::vector<std::pair<double, double>> quantiles;  // of the newest 512; NaN while there are none
  std::vector<std::pair<double, uint64_t>> buckets;  // cumulative, upper bound; +Inf is `count`
};

// Thread-safe.
class DurationRecorder {
 public:
  explicit DurationRecorder(std::span<const double> quantiles)
      : quantiles_(quantiles.begin(), quantiles.end()) {}
  void Record(double seconds);
  DurationStats Stats() const;

 private:
  static constexpr size_t kRecent = 512;
  static constexpr std::array<double, 4> kBounds = {0.01, 0.1, 1, 10};
  const std::vector<double> quantiles_;
  mutable absl::Mutex mutex_;
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  double sum_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, kBounds.size()> buckets_ ABSL_GUARDED_BY(mutex_) = {};
  std::vector<double> recent_ ABSL_GUARDED_BY(mutex_);
};

// One group; counters are since the process began and survive a reload that keeps the group's key.
struct RuleGroupStats {
  std::string rule_group;  // `file;group`
  double interval_seconds = 0;
  double last_evaluation_timestamp_seconds = 0;  // 0: never
  double last_duration_seconds = 0;
  double last_rule_duration_sum_seconds = 0;
  double last_restore_duration_seconds = 0;
  uint64_t rules = 0;
  uint64_t last_evaluation_samples = 0;  // appended
  uint64_t iterations_total = 0;         // scheduled: includes the missed
  uint64_t iterations_missed_total = 0;
  uint64_t evaluations_total = 0;
  uint64_t evaluation_failures_total = 0;
  uint64_t template_expansions_total = 0;
  uint64_t template_failures_total = 0;
  uint64_t refused_samples_total = 0;  // results that the windows did not take
  uint64_t failing_rules = 0;          // disabled, or their last evaluation went wrong
  // How long slots were put off until their data was there (arrivals.h).
  double last_data_wait_seconds = 0;
  double data_wait_seconds_total = 0;
  uint64_t data_complete_total = 0;  // slots whose data was there
  uint64_t data_late_total = 0;      // slots evaluated without, when the bound had passed
  bool held = false;
};

struct RuleStats {
  std::vector<RuleGroupStats> groups;
  DurationStats evaluation_duration;  // of a rule; quantiles .5 .9 .99
  DurationStats group_duration;       // of a group; quantiles .01 .05 .5 .9 .99
  DurationStats group_lag;  // from when a slot could be evaluated to when it was; .5 .9 .99
  uint64_t pending_alerts = 0;
  uint64_t firing_alerts = 0;
  uint64_t no_data_alerts = 0;  // rules that tell of missing input
};

}  // namespace outrider
