// SPDX-License-Identifier: Apache-2.0
// What is remembered of one container of a workload (all its pods): use, counts, findings.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/workloads/container_counters.h"
#include "rules/workloads/evidence.h"
#include "rules/workloads/finding_tracker.h"
#include "rules/workloads/resource_usage.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class ContainerState {
 public:
  struct Tracked {
    FindingState state;
    std::string description;  // active: of the newest evidence
  };

  void AddUse(std::span<const Sample> cpu, std::span<const Sample> memory);
  void AddCounts(std::string_view pod, const CounterChange& change, Timestamp now);
  // Closes the minutes that end at or before `until`.
  void CloseUntil(Timestamp until);
  // Looks at what is new since the last look; `recommendation` may be null: nothing is known of
  // requests and limits now. True if a finding began, ended or changed its severity.
  bool Judge(const Recommendation* recommendation, Timestamp now);
  // Ends what was found by samples or counts that stopped before `limit`. True if there was any.
  bool EndStale(Timestamp limit);

  std::span<const Tracked> tracked() const { return tracked_; }
  // Of the newest sample or reading of counters; INT64_MIN: none yet.
  Timestamp last_seen() const { return std::max(last_use_, counted_); }
  // An hour was completed since the last Save().
  bool HasNewHour() const;

  // Findings, and the hours that the windows no longer have.
  void Save(RowWriter& out);
  void Load(RowReader& in);

 private:
  struct Restart {
    Timestamp time = 0;
    uint64_t pod = 0;  // hash
    double count = 0;
  };
  struct Slices {  // of CPU periods
    Timestamp time = 0;
    double all = 0;
    double cut = 0;
    double seconds = 0;  // that they came about in
  };
  template <typename Use>
  void ForEachEvidence(const Recommendation* recommendation, Timestamp now, Use use);
  bool Step(const Evidence& evidence, Timestamp now);
  // When it was first seen, pending or active; 0 if it was not.
  Timestamp SinceOf(FindingType type) const;
  double MostRestarts(Timestamp now);
  Throttling ThrottlingOf(Timestamp now);

  ResourceUsage cpu_;
  ResourceUsage memory_;
  std::vector<Restart> restarts_;  // of the last hour
  std::vector<Slices> slices_;     // of the last quarter of an hour
  std::vector<Tracked> tracked_;   // pending and active
  Timestamp last_use_ = INT64_MIN;
  Timestamp counted_ = INT64_MIN;  // newest reading of counters
  // What was judged already.
  Timestamp cpu_minute_ = INT64_MIN;
  Timestamp memory_minute_ = INT64_MIN;
  Timestamp fit_judged_ = INT64_MIN;
  Timestamp counts_judged_ = INT64_MIN;
  int64_t memory_five_ = 0;
  int64_t cpu_hour_ = 0;
  int64_t memory_hour_ = 0;
  int64_t saved_hour_ = 0;
};

}  // namespace outrider
