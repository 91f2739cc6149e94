// SPDX-License-Identifier: Apache-2.0
// What the capacity engine knows about a workload now: values for /metrics, the API and the
// command line.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/capacity/cost.h"
#include "rules/capacity/findings.h"
#include "rules/capacity/recommend/policy.h"
#include "rules/capacity/recommend/replicas.h"
#include "storage/base/clock.h"

namespace outrider {

// A machine without Kubernetes is a workload of kind Host named by its instance, without namespace.
inline constexpr std::string_view kHostKind = "Host";
// Runs at times: what it needs is told of between its runs as well.
inline constexpr std::string_view kCronJobKind = "CronJob";

struct WorkloadKey {
  std::string namespace_name;
  std::string workload;
  std::string workload_kind;
  std::string cluster = {};  // the label `cluster` of its series; empty: there is none
  friend auto operator<=>(const WorkloadKey&, const WorkloadKey&) = default;
  friend bool operator==(const WorkloadKey&, const WorkloadKey&) = default;
};

// Cores or bytes.
struct ResourceAdvice {
  std::optional<double> request;  // now, of the largest pod; a machine: its capacity
  std::optional<double> limit;
  bool enough_data = false;  // without, `recommended` means nothing
  Bounds recommended;
  double mean_use = 0;
  double p95_use = 0;
  double max_use = 0;
  uint64_t samples = 0;
  DurationMs coverage = 0;
  std::optional<double> savings_dollars_per_month;  // over all pods; negative: more is needed
  std::string reason;                               // in words

  double confidence =
      0;  // 0 to 1, from measured coverage, samples, pods and yesterday's violations
  // What the last whole day's use did to the recommendation of the day before it.
  struct Judged {
    double violation_ratio = 0;  // share of samples above it
    double slack_ratio = 0;      // mean unused share of it
    double shortfall_ratio = 0;  // share of the use above it
    uint64_t samples = 0;
  };
  std::optional<Judged> judged;
  // CPU by time of day (UTC), where that leaves less unused, for those who resize in place or
  // schedule; `recommended` is for those who set one number. By quarter of an hour (96 values or
  // none) and by hour, each as its busiest quarter.
  std::vector<float> schedule;
  std::optional<std::array<double, 24>> hourly_target;
  bool limit_wanted = false;   // false: the advice is to set no limit (`recommended.limit` is
                               // where it would be)
  bool held = false;           // kept from before: the new value is within the hysteresis
  bool guarded = false;        // moved by a minimum, maximum or the largest step
  double throttled_ratio = 0;  // CPU: of its periods lately
  uint64_t ooms = 0;           // memory: kills seen
};

struct Finding {
  std::string text;  // e.g. "cpu: mean use is 4 % of the request"
  FindingSeverity severity = FindingSeverity::kLow;
};

struct Recommendation {
  WorkloadKey key;
  std::string container;            // empty for a machine
  uint64_t pods = 0;                // 0: none is there now; it is told of as it comes again
  std::optional<double> mean_pods;  // of a CronJob or a Job: how many ran at once on average
  bool init = false;                // among the pod's init containers
  bool is_node = false;  // a machine that pods run on: theirs and its own say the same money twice
  ResourceAdvice cpu;
  ResourceAdvice memory;
  std::vector<Finding> findings;

  uint64_t pods_seen = 0;  // replicas that were seen, dead ones included
  std::optional<HpaState> hpa;
  std::optional<ReplicaAdvice> replicas;  // of the workload, in each of its containers
  bool first_of_workload = false;         // whose row publishes what is of the workload
  std::vector<ReplicaOutlier> outliers;
};

struct WorkloadCost {
  WorkloadKey key;
  uint64_t pods = 0;
  bool is_node = false;  // a machine that pods run on: in no sum beside them
  HourlyCost cpu;
  HourlyCost memory;
  double monthly = 0;                  // allocated * 730 h
  double projected_monthly = 0;        // the same after the recommended requests are set
  std::optional<double> health_score;  // none before there is enough data
};

}  // namespace outrider
