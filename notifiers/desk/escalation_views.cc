// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/escalation_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "notifiers/config/escalation_config.h"
#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {
namespace {

std::string StatusOf(const Incident& incident) {
  const Escalation& escalation = incident.escalation;
  if (escalation.tiers().empty()) return "none";
  if (!escalation.active) {
    return incident.state == IncidentState::kNew ? "completed" : "cancelled";
  }
  return escalation.loop == 0 && escalation.next_tier == 0 ? "pending" : "in_progress";
}

// Tiers whose pages are still to be sent, of the running epoch.
std::set<std::pair<int, int>> BeingTold(const Transaction& tx, const Incident& incident) {
  std::set<std::pair<int, int>> told;
  for (const std::string& id : tx.RowsOfIncident(incident.id)) {
    const OutboxRow& row = *tx.outbox.Find(id);
    if (ToldKind(row) == OutboxKind::kPage && row.epoch == incident.epoch) {
      told.insert({row.loop, row.tier});
    }
  }
  return told;
}

std::string TierStatus(const Incident& incident, int tier,
                       const std::set<std::pair<int, int>>& being_told) {
  const Escalation& escalation = incident.escalation;
  if (being_told.contains({escalation.loop, tier})) return "in_progress";
  if (tier < escalation.next_tier) return "completed";
  return escalation.active ? "pending" : "cancelled";
}

// What the trail says of a tier; the policy's fallback is the one behind the last.
void AddEvents(const std::vector<AuditEvent>& events, EscalationView* view) {
  std::map<std::string, TierView*> tiers;
  for (size_t i = 0; i < view->tiers.size(); ++i) tiers[std::to_string(i + 1)] = &view->tiers[i];
  for (const AuditEvent& event : events) {
    const bool told = event.kind == AuditKind::kEscalated ||
                      event.kind == AuditKind::kEscalationSkipped ||
                      event.kind == AuditKind::kPageDelivered ||
                      event.kind == AuditKind::kPageFailed || event.kind == AuditKind::kPageHeld;
    const auto tier = tiers.find(event.to);
    if (told && tier != tiers.end()) tier->second->events.push_back(event);
  }
}

// `escalation now`, empty tiers and holds move the round on: of tiers that were told the trail says
// when. Events of a tier are those of AddEvents.
void ShowWhenTold(const Escalation& escalation, EscalationView* view) {
  for (size_t i = 0; i < view->tiers.size(); ++i) {
    if (static_cast<int>(i) >= escalation.next_tier) break;
    TierView& tier = view->tiers[i];
    Nanos told = 0;
    Nanos passed = 0;  // it told nobody
    for (const AuditEvent& event : tier.events) {
      if (event.kind == AuditKind::kEscalated) told = event.time;
      if (event.kind == AuditKind::kEscalationSkipped) passed = event.time;
    }
    if (told == 0) told = passed;
    tier.due = told != 0 ? told : std::max(tier.due, escalation.started_at);
  }
}

// The policy, its tiers and whom they tell; each tier is asked at its time, but not before `now`.
EscalationView ViewOf(const Transaction& tx, const Escalation& escalation, Nanos now,
                      bool at_its_time) {
  EscalationView view;
  view.policy = escalation.policy;
  view.held = escalation.held_at != 0;
  view.round = escalation.loop + 1;
  view.rounds = escalation.repeat == kRepeatForever ? 0 : escalation.repeat + 1;
  view.repeat_interval = escalation.repeat_interval / kNanosPerMilli;
  const std::vector<Nanos> times = TierTimes(escalation);
  for (size_t i = 0; i < times.size(); ++i) {
    const EscalationTier& tier = escalation.tiers()[i];
    const StepPeople people = WhoIsTold(tx, escalation, static_cast<int>(i), tier.receivers,
                                        at_its_time ? std::max(now, times[i]) : now);
    view.tiers.push_back({.due = times[i],
                          .status = "pending",
                          .targets = tier.receivers,
                          .round_robin = tier.round_robin,
                          .tells = people.receivers,
                          .remarks = people.remarks,
                          .events = {}});
  }
  view.fallback = escalation.fallback();
  view.fallback_tells = WhoIsTold(tx, escalation, static_cast<int>(escalation.tiers().size()),
                                  escalation.fallback(), now)
                            .receivers;
  return view;
}

}  // namespace

StatusOr<EscalationView> Desk::GetEscalation(const std::string& incident_id, Nanos now) const {
  // The trail is read from the store, without the state's lock.
  const IncidentDetail detail = TRY(GetIncident(incident_id, now));
  const Incident& incident = *detail.incident;
  EscalationView view;
  {
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    const Transaction tx(impl_->state, *impl_->plan, nullptr, nullptr);
    view = ViewOf(tx, incident.escalation, now, /*at_its_time=*/false);
    const std::set<std::pair<int, int>> being_told = BeingTold(tx, incident);
    for (size_t i = 0; i < view.tiers.size(); ++i) {
      view.tiers[i].status = TierStatus(incident, static_cast<int>(i), being_told);
    }
  }
  view.status = StatusOf(incident);
  view.next_due = detail.next_escalation_at;
  AddEvents(detail.events, &view);
  ShowWhenTold(incident.escalation, &view);
  return view;
}

EscalationView Desk::PreviewEscalation(const Alert& alert, Severity severity, Nanos at) const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  const Transaction tx(impl_->state, *impl_->plan, nullptr, nullptr);
  Escalation escalation;
  TakePolicy(ChoosePolicy(impl_->plan->incidents(), severity, alert, at), &escalation);
  escalation.loop_at = at;
  EscalationView view = ViewOf(tx, escalation, at, /*at_its_time=*/true);
  if (!view.tiers.empty()) {
    view.status = "pending";
    view.next_due = view.tiers.front().due;
  }
  return view;
}

std::vector<PolicyView> Desk::Policies() const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  std::vector<PolicyView> views;
  for (const EscalationPolicy& policy : impl_->plan->incidents().escalation_policies) {
    views.push_back({.policy = policy, .configured = true, .incidents = {}});
  }
  for (const auto& [id, incident] : impl_->state.incidents) {
    const Escalation& escalation = incident->escalation;
    if (!incident->Open() || escalation.policy.empty()) continue;
    auto view = std::ranges::find(views, escalation.policy,
                                  [](const PolicyView& known) { return known.policy.name; });
    if (view == views.end()) {
      PolicyView gone;
      gone.policy.name = escalation.policy;
      gone.policy.tiers = escalation.tiers();
      gone.policy.fallback = escalation.fallback();
      gone.policy.repeat = escalation.repeat;
      gone.policy.repeat_interval = escalation.repeat_interval / kNanosPerMilli;
      gone.configured = false;
      views.push_back(std::move(gone));
      view = std::prev(views.end());
    }
    view->incidents.push_back(id);
  }
  return views;
}

}  // namespace outrider
