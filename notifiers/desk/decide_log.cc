// SPDX-License-Identifier: Apache-2.0
// The notification log of a group beyond the group itself: a group that is gone leaves it behind
// while it still says that something fires, and one that comes back finds it, as in Alertmanager
// (specs/alertmanager.md §2 "Nflog"). Anything else in a log decides nothing.
#include <algorithm>

#include "notifiers/desk/decide.h"
#include "storage/base/xxh64.h"

namespace outrider {
namespace {

// How long the log of a group is kept.
Nanos LogKeptUntil(const Transaction& tx, const GroupRecord& group) {
  const RouteConfig* route = tx.plan().RouteOf(group);
  if (route == nullptr) route = &tx.plan().config().alertmanager.route;
  const DurationMs keep = std::min(2 * route->repeat_interval, tx.plan().config().limits.retention);
  Nanos until = 0;
  for (const auto& [integration, entry] : group.log) {
    if (!entry.firing.empty()) until = std::max(until, entry.time + keep * kNanosPerMilli);
  }
  return until;
}

// Alertmanager's hash of an alert in its log.
uint64_t ForeignHash(const Labels& labels) {
  std::string bytes;
  for (const LabelView label : labels) {
    bytes.append(label.name).push_back('\xff');
    bytes.append(label.value).push_back('\xff');
  }
  return Xxh64(bytes);
}

// What the groups of its twin routes know better.
void AdoptTwinsLog(const Transaction& tx, GroupRecord* fresh) {
  for (const std::string& id : tx.plan().TwinsOf(*fresh)) {
    const GroupRecord* twin = tx.groups.Find(id);
    if (twin == nullptr) continue;
    for (const auto& [integration, entry] : twin->log) {
      NotificationLogEntry& known = fresh->log[integration];
      if (known.exists && known.time >= entry.time) continue;
      known = entry;
      const auto said = twin->receiver_data.find(integration);
      if (said != twin->receiver_data.end()) fresh->receiver_data[integration] = said->second;
    }
  }
}

}  // namespace

void LogTold(Transaction& tx, const std::string& group_id, const std::string& integration,
             const NotificationLogEntry& entry, const std::string& receiver_data) {
  const std::vector<std::string> twins = tx.plan().TwinsOf(*tx.groups.Find(group_id));
  const auto take = [&](GroupRecord& group) {
    group.log[integration] = entry;
    if (!receiver_data.empty()) group.receiver_data[integration] = receiver_data;
  };
  take(tx.groups.Edit(group_id));
  for (const std::string& id : twins) {
    const GroupRecord* twin = tx.groups.Find(id);
    if (twin != nullptr && !twin->asleep) take(tx.groups.Edit(id));
  }
}

bool TwinIsTelling(const Transaction& tx, const GroupRecord& group) {
  return std::ranges::any_of(tx.plan().TwinsOf(group),
                             [&](const std::string& id) { return !tx.RowsOfGroup(id).empty(); });
}

void WakeTwins(Transaction& tx, const std::string& group_id, Nanos now) {
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group == nullptr) return;
  for (const std::string& id : tx.plan().TwinsOf(*group)) {
    const GroupRecord* twin = tx.groups.Find(id);
    if (twin != nullptr && twin->postponed) tx.SetTimer(TimerKind::kGroupFlush, id, now);
  }
}

GroupRecord& BeginGroup(Transaction& tx, const GroupTarget& target, Nanos now) {
  GroupRecord fresh;
  if (const GroupRecord* asleep = tx.groups.Find(target.id)) {
    fresh.log = asleep->log;
    fresh.not_before = asleep->not_before;
    fresh.untold = asleep->untold;
  }
  fresh.id = target.id;
  fresh.key = target.key;
  fresh.route_key = target.route_key;
  fresh.receiver = target.receiver;
  fresh.twin = target.twin;
  AdoptTwinsLog(tx, &fresh);
  fresh.labels = target.labels;
  fresh.born = now;
  return tx.groups.Put(target.id, std::move(fresh));
}

bool PutToSleep(Transaction& tx, const std::string& group_id, Nanos now) {
  const GroupRecord* group = tx.groups.Find(group_id);
  const Nanos until = group == nullptr ? 0 : LogKeptUntil(tx, *group);
  if (until <= now) return false;
  GroupRecord& asleep = tx.groups.Edit(group_id);
  asleep.members = {};
  asleep.left = {};
  asleep.asleep = true;
  asleep.flush_resolved.clear();
  asleep.failed = false;
  asleep.postponed = false;
  asleep.reason.clear();
  tx.SetTimer(TimerKind::kGroupFlush, group_id, until);  // then nothing is left of it
  return true;
}

bool AwaitsGroup(const Transaction& tx, uint64_t fingerprint) {
  const auto ids = tx.state().left_behind.find(fingerprint);
  return ids != tx.state().left_behind.end() &&
         std::ranges::any_of(ids->second, [&](const std::string& id) {
           const GroupRecord* group = tx.groups.Find(id);
           return group != nullptr && group->left_behind && ToldFiring(*group, fingerprint);
         });
}

bool ToldResolved(const Transaction& tx, const OutboxRow& row, uint64_t fingerprint) {
  if (!tx.plan().config().fixes.resolved_told_once) return false;
  const GroupRecord* group = tx.groups.Find(row.group_id);
  if (group == nullptr) return false;
  const auto entry = group->log.find(row.integration);
  return entry != group->log.end() && entry->second.resolved.contains(fingerprint) &&
         !entry->second.firing.contains(fingerprint);
}

bool HasImported(const GroupRecord& group) {
  return std::ranges::any_of(
      group.log, [](const auto& entry) { return entry.second.resolved.contains(kImportedMark); });
}

void AdoptImported(GroupRecord& group, const Labels& labels, uint64_t fingerprint) {
  uint64_t foreign = 0;
  for (auto& [integration, entry] : group.log) {
    if (!entry.resolved.contains(kImportedMark)) continue;
    if (foreign == 0) foreign = ForeignHash(labels);
    if (entry.firing.contains(foreign)) entry.firing.insert(fingerprint);
    if (entry.resolved.contains(foreign)) entry.resolved.insert(fingerprint);
  }
}

}  // namespace outrider
