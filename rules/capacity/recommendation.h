// SPDX-License-Identifier: Apache-2.0
// What the capacity engine knows about a workload now: values for /metrics, the API and the
// command line.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/capacity/cost.h"
#include "rules/capacity/findings.h"
#include "rules/capacity/recommend/policy.h"
#include "storage/base/clock.h"

namespace outrider {

// A machine without Kubernetes is a workload of kind Host named by its instance, without namespace.
inline constexpr std::string_view kHostKind = "Host";

struct WorkloadKey {
  std::string namespace_name;
  std::string workload;
  std::string workload_kind;
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
};

struct Finding {
  std::string text;  // e.g. "cpu: mean use is 4 % of the request"
  FindingSeverity severity = FindingSeverity::kLow;
};

struct Recommendation {
  WorkloadKey key;
  std::string container;  // empty for a machine
  uint64_t pods = 0;
  ResourceAdvice cpu;
  ResourceAdvice memory;
  std::vector<Finding> findings;
};

struct WorkloadCost {
  WorkloadKey key;
  uint64_t pods = 0;
  HourlyCost cpu;
  HourlyCost memory;
  double monthly = 0;                  // allocated * 730 h
  double projected_monthly = 0;        // the same after the recommended requests are set
  std::optional<double> health_score;  // none before there is enough data
};

}  // namespace outrider
