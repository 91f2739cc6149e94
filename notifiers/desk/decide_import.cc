// SPDX-License-Identifier: Apache-2.0
// What another program knew becomes ours: silences as they are, log entries as the logs of groups
// that are asleep until their alerts come.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/route/route_tree.h"

namespace outrider {
namespace {

// The route that made the key, for this receiver: the longest, since one key may begin another.
const RouteConfig* RouteOfKey(const Plan& plan, const ImportedLogEntry& entry) {
  const RouteConfig* best = nullptr;
  for (const RouteConfig* route : AllRoutes(plan.config().alertmanager.route)) {
    if (route->receiver != entry.receiver) continue;
    if (!entry.group_key.starts_with(route->key + ":{")) continue;
    if (best == nullptr || route->key.size() > best->key.size()) best = route;
  }
  return best;
}

NotificationLogEntry ToEntry(const ImportedLogEntry& imported) {
  NotificationLogEntry entry;
  entry.exists = true;
  entry.time = imported.told_at;
  for (const uint64_t hash : imported.firing) entry.firing.insert(hash);
  for (const uint64_t hash : imported.resolved) entry.resolved.insert(hash);
  entry.resolved.insert(kImportedMark);
  return entry;
}

void AdoptMembers(const Transaction& tx, GroupRecord& group) {
  for (const uint64_t fingerprint : group.members) {
    if (const AlertRecord* record = tx.alerts.Find(fingerprint)) {
      AdoptImported(group, record->labels(), fingerprint);
    }
  }
}

void ImportEntry(Transaction& tx, const ImportedLogEntry& imported, Nanos now,
                 ImportResult* result) {
  const std::string integration = fmt::format("{}[{}]", imported.integration, imported.index);
  if (imported.firing.empty() || imported.expires_at <= now) {
    ++result->outdated;
    return;
  }
  const RouteConfig* route = RouteOfKey(tx.plan(), imported);
  if (route == nullptr) {
    result->skipped.push_back(
        fmt::format("log of group {} for {} {}: the configuration has no such route",
                    imported.group_key, imported.receiver, integration));
    return;
  }
  const std::string id = GroupId(imported.group_key, imported.receiver);
  if (tx.groups.Find(id) == nullptr) {
    GroupRecord& group = tx.groups.Put(id, {});
    group.id = id;
    group.key = imported.group_key;
    group.route_key = route->key;
    group.receiver = imported.receiver;
  }
  GroupRecord& group = tx.groups.Edit(id);
  const bool awake = !group.members.empty();
  NotificationLogEntry& entry = group.log[integration];
  if (entry.exists && entry.time >= imported.told_at) {
    ++result->outdated;
    return;
  }
  entry = ToEntry(imported);
  AdoptMembers(tx, group);
  for (const std::string& twin : tx.plan().TwinsOf(group)) {
    if (tx.groups.Find(twin) == nullptr || tx.groups.Find(twin)->asleep) continue;
    GroupRecord& other = tx.groups.Edit(twin);
    other.log[integration] = ToEntry(imported);
    AdoptMembers(tx, other);
  }
  if (!awake) PutToSleep(tx, id, now);
  ++result->entries;
}

void ImportSilence(Transaction& tx, const Silence& silence, Nanos now, ImportResult* result) {
  const auto known = tx.silences().find(silence.id);
  const Nanos retention = tx.plan().config().limits.retention * kNanosPerMilli;
  const bool newer = known == tx.silences().end() || known->second.updated_at < silence.updated_at;
  if (!newer || silence.ends_at < now - retention) {
    ++result->outdated;
    return;
  }
  TakeSilence(tx, silence, "import", now);
  ++result->silences;
}

}  // namespace

StatusOr<ImportResult> Desk::Import(const ImportedState& state, Nanos now) {
  ImportResult result;
  TRY(impl_->Run(now, [&](Transaction& tx) {
    result = {};
    result.skipped = state.skipped;
    for (const Silence& silence : state.silences) ImportSilence(tx, silence, now, &result);
    for (const ImportedLogEntry& entry : state.log) ImportEntry(tx, entry, now, &result);
    RecheckSuppressed(tx, now);
    tx.RequireSync();
    return absl::OkStatus();
  }));
  return result;
}

}  // namespace outrider
