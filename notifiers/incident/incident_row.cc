// SPDX-License-Identifier: Apache-2.0
// The rows of Family::kIncidents and Family::kSla. A new field goes to the end of a new format.
#include "notifiers/incident/incident.h"
#include "storage/base/business_calendar.h"
#include "storage/state/number_rows.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// 2: escalation.held_at. 3: without its alerts, which have rows of their own; moved_…
// 4: source to pauses. 5: escalation.by_name, for_team, for_service.
constexpr uint8_t kIncidentFormat = 5;
constexpr uint8_t kSlaFormat = 3;  // 2: paused_since. 3: elapsed, pauses, calendar

void WriteEscalation(const Escalation& escalation, RowWriter* out) {
  out->Text(escalation.policy).U64(escalation.tiers().size());
  for (const EscalationTier& tier : escalation.tiers()) {
    out->I64(tier.delay).U64(tier.receivers.size());
    for (const std::string& receiver : tier.receivers) out->Text(receiver);
  }
  out->I64(escalation.repeat)
      .I64(escalation.repeat_interval)
      .I64(escalation.started_at)
      .I64(escalation.loop_at)
      .I64(escalation.loop)
      .I64(escalation.next_tier)
      .Bool(escalation.active);
}

// `steps`: still without what format 4 added.
Escalation ReadEscalation(RowReader* in, PolicySteps* steps) {
  Escalation escalation;
  escalation.policy = in->Text();
  for (uint64_t i = in->Count(); i > 0; --i) {
    EscalationTier tier;
    tier.delay = in->I64();
    for (uint64_t j = in->Count(); j > 0; --j) tier.receivers.push_back(in->Text());
    steps->tiers.push_back(std::move(tier));
  }
  escalation.repeat = static_cast<int>(in->I64());
  escalation.repeat_interval = in->I64();
  escalation.started_at = in->I64();
  escalation.loop_at = in->I64();
  escalation.loop = static_cast<int>(in->I64());
  escalation.next_tier = static_cast<int>(in->I64());
  escalation.active = in->Bool();
  // A tier index outside the list would be an escalation that cannot run.
  const auto tiers = static_cast<int>(steps->tiers.size());
  if (escalation.next_tier < 0 || escalation.next_tier >= tiers) escalation.active = false;
  return escalation;
}

// What format 4 added.
void WriteOverlays(const Incident& incident, RowWriter* out) {
  out->Enum(incident.source)
      .Text(incident.team)
      .Text(incident.service)
      .Text(incident.assignee)
      .I64(incident.last_alert_at)
      .I64(incident.snoozed_until)
      .Text(incident.merged_into)
      .I64(incident.ack_asked_at)
      .Text(incident.suppressed_by)
      .U64(incident.pauses.size());
  for (const std::string& pause : incident.pauses) out->Text(pause);
  const Escalation& escalation = incident.escalation;
  for (const EscalationTier& tier : escalation.tiers()) out->Bool(tier.round_robin);
  out->U64(escalation.fallback().size());
  for (const std::string& target : escalation.fallback()) out->Text(target);
  out->Bool(escalation.reached);
}

void ReadOverlays(RowReader* in, Incident* incident, PolicySteps* steps) {
  incident->source = in->Enum(kLastIncidentSource);
  incident->team = in->Text();
  incident->service = in->Text();
  incident->assignee = in->Text();
  incident->last_alert_at = in->I64();
  incident->snoozed_until = in->I64();
  incident->merged_into = in->Text();
  incident->ack_asked_at = in->I64();
  incident->suppressed_by = in->Text();
  for (uint64_t i = in->Count(); i > 0; --i) incident->pauses.insert(in->Text());
  for (EscalationTier& tier : steps->tiers) tier.round_robin = in->Bool();
  for (uint64_t i = in->Count(); i > 0; --i) steps->fallback.push_back(in->Text());
  incident->escalation.reached = in->Bool();
}

}  // namespace

std::string EncodeIncident(const Incident& incident) {
  RowWriter out(kIncidentFormat);
  out.Text(incident.id)
      .Text(incident.key)
      .Text(incident.group_labels.packed())
      .Text(incident.title)
      .Text(incident.summary)
      .Text(incident.runbook)
      .Text(incident.labels.packed())
      .Enum(incident.severity)
      .Enum(incident.state)
      .I64(incident.received_at)
      .I64(incident.starts_at)
      .I64(incident.updated_at)
      .I64(incident.acknowledged_at)
      .Text(incident.acknowledged_by)
      .I64(incident.resolved_at)
      .Text(incident.resolved_by)
      .I64(incident.reopened)
      .Text(incident.previous_id)
      .U64(incident.count)
      .U64(incident.epoch);
  WriteEscalation(incident.escalation, &out);
  out.U64(incident.paged.size());
  for (const std::string& target : incident.paged) out.Text(target);
  out.U64(incident.audit_events)
      .I64(incident.escalation.held_at)
      .Text(incident.moved_by)
      .I64(incident.moved_at)
      .Text(incident.moved_via);
  WriteOverlays(incident, &out);
  out.Bool(incident.escalation.by_name);
  out.Bool(incident.for_team).Bool(incident.for_service);
  return out.Take();
}

StatusOr<Incident> DecodeIncident(std::string_view bytes) {
  RowReader in(bytes, kIncidentFormat, "an incident");
  Incident incident;
  incident.id = in.Text();
  incident.key = in.Text();
  const std::string group_labels = in.Text();
  incident.title = in.Text();
  incident.summary = in.Text();
  incident.runbook = in.Text();
  const std::string labels = in.Text();
  incident.severity = in.Enum(Severity::kCritical);
  incident.state = in.Enum(IncidentState::kResolved);
  incident.received_at = in.I64();
  incident.starts_at = in.I64();
  incident.updated_at = in.I64();
  incident.acknowledged_at = in.I64();
  incident.acknowledged_by = in.Text();
  incident.resolved_at = in.I64();
  incident.resolved_by = in.Text();
  incident.reopened = static_cast<int>(in.I64());
  incident.previous_id = in.Text();
  incident.count = in.U64();
  if (in.format() < 3) {
    incident.firing = ReadNumbers(&in);
    incident.alerts = ReadNumbers(&in);
  }
  incident.epoch = static_cast<uint32_t>(in.U64());
  PolicySteps steps;
  incident.escalation = ReadEscalation(&in, &steps);
  for (uint64_t i = in.Count(); i > 0; --i) incident.paged.insert(in.Text());
  incident.audit_events = in.U64();
  if (in.format() >= 2) incident.escalation.held_at = in.I64();
  if (in.format() >= 3) {
    incident.moved_by = in.Text();
    incident.moved_at = in.I64();
    incident.moved_via = in.Text();
  }
  if (in.format() >= 4) ReadOverlays(&in, &incident, &steps);
  if (in.format() >= 5) {
    incident.escalation.by_name = in.Bool();
    incident.for_team = in.Bool();
    incident.for_service = in.Bool();
  }
  incident.escalation.steps = SharePolicySteps(std::move(steps));
  TRY(in.Finish());
  incident.group_labels = TRY(Labels::FromPacked(group_labels));
  incident.labels = TRY(Labels::FromPacked(labels));
  return incident;
}

std::string EncodeSlaClock(const SlaClock& clock) {
  RowWriter out(kSlaFormat);
  out.Enum(clock.kind)
      .I64(clock.started_at)
      .I64(clock.target)
      .I64(clock.paused)
      .I64(clock.stopped_at)
      .I64(clock.warned_50_at)
      .I64(clock.warned_80_at)
      .I64(clock.breached_at)
      .Bool(clock.discarded)
      .I64(clock.paused_since)
      .I64(clock.elapsed)
      .Text(clock.CalendarName())
      .U64(clock.pauses.size());
  for (const SlaPause& pause : clock.pauses) out.I64(pause.from).I64(pause.to);
  return out.Take();
}

StatusOr<SlaClock> DecodeSlaClock(std::string_view bytes) {
  RowReader in(bytes, kSlaFormat, "an SLA clock");
  SlaClock clock;
  clock.kind = in.Enum(SlaKind::kResolve);
  clock.started_at = in.I64();
  clock.target = in.I64();
  clock.paused = in.I64();
  clock.stopped_at = in.I64();
  clock.warned_50_at = in.I64();
  clock.warned_80_at = in.I64();
  clock.breached_at = in.I64();
  clock.discarded = in.Bool();
  if (in.format() >= 2) clock.paused_since = in.I64();
  if (in.format() >= 3) {
    clock.elapsed = in.I64();
    // What it counts is known to the configuration (RecountSla); until then all time counts.
    if (std::string name = in.Text(); !name.empty()) {
      BusinessCalendar::Options options;
      options.name = std::move(name);
      clock.calendar = std::make_shared<const BusinessCalendar>(std::move(options));
    }
    for (uint64_t i = in.Count(); i > 0; --i) {
      const Nanos from = in.I64();
      clock.pauses.push_back({from, in.I64()});
    }
  } else if (clock.stopped_at != 0) {
    clock.elapsed = clock.stopped_at - clock.started_at - clock.paused;
  }
  TRY(in.Finish());
  return clock;
}

}  // namespace outrider
