// SPDX-License-Identifier: Apache-2.0
// The rule group that makes alerts of findings: rules as anybody could write them over the
// outrider_workload_finding_… series, so that they are evaluated, kept, shown and routed as all
// others are.
#pragma once

#include <string_view>
#include <vector>

#include "rules/promql/engine.h"
#include "rules/rulefile/rule_file.h"
#include "rules/workloads/workload_finding.h"

namespace outrider {

// `workload_alerts` of the configuration.
struct WorkloadAlertOptions {
  bool enabled = false;
  double minimum_confidence = 0.7;
  // Under-use is a matter of cost: it has its recommendations and needs nobody at night.
  std::vector<FindingType> types = {
      FindingType::kMemoryLeak,     FindingType::kCpuSpike,    FindingType::kMemorySpike,
      FindingType::kCpuDrift,       FindingType::kMemoryDrift, FindingType::kSaturation,
      FindingType::kUnusualPattern, FindingType::kThrottling,  FindingType::kRestartLoop,
  };
  friend bool operator==(const WorkloadAlertOptions&, const WorkloadAlertOptions&) = default;
};

inline constexpr std::string_view kWorkloadAlertFile = "builtin/workloads";
inline constexpr std::string_view kWorkloadAlertGroup = "outrider_workloads";
inline constexpr std::string_view kWorkloadAlertName = "WorkloadFinding";

// One rule a severity. Labels: namespace, workload, workload_kind, container, type, resource,
// severity, service (the workload); no figure is a label. The value is the confidence.
RuleFile MakeWorkloadAlerts(const WorkloadAlertOptions& options,
                            const promql::ParseOptions& promql);

}  // namespace outrider
