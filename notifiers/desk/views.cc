// SPDX-License-Identifier: Apache-2.0
// Snapshots for the outside.
#include "notifiers/desk/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <tuple>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/incident/audit_trail.h"
#include "notifiers/incident/opened_index.h"
#include "notifiers/mute/time_interval.h"
#include "notifiers/route/alert_order.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// How much of a walk is looked at under one hold of the lock.
constexpr size_t kPage = 256;

using SharedRecord = std::shared_ptr<const AlertRecord>;

bool GroupOrder(const SharedRecord& a, const SharedRecord& b) {
  return AlertBefore(a->labels(), b->labels());
}

}  // namespace

AlertView Desk::Impl::ViewAlert(const AlertRecord& record, Nanos now) const {
  AlertView view;
  view.alert = record.ToAlert();
  view.fingerprint = FingerprintHex(record.fingerprint());
  view.silenced_by = SilencedBy(*state.silences, record.labels(), now);
  if (const std::optional<uint64_t> by = inhibitor.InhibitedBy(record.labels())) {
    view.inhibited_by.push_back(FingerprintHex(*by));
  }
  view.active = view.silenced_by.empty() && view.inhibited_by.empty();
  view.receivers = plan->ReceiversOf(record);
  view.incident_id = record.incident_id;
  view.resolved = !record.firing || record.ResolvedAt(now);
  return view;
}

AlertPages Desk::WalkAlerts(Nanos now, std::function<bool(const Labels&)> wanted) const {
  std::vector<uint64_t> fingerprints;
  {
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    fingerprints.reserve(impl_->state.alerts.size());
    for (const auto& [fingerprint, record] : impl_->state.alerts) {
      fingerprints.push_back(fingerprint);
    }
  }
  std::sort(fingerprints.begin(), fingerprints.end());
  return [impl = impl_.get(), now, wanted = std::move(wanted),
          fingerprints = std::make_shared<const std::vector<uint64_t>>(std::move(fingerprints)),
          next = size_t{0}](std::vector<AlertView>* page) mutable {
    page->clear();
    const size_t end = std::min(fingerprints->size(), next + kPage);
    absl::ReaderMutexLock lock(&impl->state_mutex);
    for (; next < end; ++next) {
      const auto record = impl->state.alerts.find((*fingerprints)[next]);
      if (record == impl->state.alerts.end()) continue;
      const AlertRecord& row = *record->second;
      if (!row.firing || row.ResolvedAt(now) || (wanted && !wanted(row.labels()))) continue;
      page->push_back(impl->ViewAlert(row, now));
    }
    return next < fingerprints->size();
  };
}

std::vector<AlertView> Desk::Alerts(Nanos now) const {
  std::vector<AlertView> all;
  std::vector<AlertView> page;
  AlertPages pages = WalkAlerts(now, nullptr);
  for (bool more = true; more;) {
    more = pages(&page);
    std::ranges::move(page, std::back_inserter(all));
  }
  return all;
}

GroupView Desk::Impl::ViewGroup(const GroupRecord& group, Nanos now) const {
  GroupView view;
  view.key = group.key;
  view.labels = group.labels;
  view.receiver = group.receiver;
  view.last_flush = group.flushed_at;
  view.last_reason = group.reason;
  view.next_flush = state.timers.Due({TimerKind::kGroupFlush, group.id});
  if (const RouteConfig* route = plan->RouteOf(group)) {
    const RouteMute mute = MutedAt(plan->config().alertmanager.time_intervals,
                                   route->mute_time_intervals, route->active_time_intervals, now);
    if (mute.muted) view.muted_by = mute.names;
    view.muted = mute.muted;
  }
  return view;
}

namespace {

// A walk over groups: the groups as they were when it began, the alerts of one at a time.
struct GroupWalk {
  std::vector<std::shared_ptr<const GroupRecord>> groups;  // sorted
  size_t next_group = 0;
  std::vector<SharedRecord> alerts;  // of the group that is open, sorted
  size_t next_alert = 0;
  Labels route_labels;  // of that group

  bool open() const { return next_alert < alerts.size(); }
};

bool GroupsInOrder(const std::shared_ptr<const GroupRecord>& a,
                   const std::shared_ptr<const GroupRecord>& b) {
  if (a->labels != b->labels) return LabelSetBefore(a->labels, b->labels);
  return std::tie(a->receiver, a->key, a->twin) < std::tie(b->receiver, b->key, b->twin);
}

}  // namespace

GroupPages Desk::WalkGroups(Nanos now, std::function<bool(const Labels&)> wanted,
                            const std::function<bool(const std::string&)>& wants_receiver) const {
  auto walk = std::make_shared<GroupWalk>();
  {
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    walk->groups.reserve(impl_->state.groups.size());
    for (const auto& [id, group] : impl_->state.groups) {
      if (!group->members.empty()) walk->groups.push_back(group);  // else only its log is left
    }
  }
  if (wants_receiver) {
    std::erase_if(walk->groups,
                  [&](const auto& group) { return !wants_receiver(group->receiver); });
  }
  std::sort(walk->groups.begin(), walk->groups.end(), GroupsInOrder);
  const auto open_next = [impl = impl_.get(), walk, now, wanted = std::move(wanted)] {
    walk->alerts.clear();
    walk->next_alert = 0;
    const GroupRecord& group = *walk->groups[walk->next_group++];
    std::shared_ptr<const Plan> plan;
    {
      absl::ReaderMutexLock lock(&impl->state_mutex);
      plan = impl->plan;
      for (const uint64_t fingerprint : group.members) {
        const auto record = impl->state.alerts.find(fingerprint);
        if (record != impl->state.alerts.end()) walk->alerts.push_back(record->second);
      }
    }
    // Once a group, and while nobody waits: they may need all its alerts.
    const auto take_all = [&](std::vector<Alert>* alerts) {
      for (const SharedRecord& record : walk->alerts) alerts->push_back(record->ToAlert());
    };
    walk->route_labels = Labels::FromMap(RouteLabels(*plan, group, take_all, now, nullptr));
    std::erase_if(walk->alerts, [&](const SharedRecord& record) {
      return !record->firing || record->ResolvedAt(now) || (wanted && !wanted(record->labels()));
    });
    std::sort(walk->alerts.begin(), walk->alerts.end(), GroupOrder);
  };
  return [impl = impl_.get(), walk, now, open_next](GroupView* view, bool* more) {
    if (!walk->open()) {
      if (walk->next_group == walk->groups.size()) return false;
      open_next();
    }
    const GroupRecord& group = *walk->groups[walk->next_group - 1];
    absl::ReaderMutexLock lock(&impl->state_mutex);
    *view = impl->ViewGroup(group, now);
    view->route_labels = walk->route_labels;
    const size_t end = std::min(walk->alerts.size(), walk->next_alert + kPage);
    for (; walk->next_alert < end; ++walk->next_alert) {
      AlertView alert = impl->ViewAlert(*walk->alerts[walk->next_alert], now);
      if (view->muted) alert.muted_by = view->muted_by;
      alert.active = alert.active && !view->muted;
      view->alerts.push_back(std::move(alert));
    }
    *more = walk->open();
    return true;
  };
}

std::vector<GroupView> Desk::Groups(Nanos now) const {
  std::vector<GroupView> all;
  const GroupPages pages = WalkGroups(now, nullptr, nullptr);
  GroupView view;
  bool goes_on = false;
  for (bool more = false; pages(&view, &more); goes_on = more) {
    if (goes_on) {
      std::ranges::move(view.alerts, std::back_inserter(all.back().alerts));
    } else {
      all.push_back(std::move(view));
    }
  }
  return all;
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
    const auto parts = state.parts.find(id);
    if (parts != state.parts.end()) detail.parts = {parts->second.begin(), parts->second.end()};
    detail.next_escalation_at = state.timers.Due({TimerKind::kEscalate, id});
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

Status Desk::AuditOfOpened(Nanos from, Nanos to,
                           const std::function<void(const AuditEvent&)>& take) const {
  return ReadAuditOfOpened(impl_->store, from, to, take);
}

}  // namespace outrider
