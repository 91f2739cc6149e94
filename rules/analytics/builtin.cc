// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/builtin.h"

#include <array>
#include <string_view>

#include "rules/analytics/forecast.h"
#include "rules/analytics/trend.h"
#include "rules/analytics/window_plan.h"

namespace outrider {
namespace {

// Rates over 5m, because 1m is empty at a scrape interval of a minute. `max by` takes one of the
// kubelet's endpoints that repeat a series, and one of a restarted container's two ids; without
// container!="" the pod's own cgroup would be counted again.
struct Builtin {
  std::string_view name;
  std::string_view expr;
  EntryKind second;      // beside the trend
  double min_deviation;  // what is too small to be an anomaly, in the unit of the expression
  bool per_workload;
};
constexpr std::array kBuiltins = {
    Builtin{"workload_cpu",
            "max by (namespace, pod, container) (rate(container_cpu_usage_seconds_total"
            "{container!=\"\",container!=\"POD\",cpu=~\"total|\"}[5m]))",
            EntryKind::kAnomaly, 0.02, true},
    Builtin{"workload_memory",
            "max by (namespace, pod, container) (container_memory_working_set_bytes"
            "{container!=\"\",container!=\"POD\"})",
            EntryKind::kAnomaly, 8.0 * 1024 * 1024, true},
    Builtin{"host_cpu",
            "1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))",
            EntryKind::kAnomaly, 0.02, false},
    Builtin{"host_memory", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
            EntryKind::kAnomaly, 0.01, false},
    Builtin{"host_disk",
            "node_filesystem_avail_bytes"
            "{fstype!~\"(dev)?tmpfs|ramfs|overlay|squashfs|iso9660|fuse.*\"}",
            EntryKind::kForecast, 0, false},
};

Entry MakeEntry(const Builtin& row, EntryKind kind, const promql::Expression& compiled) {
  Entry entry;
  entry.name = row.name;
  entry.kind = kind;
  entry.expr = row.expr;
  entry.compiled = compiled;
  entry.per_workload = row.per_workload;
  entry.windows = {kHour};
  switch (kind) {
    case EntryKind::kTrend:
      entry.windows.assign(kTrendWindows.begin(), kTrendWindows.end());
      entry.trend_plan = MakeTrendPlan(entry);
      break;
    case EntryKind::kAnomaly:
      entry.detection.direction = AnomalyDirection::kAbove;
      entry.detection.min_deviation = row.min_deviation;
      entry.detection.min_relative_deviation = 0.05;
      break;
    case EntryKind::kForecast:
      entry.windows = {6 * kHour};
      entry.threshold = 0;
      entry.forecast.crossing = CrossingDirection::kBelow;
      entry.forecast.intervals = false;  // every mount of every host: only what pages need
      entry.forecast_plan = MakeForecastPlan(entry);
      break;
    case EntryKind::kSlo:
      break;
  }
  return entry;
}

}  // namespace

std::vector<std::string> BuiltinEntryNames() {
  std::vector<std::string> names;
  names.reserve(std::size(kBuiltins));
  for (const Builtin& row : kBuiltins) names.emplace_back(row.name);
  return names;
}

std::vector<Entry> BuiltinEntries() {
  std::vector<Entry> entries;
  for (const Builtin& row : kBuiltins) {
    const StatusOr<promql::Expression> compiled = promql::Expression::Parse(row.expr);
    for (EntryKind kind : {EntryKind::kTrend, row.second}) {
      if (compiled.ok()) {
        entries.push_back(MakeEntry(row, kind, *compiled));
      } else {
        Entry failed;
        failed.name = row.name;
        failed.kind = kind;
        failed.expr = row.expr;
        failed.error = Message(compiled.status());
        entries.push_back(std::move(failed));
      }
    }
  }
  return entries;
}

}  // namespace outrider
