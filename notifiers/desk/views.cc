// SPDX-License-Identifier: Apache-2.0
// Snapshots for the outside.
#include "notifiers/desk/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/incident/audit_trail.h"
#include "notifiers/mute/time_interval.h"
#include "notifiers/route/alert_order.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

template <typename T>
bool AnyOrHas(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool GroupOrder(const AlertView& a, const AlertView& b) {
  return AlertBefore(a.alert.labels, b.alert.labels);
}

// As a notification about these alerts would have them.
Labels RouteLabelsOf(const Plan& plan, const GroupRecord& group, const GroupView& view, Nanos now) {
  const RouteConfig* route = plan.RouteOf(group);
  Notification notification;
  notification.receiver = group.receiver;
  notification.group_key = group.key;
  notification.group_labels = group.labels;
  notification.external_url = plan.config().external_url;
  notification.now = now;
  if (route != nullptr && !route->labels.empty()) {
    for (const AlertView& alert : view.alerts) notification.alerts.push_back(alert.alert);
  }
  return Labels::FromMap(RouteLabels(plan, route, notification));
}

}  // namespace

AlertView Desk::Impl::ViewAlert(const AlertRecord& record, Nanos now) const {
  AlertView view;
  view.alert = record.alert;
  view.fingerprint = record.alert.labels.FingerprintHex();
  view.silenced_by = SilencedBy(*state.silences, record.alert.labels, now);
  if (const std::optional<uint64_t> by = inhibitor.InhibitedBy(record.alert.labels)) {
    view.inhibited_by.push_back(FingerprintHex(*by));
  }
  view.active = view.silenced_by.empty() && view.inhibited_by.empty();
  for (const GroupTarget& target : plan->Targets(record.alert)) {
    if (std::find(view.receivers.begin(), view.receivers.end(), target.receiver) ==
        view.receivers.end()) {
      view.receivers.push_back(target.receiver);
    }
  }
  view.incident_id = record.incident_id;
  view.resolved = !record.firing || record.alert.ResolvedAt(now);
  return view;
}

std::vector<AlertView> Desk::Alerts(Nanos now) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  std::vector<AlertView> views;
  for (const auto& [fingerprint, record] : impl.state.alerts) {
    if (record->firing && !record->alert.ResolvedAt(now)) {
      views.push_back(impl.ViewAlert(*record, now));
    }
  }
  return views;
}

std::vector<GroupView> Desk::Groups(Nanos now) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const DeskState& state = impl.state;
  std::vector<GroupView> views;
  for (const auto& [id, group] : state.groups) {
    if (group->members.empty()) continue;  // only its log is left
    GroupView view;
    view.key = group->key;
    view.labels = group->labels;
    view.receiver = group->receiver;
    view.last_flush = group->flushed_at;
    view.last_reason = group->reason;
    const auto timer = state.timers.find({TimerKind::kGroupFlush, id});
    if (timer != state.timers.end()) view.next_flush = timer->second;
    RouteMute mute;
    if (const RouteConfig* route = impl.plan->RouteOf(*group)) {
      mute = MutedAt(impl.plan->config().alertmanager.time_intervals, route->mute_time_intervals,
                     route->active_time_intervals, now);
    }
    for (const uint64_t fingerprint : group->members) {
      const auto record = state.alerts.find(fingerprint);
      if (record == state.alerts.end()) continue;
      AlertView alert = impl.ViewAlert(*record->second, now);
      if (alert.resolved) continue;
      if (mute.muted) alert.muted_by = mute.names;
      alert.active = alert.active && !mute.muted;
      view.alerts.push_back(std::move(alert));
    }
    std::sort(view.alerts.begin(), view.alerts.end(), GroupOrder);
    view.route_labels = RouteLabelsOf(*impl.plan, *group, view, now);
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(), [](const GroupView& a, const GroupView& b) {
    return a.labels == b.labels ? a.receiver < b.receiver : LabelSetBefore(a.labels, b.labels);
  });
  return views;
}

IncidentPage Desk::Incidents(const IncidentFilter& filter) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  std::vector<std::shared_ptr<const Incident>> matching;
  for (const auto& [id, incident] : impl.state.incidents) {
    if (AnyOrHas(filter.states, incident->state) &&
        AnyOrHas(filter.severities, incident->severity)) {
      matching.push_back(incident);
    }
  }
  std::sort(matching.begin(), matching.end(), [](const auto& a, const auto& b) {
    return a->received_at == b->received_at ? a->id < b->id : a->received_at > b->received_at;
  });
  IncidentPage page;
  page.total = matching.size();
  const size_t from = std::min(filter.offset, matching.size());
  const size_t to = from + std::min(filter.limit, matching.size() - from);
  page.incidents.assign(matching.begin() + static_cast<std::ptrdiff_t>(from),
                        matching.begin() + static_cast<std::ptrdiff_t>(to));
  return page;
}

StatusOr<IncidentDetail> Desk::GetIncident(const std::string& id, Nanos now) const {
  IncidentDetail detail;
  {
    const Impl& impl = *impl_;
    absl::ReaderMutexLock lock(&impl.state_mutex);
    const DeskState& state = impl.state;
    const auto incident = state.incidents.find(id);
    if (incident == state.incidents.end()) return NotFound(fmt::format("no incident {}", id));
    detail.incident = incident->second;
    for (const uint64_t fingerprint : incident->second->alerts) {
      const auto record = state.alerts.find(fingerprint);
      if (record == state.alerts.end()) continue;
      detail.alerts.push_back(impl.ViewAlert(*record->second, now));
    }
    const auto timer = state.timers.find({TimerKind::kEscalate, id});
    if (timer != state.timers.end()) detail.next_escalation_at = timer->second;
  }
  Status status;
  TRY(impl_->store.Scan(Family::kAudit, AuditPrefix(id), "", [&](const Row& row) {
    StatusOr<AuditEvent> event = DecodeAuditEvent(row.value);
    status = event.status();
    if (event.ok()) detail.events.push_back(*std::move(event));
    return status.ok();
  }));
  TRY(status);
  return detail;
}

std::vector<Silence> Desk::Silences() const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  std::vector<Silence> silences;
  for (const auto& [id, silence] : *impl.state.silences) silences.push_back(silence);
  return silences;
}

StatusOr<Silence> Desk::GetSilence(const std::string& id) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const auto it = impl.state.silences->find(id);
  if (it == impl.state.silences->end()) return NotFound(fmt::format("silence {} not found", id));
  return it->second;
}

std::vector<DeliveryView> Desk::RecentDeliveries(size_t limit) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  std::vector<DeliveryView> newest;
  newest.reserve(std::min(limit, impl.deliveries.size()));
  for (const DeliveryView& delivery : std::views::reverse(impl.deliveries)) {
    if (newest.size() == limit) break;
    newest.push_back(delivery);
  }
  return newest;
}

std::vector<OutboxRow> Desk::Outbox() const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  std::vector<OutboxRow> rows;
  for (const auto& [id, row] : impl.state.outbox) rows.push_back(*row);
  return rows;
}

std::shared_ptr<const DeskConfig> Desk::config() const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  return impl.plan->shared_config();
}

StatusOr<uint64_t> Desk::VerifyAudit() const {
  uint64_t events = 0;
  for (int bucket = 0; bucket < kAuditBuckets; ++bucket) {
    absl::MutexLock lock(&impl_->event_mutex);  // no commit between head and events
    events += TRY(VerifyAuditBucket(impl_->store, static_cast<uint8_t>(bucket)));
  }
  return events;
}

StatusOr<std::vector<AuditEvent>> Desk::AuditEvents(uint8_t bucket) const {
  return ReadAuditBucket(impl_->store, bucket);
}

}  // namespace outrider
