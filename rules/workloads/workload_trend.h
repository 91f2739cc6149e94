// SPDX-License-Identifier: Apache-2.0
// What a container of a workload uses now and used over a window, summed over its pods, read from
// the windows when asked. Pods belong to a workload by their owners, never by the shape of names.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "rules/analytics/workload_names.h"
#include "rules/workloads/workload_monitor.h"
#include "rules/workloads/workload_statistics.h"
#include "storage/base/status.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

// One value a minute; minutes without data are left out. Cores and bytes.
struct WorkloadUse {
  std::vector<Sample> cpu;
  std::vector<Sample> memory;
};

// The minutes that end within (now - window, now], the last one at `now`. A pod counts in a minute
// with the mean of its samples there, else with its newest of the five minutes before (scrapes may
// be rarer than minutes).
StatusOr<WorkloadUse> ReadWorkloadUse(const Querier& querier, const WorkloadNames& names,
                                      const MonitoredContainer& who, DurationMs window,
                                      Timestamp now);

// Absent: there is no data. Rate: least squares, per second.
struct UseTrend {
  std::optional<double> current;
  std::optional<double> average;
  std::optional<double> deviation;
  std::optional<double> rate;
  TrendVerdict verdict;
};
// `current` is of a sample at `now`; older ones are no longer current.
UseTrend JudgeUse(const std::vector<Sample>& minutes, Timestamp now);

}  // namespace outrider
