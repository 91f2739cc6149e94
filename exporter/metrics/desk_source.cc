// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/desk_figures.h"
#include "exporter/metrics/sources.h"
#include "notifiers/desk/views.h"

namespace outrider {
namespace {

// Every state and severity is there from the start, so that a rule on them never lacks a series.
void WriteIncidents(const DeskStats& stats, MetricSink& sink) {
  constexpr IncidentState kStates[] = {IncidentState::kNew, IncidentState::kAcknowledged,
                                       IncidentState::kInvestigating, IncidentState::kResolved};
  for (const IncidentState state : kStates) {
    for (int i = 0; i < kSeverityCount; ++i) {
      const auto severity = static_cast<Severity>(i);
      const auto found = stats.incidents.find({state, severity});
      sink.Gauge("outrider_incidents", "Incidents that are kept, by state and severity.",
                 {{"state", IncidentStateText(state)}, {"severity", SeverityText(severity)}},
                 found == stats.incidents.end() ? 0 : static_cast<double>(found->second));
    }
  }
  for (int i = 0; i < kSeverityCount; ++i) {
    const std::string_view severity = SeverityText(static_cast<Severity>(i));
    const auto index = static_cast<size_t>(i);
    sink.Histogram("outrider_incident_time_to_acknowledge_seconds",
                   "From the opening of an incident to its acknowledgement.",
                   {{"severity", severity}}, ToHistogram(stats.time_to_acknowledge[index]));
    sink.Histogram("outrider_incident_time_to_resolve_seconds",
                   "From the opening of an incident to its resolution.", {{"severity", severity}},
                   ToHistogram(stats.time_to_resolve[index]));
  }
}

void WriteSla(const DeskStats& stats, MetricSink& sink) {
  uint64_t open_breaches = 0;
  for (const SlaKind kind : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    for (int i = 0; i < kSeverityCount; ++i) {
      const auto severity = static_cast<Severity>(i);
      const auto found = stats.sla.find({kind, severity});
      const SlaView view = found == stats.sla.end() ? SlaView() : found->second;
      const MetricSink::LabelList labels = {{"kind", SlaKindText(kind)},
                                            {"severity", SeverityText(severity)}};
      sink.Counter("outrider_sla_breaches_total",
                   "SLA targets that were missed, by the severity when it happened.", labels,
                   view.breaches);
      if (view.met + view.breached > 0) {
        sink.Gauge("outrider_sla_compliance_ratio",
                   "Share of SLA targets that were met; absent when nothing was measured.", labels,
                   view.ComplianceRatio());
      }
      open_breaches += view.open_breaches;
    }
  }
  sink.Gauge("outrider_sla_open_breaches", "Missed SLA targets whose clock still runs.", {},
             static_cast<double>(open_breaches));
}

void WriteMessages(const DeskStats& stats, MetricSink& sink) {
  for (const auto& [key, count] : stats.escalations) {
    sink.Counter(
        "outrider_escalations_total", "Tiers of escalation policies that fell due, by outcome.",
        {{"policy", key.policy}, {"tier", std::to_string(key.tier)}, {"outcome", key.outcome}},
        count);
  }
  for (const auto& [key, count] : stats.notifications) {
    sink.Counter(
        "outrider_notifications_total", "Messages and attempts that ended, by outcome.",
        {{"receiver", key.receiver}, {"integration", key.integration}, {"outcome", key.outcome}},
        count);
  }
  for (const char* reason :
       {"silence", "inhibition", "mute_time_interval", "active_time_interval"}) {
    const auto found = stats.suppressed.find(reason);
    sink.Counter("outrider_notifications_suppressed_total",
                 "Alerts of flushes that were held back, by what held them.", {{"reason", reason}},
                 found == stats.suppressed.end() ? uint64_t{0} : found->second);
  }
  sink.Gauge("outrider_outbox_rows", "Messages waiting to be delivered.", {},
             static_cast<double>(stats.outbox_rows));
  sink.Gauge("outrider_outbox_oldest_seconds",
             "For how long the oldest message has been due or tried.", {},
             stats.outbox_oldest_seconds);
}

}  // namespace

void WriteDeskMetrics(const DeskStats& stats, MetricSink& sink) {
  for (const auto& [key, count] : stats.alerts) {
    sink.Gauge("outrider_alerts", "Alerts that are not resolved, by state.",
               {{"alertname", key.alertname}, {"severity", key.severity}, {"state", key.state}},
               static_cast<double>(count));
  }
  WriteIncidents(stats, sink);
  WriteSla(stats, sink);
  WriteShareMetrics(stats, sink);
  WriteMessages(stats, sink);
  sink.Gauge("outrider_noise_reduction_ratio",
             "Share of alerts that did not open an incident of their own.", {},
             stats.noise_reduction_ratio);
  sink.Gauge("outrider_aggregation_groups", "Groups of alerts that notifications are sent for.", {},
             static_cast<double>(stats.groups));
  sink.Gauge("outrider_active_silences", "Silences in force.", {},
             static_cast<double>(stats.silences_active));
  sink.Gauge("outrider_timers", "Timers that are set.", {}, static_cast<double>(stats.timers));
  sink.Gauge("outrider_state_store_failing", "1 while decisions are kept in memory only.", {},
             stats.store_failing ? 1 : 0);
  sink.Gauge("outrider_unrecorded_decisions", "Decisions that wait for room in the state store.",
             {}, static_cast<double>(stats.unrecorded_decisions));
}

void WriteStoreMetrics(const StoreStats& stats, MetricSink& sink) {
  sink.Counter("outrider_state_commits_total", "Batches written to the state store.", {},
               stats.commits);
  sink.Counter("outrider_state_synced_commits_total", "Batches that were synced to disk.", {},
               stats.synced_commits);
  sink.Counter("outrider_state_failed_commits_total", "Batches that could not be written.", {},
               stats.failed_commits);
  sink.Gauge("outrider_state_memory_bytes", "Memory of the state store: memtables and block cache.",
             {}, static_cast<double>(stats.memory_bytes));
  for (const auto& [family, bytes] : stats.family_bytes) {
    sink.Gauge("outrider_state_disk_bytes", "Bytes of the state store on disk, by column family.",
               {{"family", family}}, static_cast<double>(bytes));
  }
}

}  // namespace outrider
