// SPDX-License-Identifier: Apache-2.0
// Incidents by team and by service (notifiers/desk/incident_shares.h). In families of their own, so
// that sums over outrider_incidents and its like stay what they are. Of a service less is said than
// of a team: there may be 200.
#include "exporter/metrics/desk_figures.h"
#include "exporter/metrics/sources.h"
#include "notifiers/desk/views.h"

namespace outrider {
namespace {

constexpr IncidentState kStates[] = {IncidentState::kNew, IncidentState::kAcknowledged,
                                     IncidentState::kInvestigating, IncidentState::kResolved};
constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};

template <typename Key, typename Value>
Value ValueOf(const std::map<Key, Value>& values, const Key& key) {
  const auto found = values.find(key);
  return found == values.end() ? Value() : found->second;
}

SlaView SumOf(const ShareView& share, SlaKind kind) {
  SlaView sum;
  for (int i = 0; i < kSeverityCount; ++i) {
    const SlaView view = ValueOf(share.sla, {kind, static_cast<Severity>(i)});
    sum.met += view.met;
    sum.breached += view.breached;
    sum.open_breaches += view.open_breaches;
    sum.breaches += view.breaches;
  }
  return sum;
}

void WriteCompliance(std::string_view name, const SlaView& view,
                     const MetricSink::LabelList& labels, MetricSink& sink) {
  if (view.met + view.breached == 0) return;
  sink.Gauge(name, "Share of SLA targets that were met; absent when nothing was measured.", labels,
             view.ComplianceRatio());
}

void WriteTeamIncidents(std::string_view team, const ShareView& share, MetricSink& sink) {
  for (const IncidentState state : kStates) {
    for (int i = 0; i < kSeverityCount; ++i) {
      const auto severity = static_cast<Severity>(i);
      sink.Gauge("outrider_team_incidents", "Incidents that are kept, by team, state and severity.",
                 {{"team", team},
                  {"state", IncidentStateText(state)},
                  {"severity", SeverityText(severity)}},
                 static_cast<double>(ValueOf(share.incidents, {state, severity})));
    }
  }
  sink.Histogram("outrider_team_incident_time_to_acknowledge_seconds",
                 "From the opening of a team's incident to its acknowledgement.", {{"team", team}},
                 ToHistogram(share.time_to_acknowledge));
  sink.Histogram("outrider_team_incident_time_to_resolve_seconds",
                 "From the opening of a team's incident to its resolution.", {{"team", team}},
                 ToHistogram(share.time_to_resolve));
}

void WriteTeamSla(std::string_view team, const ShareView& share, MetricSink& sink) {
  uint64_t open_breaches = 0;
  for (const SlaKind kind : kKinds) {
    for (int i = 0; i < kSeverityCount; ++i) {
      const auto severity = static_cast<Severity>(i);
      const SlaView view = ValueOf(share.sla, {kind, severity});
      const MetricSink::LabelList labels = {
          {"team", team}, {"kind", SlaKindText(kind)}, {"severity", SeverityText(severity)}};
      sink.Counter("outrider_team_sla_breaches_total",
                   "SLA targets that a team missed, by the severity when it happened.", labels,
                   view.breaches);
      WriteCompliance("outrider_team_sla_compliance_ratio", view, labels, sink);
      open_breaches += view.open_breaches;
    }
  }
  sink.Gauge("outrider_team_sla_open_breaches",
             "SLA targets that a team missed and whose clock still runs.", {{"team", team}},
             static_cast<double>(open_breaches));
}

void WriteService(std::string_view service, const ShareView& share, MetricSink& sink) {
  for (const IncidentState state : kStates) {
    uint64_t incidents = 0;
    for (int i = 0; i < kSeverityCount; ++i) {
      incidents += ValueOf(share.incidents, {state, static_cast<Severity>(i)});
    }
    sink.Gauge("outrider_service_incidents", "Incidents that are kept, by service and state.",
               {{"service", service}, {"state", IncidentStateText(state)}},
               static_cast<double>(incidents));
  }
  for (const SlaKind kind : kKinds) {
    const SlaView view = SumOf(share, kind);
    const MetricSink::LabelList labels = {{"service", service}, {"kind", SlaKindText(kind)}};
    sink.Counter("outrider_service_sla_breaches_total", "SLA targets that were missed, by service.",
                 labels, view.breaches);
    WriteCompliance("outrider_service_sla_compliance_ratio", view, labels, sink);
  }
}

}  // namespace

void WriteShareMetrics(const DeskStats& stats, MetricSink& sink) {
  for (const auto& [team, share] : stats.teams) {
    WriteTeamIncidents(team, share, sink);
    WriteTeamSla(team, share, sink);
  }
  for (const auto& [service, share] : stats.services) WriteService(service, share, sink);
}

}  // namespace outrider
