// SPDX-License-Identifier: Apache-2.0
// Aggregation groups: timers, and the stages of a flush in Alertmanager's order: inhibit, active
// and mute times, silence, then per integration de-duplicate and queue. Source:
// specs/alertmanager.md §2 "Aggregation group", "Stages".
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/desk/history.h"
#include "notifiers/mute/time_interval.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kMinFlushTimeout = 10 * kSecond;

// What a flush tells, after the stages that drop alerts.
struct Snapshot {
  NumberSet firing;
  NumberSet resolved;
  size_t inhibited = 0;
  size_t silenced = 0;
  std::vector<std::string> muted_by;  // time intervals: all alerts are dropped
  FlushRecord record;                 // the same for the history
  bool Complete() const { return inhibited == 0 && silenced == 0 && muted_by.empty(); }
};

// One flush in the making.
struct Flush {
  const RouteConfig& route;
  GroupRecord* group;
  Snapshot snapshot;
  Nanos now;            // the real time; the group's flushed_at is the time of the decision
  Nanos repeat_at = 0;  // the earliest repeat, as far as there is nothing else to say …
  bool quiet = true;    // … to any integration
};

Snapshot TakeSnapshot(Transaction& tx, const RouteConfig& route, GroupRecord* group, Nanos due) {
  Snapshot snapshot;
  FlushRecord& record = snapshot.record;
  const AlertmanagerConfig& config = tx.plan().config().alertmanager;
  const RouteMute mute =
      MutedAt(config.time_intervals, route.mute_time_intervals, route.active_time_intervals, due);
  if (mute.muted) snapshot.muted_by = record.muted_by = mute.names;
  record.by_active_interval = mute.muted && mute.by_active;
  group->flush_resolved.clear();
  std::vector<uint64_t> told_firing;
  std::vector<uint64_t> told_resolved;
  for (const uint64_t fingerprint : group->members) {
    const AlertRecord* alert = tx.alerts.Find(fingerprint);
    if (alert == nullptr) continue;
    const bool firing = alert->firing && !alert->ResolvedAt(due);
    if (!firing) group->flush_resolved[fingerprint] = alert->updated_at;
    if (const auto by = tx.inhibitor().InhibitedBy(alert->labels())) {
      ++snapshot.inhibited;
      record.inhibited[FingerprintHex(*by)].insert(fingerprint);
    } else if (mute.muted) {
      record.muted.insert(fingerprint);
    } else if (const auto ids = SilencedBy(tx.silences(), alert->labels(), due); !ids.empty()) {
      ++snapshot.silenced;
      record.silenced[Join(ids, ", ")].insert(fingerprint);
    } else if (const std::string window = InMaintenance(tx, alert->labels(), due);
               !window.empty()) {
      // As behind a silence: told when the window is over, if it still fires then.
      ++snapshot.silenced;
      record.silenced["maintenance:" + window].insert(fingerprint);
    } else {
      (firing ? told_firing : told_resolved).push_back(fingerprint);
    }
  }
  snapshot.firing = NumberSet::FromSorted(told_firing);
  snapshot.resolved = NumberSet::FromSorted(told_resolved);
  return snapshot;
}

// Returns the id of the message.
std::string QueueRoute(Transaction& tx, const Integration& integration, const Flush& flush,
                       NotifyReason reason) {
  GroupRecord* group = flush.group;
  OutboxRow row;
  row.kind = OutboxKind::kRoute;
  row.receiver = group->receiver;
  row.integration = IntegrationName(integration);
  row.id = RouteKey(group->twin == 0 ? group->key : fmt::format("{}/{}", group->key, group->twin),
                    row.receiver, row.integration, group->born, group->flush);
  row.reason = NotifyReasonText(reason);
  row.created_at = group->flushed_at;
  // After a pause a flush is late; it has its time nevertheless.
  row.deadline =
      flush.now + std::max(flush.route.group_interval, kMinFlushTimeout) * kNanosPerMilli;
  const auto wait = group->not_before.find(row.integration);
  row.due = row.created_at;
  if (wait != group->not_before.end()) {
    if (wait->second > row.created_at) {
      row.due = wait->second;  // and so for the next flush, if it comes before
    } else {
      group->not_before.erase(wait);
    }
  }
  row.group_id = group->id;
  row.flush = group->flush;
  row.firing = flush.snapshot.firing;
  if (integration.send_resolved) row.resolved = flush.snapshot.resolved;
  // The same again, after attempts of which one may have arrived: so that the far side can tell.
  const auto untold = group->untold.find(row.integration);
  if (untold != group->untold.end() && untold->second.firing == row.firing &&
      untold->second.resolved == row.resolved) {
    row.id = untold->second.key;
  }
  // A new story: what the channel said of the message before (where it stands) is of the old one.
  if (reason == NotifyReason::kFirstNotification) group->receiver_data.erase(row.integration);
  tx.outbox.Put(row.id, row);
  return row.id;
}

// Whether somebody works on every alert that fires here.
bool AllAcknowledged(const Transaction& tx, const NumberSet& firing) {
  return std::all_of(firing.begin(), firing.end(), [&](uint64_t fingerprint) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    const Incident* incident = record == nullptr ? nullptr : tx.incidents.Find(record->incident_id);
    return incident != nullptr && incident->state != IncidentState::kNew;
  });
}

FlushRecord::Decision FlushIntegration(Transaction& tx, const Integration& integration,
                                       Flush* flush) {
  const std::string name = IntegrationName(integration);
  const RouteConfig& route = flush->route;
  const Snapshot& snapshot = flush->snapshot;
  NotificationLogEntry& entry = flush->group->log[name];
  const Nanos told_at =
      ToldAt(tx.plan().config().fixes, entry.time, flush->group->flushed_at, route.group_interval);
  // Only the repeat looks at the time, and it at what has passed since.
  const NotifyReason reason =
      DecideNotify(entry, snapshot.firing, snapshot.resolved, integration.send_resolved,
                   route.repeat_interval, flush->group->flushed_at + (entry.time - told_at));
  const Nanos repeat_at = told_at + route.repeat_interval * kNanosPerMilli;
  flush->repeat_at = flush->repeat_at == 0 ? repeat_at : std::min(flush->repeat_at, repeat_at);
  flush->quiet = flush->quiet && reason == NotifyReason::kNothingNew;
  FlushRecord::Decision decision{name, std::string(NotifyReasonText(reason)), ""};
  if (!ShouldNotify(reason)) return decision;
  if (reason == NotifyReason::kRepeatInterval && tx.plan().incidents().ack_stops_repeats &&
      AllAcknowledged(tx, snapshot.firing)) {
    decision.text += " (not sent: acknowledged)";
    return decision;
  }
  if (snapshot.firing.empty() && !integration.send_resolved) {
    // Nobody is told, but the log knows, so that the next firing is news.
    LogTold(tx, flush->group->id, name,
            {.exists = true,
             .time = flush->group->flushed_at,
             .firing = {},
             .resolved = snapshot.resolved},
            "");
    decision.text += " (not sent: send_resolved is off)";
    return decision;
  }
  decision.message_id = QueueRoute(tx, integration, *flush, reason);
  return decision;
}

std::string DroppedText(const Snapshot& snapshot) {
  std::string text;
  if (snapshot.inhibited > 0) text += fmt::format("{} inhibited; ", snapshot.inhibited);
  if (!snapshot.muted_by.empty())
    text += fmt::format("muted by {}; ", Join(snapshot.muted_by, ", "));
  if (snapshot.silenced > 0) text += fmt::format("{} silenced; ", snapshot.silenced);
  return text;
}

// The first beat of the group behind `after`: a whole number of intervals behind its flush at
// `beat`. After a pause those that were missed are one.
Nanos NextBeat(const RouteConfig& route, Nanos beat, Nanos after) {
  const int64_t interval = std::max<DurationMs>(route.group_interval, 1) * kNanosPerMilli;
  return beat + interval * (after > beat ? (after - beat) / interval + 1 : 1);
}

void Remember(Transaction& tx, Flush* flush) {
  const GroupRecord& group = *flush->group;
  FlushRecord record = std::move(flush->snapshot.record);
  record.time = group.flushed_at;
  record.group_id = group.id;
  record.group_key = group.key;
  record.route_key = group.route_key;
  record.receiver = group.receiver;
  record.flush = group.flush;
  record.firing = std::move(flush->snapshot.firing);
  record.resolved = std::move(flush->snapshot.resolved);
  KeepFlush(tx, std::move(record));
}

// Every integration is asked; returns when the next flush is due. A group whose alerts are all told
// and none held back has nothing to say before its repeat unless one of them changes (which hastens
// the flush): it sleeps until then, so that quiet groups cost no writes.
Nanos AskIntegrations(Transaction& tx, const Receiver* receiver, Flush* flush) {
  GroupRecord& group = *flush->group;
  group.reason = DroppedText(flush->snapshot);
  const bool any = !flush->snapshot.firing.empty() || !flush->snapshot.resolved.empty();
  for (size_t i = 0; any && receiver != nullptr && i < receiver->integrations.size(); ++i) {
    FlushRecord::Decision decision = FlushIntegration(tx, receiver->integrations[i], flush);
    // For people, e.g. `webhook[0]: new alerts added; `.
    group.reason += fmt::format("{}: {}; ", decision.integration, decision.text);
    flush->snapshot.record.decisions.push_back(std::move(decision));
  }
  const bool sleeps = flush->quiet && flush->repeat_at != 0 && flush->snapshot.Complete();
  return NextBeat(flush->route, group.flushed_at,
                  sleeps ? std::max(flush->repeat_at, flush->now) : flush->now);
}

}  // namespace

namespace {

void HastenFlushOf(Transaction& tx, const GroupRecord& group, Nanos now) {
  if (group.flushed_at == 0) return;  // its first flush is set
  const RouteConfig* route = tx.plan().RouteOf(group);
  if (route == nullptr) return;
  // A message that is being tried again is not cut off by a flush that comes early.
  const bool at_once = route->at_once && tx.RowsOfGroup(group.id).empty();
  const Nanos beat = at_once ? now : NextBeat(*route, group.flushed_at, now);
  const Nanos set = tx.TimerDue(TimerKind::kGroupFlush, group.id);
  if (set == 0 || set > beat) tx.SetTimer(TimerKind::kGroupFlush, group.id, beat);
}

}  // namespace

void HastenFlush(Transaction& tx, const std::string& group_id, Nanos now) {
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group != nullptr) HastenFlushOf(tx, *group, now);
}

namespace {

// That it is in the group follows from its own row, unless the group's says that it left.
void Join(Transaction& tx, const GroupRecord& group, const AlertRecord& record) {
  const uint64_t fingerprint = record.fingerprint();
  const bool writes = group.left.contains(fingerprint) || HasImported(group);
  if (!writes) return tx.groups.AddSoftly(group.id, {fingerprint});
  GroupRecord& edited = tx.groups.Edit(group.id);
  edited.members.insert(fingerprint);
  edited.left.erase(fingerprint);
  AdoptImported(edited, record.labels(), fingerprint);
}

}  // namespace

namespace {

// False: nobody is in the group yet, or there is none.
bool RouteToKnown(Transaction& tx, const GroupRecord* group, const AlertRecord& record, bool news,
                  Nanos now) {
  if (group == nullptr || group->members.empty()) return false;
  const bool joins = record.firing && !group->members.contains(record.fingerprint());
  // First, so that the group need not be looked up with the alert in it.
  if (joins || news) HastenFlushOf(tx, *group, now);
  if (joins) Join(tx, *group, record);
  return true;
}

void RouteTo(Transaction& tx, const GroupTarget& target, const AlertRecord& record, bool news,
             Nanos now) {
  if (RouteToKnown(tx, tx.groups.Find(target.id), record, news, now) || !record.firing) return;
  OpenGroup(tx, target, record, now);
}

// The group of a match, if it can be found by its place.
const GroupRecord* FindByPlace(const Transaction& tx, const RouteMatch& match) {
  const auto id = tx.state().group_places.find(match.place);
  if (id == tx.state().group_places.end()) return nullptr;
  const GroupRecord* group = tx.groups.Find(id->second);
  const bool same = group != nullptr && group->twin == match.twin &&
                    group->labels == match.labels && group->route_key == match.route->key &&
                    group->receiver == match.route->receiver;
  return same ? group : nullptr;
}

}  // namespace

void RouteAlert(Transaction& tx, const AlertRecord& record, bool news, Nanos now) {
  if (tx.plan().HasOwnReceiver(record)) {
    for (const GroupTarget& target : tx.plan().Targets(record)) {
      RouteTo(tx, target, record, news, now);
    }
    return;
  }
  for (RouteMatch& match : tx.plan().Matches(record)) {
    if (RouteToKnown(tx, FindByPlace(tx, match), record, news, now)) continue;
    RouteTo(tx, tx.plan().TargetOf(std::move(match)), record, news, now);
  }
}

void OpenGroup(Transaction& tx, const GroupTarget& target, const AlertRecord& record, Nanos now) {
  GroupRecord& begun = BeginGroup(tx, target, now);
  begun.members.insert(record.fingerprint());
  AdoptImported(begun, record.labels(), record.fingerprint());
  const int64_t wait = target.route->group_wait * kNanosPerMilli;
  // An alert that has waited long enough elsewhere does not wait again.
  const bool at_once = record.starts_at.nanos < now - wait;
  tx.SetTimer(TimerKind::kGroupFlush, target.id, at_once ? now : now + wait);
}

void FlushGroup(Transaction& tx, const std::string& group_id, Nanos due, Nanos now) {
  const GroupRecord* found = tx.groups.Find(group_id);
  const RouteConfig* route = found == nullptr ? nullptr : tx.plan().RouteOf(*found);
  if (route == nullptr || found->members.empty()) {
    for (const uint64_t fingerprint : DestroyGroup(tx, group_id, due)) {
      ForgetIfDone(tx, fingerprint);
    }
    return;
  }
  if (IsDamped(tx, group_id, due)) return;
  GroupRecord& group = tx.groups.Edit(group_id);
  tx.SetTimer(TimerKind::kGroupFlush, group_id, NextBeat(*route, due, now));
  const std::vector<std::string> live = tx.RowsOfGroup(group_id);
  for (const std::string& id : live) {
    const OutboxRow& row = *tx.outbox.Find(id);
    if (row.state != OutboxState::kSending && !row.unknown) continue;
    group.postponed = true;  // flushes of a group are serial: on again when its outcome is known
    return;
  }
  if (TwinIsTelling(tx, group)) {
    group.postponed = true;
    return;
  }
  group.postponed = false;
  ++group.flush;
  group.flushed_at = due;
  for (const std::string& id : live) {
    EndRow(tx, id, OutboxOutcome::kSuperseded, "a later flush of the group takes its place", due);
  }
  group.failed = false;
  Flush flush{.route = *route,
              .group = &group,
              .snapshot = TakeSnapshot(tx, *route, &group, due),
              .now = now};
  tx.SetTimer(TimerKind::kGroupFlush, group_id,
              AskIntegrations(tx, tx.plan().receivers().Find(group.receiver), &flush));
  Remember(tx, &flush);
  if (!tx.RowsOfGroup(group_id).empty()) return;
  if (!live.empty()) WakeTwins(tx, group_id, now);
  SettleGroup(tx, group_id, due);
}

namespace {

// Whoever left before and is forgotten since need not be remembered.
void RememberLeft(Transaction& tx, const std::string& group_id, NumberSet left) {
  const NumberSet& before = tx.groups.Find(group_id)->left;
  if (left.empty() && before.empty()) return;
  for (const uint64_t fingerprint : before) {
    if (tx.alerts.Find(fingerprint) != nullptr) left.insert(fingerprint);
  }
  tx.groups.Edit(group_id).left = std::move(left);
}

}  // namespace

void SettleGroup(Transaction& tx, const std::string& group_id, Nanos now) {
  const GroupRecord* found = tx.groups.Find(group_id);
  if (found == nullptr || found->failed) return;
  std::vector<uint64_t> done;
  for (const auto& [fingerprint, updated_at] : found->flush_resolved) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr || (!record->firing && record->updated_at == updated_at)) {
      done.push_back(fingerprint);
    }
  }
  if (done.empty()) return;
  GroupRecord& group = tx.groups.Edit(group_id);
  group.flush_resolved.clear();
  for (const uint64_t fingerprint : done) {
    group.members.erase(fingerprint);
    // An alert that left without being told as resolved (silenced meanwhile) is news when it fires
    // again; without the fix the log goes on saying that it fires.
    if (!tx.plan().config().fixes.refire_after_silence) continue;
    for (auto& [integration, entry] : group.log) entry.firing.erase(fingerprint);
  }
  const bool gone = group.members.empty();
  if (gone) DestroyGroup(tx, group_id, now);
  NumberSet left;
  for (const uint64_t fingerprint : done) {
    ForgetIfDone(tx, fingerprint);
    if (tx.alerts.Find(fingerprint) != nullptr) left.insert(fingerprint);  // others tell it still
  }
  if (!gone) RememberLeft(tx, group_id, std::move(left));
}

NumberSet DestroyGroup(Transaction& tx, const std::string& group_id, Nanos now) {
  const std::vector<std::string> live = tx.RowsOfGroup(group_id);
  for (const std::string& id : live) {
    EndRow(tx, id, OutboxOutcome::kSuperseded, "its group is gone", now);
  }
  if (!live.empty()) WakeTwins(tx, group_id, now);
  tx.CancelTimer(TimerKind::kGroupFlush, group_id);
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group == nullptr || PutToSleep(tx, group_id, now)) return {};
  NumberSet waited = group->left_behind ? FiringInLog(*group) : NumberSet();
  tx.groups.Erase(group_id);
  return waited;
}

}  // namespace outrider
