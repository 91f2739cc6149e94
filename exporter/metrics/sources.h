// SPDX-License-Identifier: Apache-2.0
// The rooms' plain figures as metric families; names from contract.md and specs/prometheus.md §3.3.
// One .cc per room.
#pragma once

#include <array>
#include <vector>

#include "exporter/metrics/metric_sink.h"
#include "storage/base/clock.h"
#include "storage/window/kept_report.h"

namespace outrider {

struct AlertmanagerConfig;
struct AmApiStats;
struct BuildInfo;
struct CostMoment;
struct CostStats;
struct DeskStats;
struct HttpServerStats;
struct IngestStoreStats;
struct LaneStats;
struct LinkStats;
struct QueryGateStats;
struct RuleStats;
struct HeartbeatView;
struct MaintenanceView;
struct Schedule;
struct StoreStats;
class DerivedTable;

// Remote write, series, chunks, write-ahead log.
void WriteIngestMetrics(const IngestStoreStats& stats, MetricSink& sink);
// What is kept for rules, analytics …, and for nobody.
void WriteKeptMetrics(const UsageByKind& kept, MetricSink& sink);
// Under Prometheus' own names. The `_histogram_` twins of durations are on the OpenMetrics page
// only, which is what a Prometheus asks for: promtool's lint refuses such names.
void WriteRuleMetrics(const RuleStats& stats, MetricSink& sink);
// Of queries and remote reads by clients, under Prometheus' own names.
void WriteQueryMetrics(const QueryGateStats& queries, const QueryGateStats& reads,
                       MetricSink& sink);
// Alerts, incidents, SLA, escalations, notifications, outbox.
void WriteDeskMetrics(const DeskStats& stats, MetricSink& sink);
// Incidents and SLA by team and by service.
void WriteShareMetrics(const DeskStats& stats, MetricSink& sink);
// Who is on call at `now`, and for how long of the 14 days from then on nobody is.
void WriteOnCallMetrics(const std::vector<Schedule>& schedules, Nanos now, MetricSink& sink);
// Heartbeats and maintenance windows.
void WriteAroundMetrics(const std::vector<HeartbeatView>& heartbeats,
                        const std::vector<MaintenanceView>& windows, MetricSink& sink);
// Attempts, breakers and rate limits of integrations.
void WriteDeliveryMetrics(const std::vector<LaneStats>& lanes, Nanos now, MetricSink& sink);
// Of alerts sent on to external Alertmanagers, under Prometheus' own names.
void WriteRelayMetrics(const std::vector<LinkStats>& links, MetricSink& sink);
// Sizes and commits of RocksDB.
void WriteStoreMetrics(const StoreStats& stats, MetricSink& sink);
// How costs are counted.
void WriteCostMetrics(const CostStats& stats, MetricSink& sink);
// What nodes, containers, volumes cost under OpenCost's names, for its dashboards. Each series has
// the label price_source, by which it is known as ours when it comes back.
void WriteOpenCostMetrics(const CostMoment& moment, MetricSink& sink);
void WriteHttpMetrics(const HttpServerStats& stats, MetricSink& sink);
// Everything derived that is there right now.
void WriteDerivedMetrics(const DerivedTable& table, MetricSink& sink);
void WriteBuildMetrics(const BuildInfo& build, MetricSink& sink);

struct ReloadStats {
  bool last_ok = true;
  Nanos last_success_at = 0;
};

// What Alertmanager's names are made of.
struct AlertmanagerFigures {
  const DeskStats& desk;
  const AmApiStats& api;
  const AlertmanagerConfig& config;
  const BuildInfo& build;
  ReloadStats reload;
  std::array<uint64_t, 3> silences{};  // by SilenceState
  size_t alerts_per_name = 0;          // the limit
};
// Every integration is there from the start with 0.
void WriteAlertmanagerMetrics(const AlertmanagerFigures& figures, MetricSink& sink);

void WriteReloadMetrics(const ReloadStats& stats, MetricSink& sink);

// process_*: read from /proc/self at each call; what cannot be read is left out.
void WriteProcessMetrics(MetricSink& sink);

}  // namespace outrider
