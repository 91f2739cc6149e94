// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incident_json.h"

#include <cmath>

#include "exporter/api/am_common.h"
#include "exporter/api/product_common.h"

namespace outrider {
namespace {

// What a clock shows: met and breached when it has stopped, running, paused or overdue before.
std::string_view ClockState(const SlaClock& clock) {
  if (clock.discarded) return "discarded";
  if (clock.breached_at != 0) return clock.Running() ? "overdue" : "breached";
  if (clock.Standing()) return "paused";
  return clock.Running() ? "running" : "met";
}

void WriteClock(const SlaClock& clock, JsonWriter* json) {
  json->Key(SlaKindText(clock.kind)).StartObject();
  json->Key("state").String(ClockState(clock));
  WriteSeconds("target_seconds", clock.target, json);
  WriteTime("started_at", clock.started_at, json);
  WriteTime("deadline_at", clock.DeadlineAt(), json);
  if (clock.calendar != nullptr) json->Key("calendar").String(clock.CalendarName());
  WriteTime("stopped_at", clock.stopped_at, json);
  // While it stands still there is no deadline to reckon it from.
  if (clock.stopped_at != 0 || clock.Standing()) {
    WriteSeconds("elapsed_seconds", clock.ElapsedAt(clock.paused_since), json);
  }
  json->Key("breached").Bool(clock.breached_at != 0);
  WriteTime("breached_at", clock.breached_at, json);
  WriteTime("paused_since", clock.paused_since, json);
  json->EndObject();
}

void WriteEscalation(const Escalation& escalation, JsonWriter* json) {
  json->Key("escalation");
  if (escalation.policy.empty()) {
    json->Null();
    return;
  }
  json->StartObject().Key("policy").String(escalation.policy);
  json->Key("active").Bool(escalation.active);
  json->Key("next_tier").Int(escalation.next_tier + 1);
  json->Key("tiers").Int(static_cast<int64_t>(escalation.tiers().size()));
  json->Key("round").Int(escalation.loop + 1);
  json->EndObject();
}

void WriteOverlays(const Incident& incident, JsonWriter* json) {
  json->Key("source").String(IncidentSourceText(incident.source));
  json->Key("team").String(incident.team).Key("service").String(incident.service);
  json->Key("assignee").String(incident.assignee);
  WriteTime("last_alert_at", incident.last_alert_at, json);
  WriteTime("snoozed_until", incident.snoozed_until, json);
  json->Key("merged_into").String(incident.merged_into);
  WriteTime("confirmation_asked_at", incident.ack_asked_at, json);
  json->Key("suppressed_by").String(incident.suppressed_by);
  json->Key("pauses").StartArray();
  for (const std::string& pause : incident.pauses) json->String(pause);
  json->EndArray();
}

// The members of an incident's object, without its braces. Nothing in it moves with the time of the
// question: readers take what is left from `deadline_at`.
void WriteMembers(const Incident& incident, JsonWriter* json) {
  json->Key("id").String(incident.id);
  json->Key("state").String(IncidentStateText(incident.state));
  json->Key("severity").String(SeverityText(incident.severity));
  json->Key("title").String(incident.title).Key("summary").String(incident.summary);
  json->Key("runbook").String(incident.runbook).Key("labels");
  WriteLabels(incident.labels, json);
  json->Key("group_labels");
  WriteLabels(incident.group_labels, json);
  WriteTime("opened_at", incident.received_at, json);
  WriteTime("starts_at", incident.starts_at, json);
  WriteTime("updated_at", incident.updated_at, json);
  WriteTime("acknowledged_at", incident.acknowledged_at, json);
  json->Key("acknowledged_by").String(incident.acknowledged_by);
  WriteTime("resolved_at", incident.resolved_at, json);
  json->Key("resolved_by").String(incident.resolved_by);
  json->Key("reopened").Int(incident.reopened).Key("previous_id").String(incident.previous_id);
  json->Key("count").Int(static_cast<int64_t>(incident.count));
  json->Key("firing").Int(static_cast<int64_t>(incident.firing.size()));
  json->Key("alerts").Int(static_cast<int64_t>(incident.alerts.size()));
  // A person resolved it, its alerts do not know.
  json->Key("still_firing").Bool(!incident.Open() && !incident.firing.empty());
  WriteOverlays(incident, json);
  WriteEscalation(incident.escalation, json);
  json->Key("sla").StartObject();
  for (const SlaClock& clock : incident.sla) WriteClock(clock, json);
  json->EndObject();
}

void WriteEvent(const AuditEvent& event, JsonWriter* json) {
  json->StartObject();
  WriteTime("time", event.time, json);
  json->Key("kind").String(AuditKindText(event.kind));
  json->Key("by").String(event.who).Key("channel").String(event.channel);
  json->Key("from").String(event.from).Key("to").String(event.to).Key("text").String(event.text);
  if (!event.data.empty()) {
    json->Key("data");
    WriteStringMap(event.data, json);
  }
  json->EndObject();
}

void WriteAlertDetail(const AlertView& view, JsonWriter* json) {
  json->StartObject().Key("fingerprint").String(view.fingerprint);
  json->Key("state")
      .String(view.resolved ? "resolved"
              : view.active ? "firing"
                            : "suppressed")
      .Key("labels");
  WriteLabels(view.alert.labels, json);
  json->Key("annotations");
  WriteStringMap(view.alert.annotations, json);
  WriteTime("starts_at", view.alert.starts_at.nanos, json);
  json->Key("generator_url").String(view.alert.generator_url).EndObject();
}

double Rounded(double value) { return std::round(value * 100) / 100; }

}  // namespace

void WriteGroupStatistics(const GroupStatistics& statistics, JsonWriter* json) {
  const auto groups = static_cast<double>(statistics.groups);
  const auto alerts = static_cast<double>(statistics.alerts);
  json->StartObject();
  json->Key("total_groups").Int(static_cast<int64_t>(statistics.groups));
  json->Key("active_groups").Int(static_cast<int64_t>(statistics.active));
  json->Key("closed_groups").Int(static_cast<int64_t>(statistics.groups - statistics.active));
  json->Key("total_alerts_grouped").Int(static_cast<int64_t>(statistics.alerts));
  json->Key("avg_alerts_per_group").Double(groups == 0 ? 0 : Rounded(alerts / groups));
  json->Key("max_alerts_in_group").Int(static_cast<int64_t>(statistics.most_alerts));
  json->Key("overall_noise_reduction_pct")
      .Double(alerts == 0 ? 0 : Rounded((alerts - groups) / alerts * 100));
  json->EndObject();
}

void WriteIncident(const Incident& incident, JsonWriter* json) {
  json->StartObject();
  WriteMembers(incident, json);
  json->EndObject();
}

void WriteIncidentDetail(const IncidentDetail& detail, JsonWriter* json) {
  json->StartObject();
  WriteMembers(*detail.incident, json);
  WriteTime("next_escalation_at", detail.next_escalation_at, json);
  json->Key("history").StartArray();
  for (const AuditEvent& event : detail.events) WriteEvent(event, json);
  json->EndArray().Key("parts").StartArray();
  for (const std::string& part : detail.parts) json->String(part);
  json->EndArray().Key("alert_details").StartArray();
  for (const AlertView& view : detail.alerts) WriteAlertDetail(view, json);
  json->EndArray().EndObject();
}

}  // namespace outrider
