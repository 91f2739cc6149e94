// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/former_keys.h"

#include <utility>

#include "storage/base/log.h"

namespace outrider {
namespace {

// The spelling of today. Add one when it changes again.
constexpr std::string_view kAsAlertmanager = "2";

}  // namespace

StatusOr<FormerKeys> FormerKeys::Open(const StateStore& store, const Plan& plan) {
  FormerKeys keys(plan);
  keys.done_ = TRY(store.Get(Family::kMeta, kRouteKeysKey)).has_value();
  if (!keys.done_) {
    keys.come_.Put(Family::kMeta, std::string(kRouteKeysKey), std::string(kAsAlertmanager));
  }
  return keys;
}

GroupRecord FormerKeys::Moved(GroupRecord group) {
  if (done_) return group;
  const auto place = plan_.FormerPlace(group);
  if (!place || !group.key.starts_with(group.route_key + ":{")) return group;
  const std::string key = place->route_key + group.key.substr(group.route_key.size());
  const std::string from = std::exchange(group.id, GroupId(key, group.receiver, place->twin));
  group.route_key = place->route_key;
  group.twin = place->twin;
  if (group.asleep) group.key = key;  // no story that goes on
  moved_.emplace(from, group.id);
  gone_.Delete(Family::kGroups, BucketKey(from));
  come_.Put(Family::kGroups, BucketKey(group.id), EncodeGroupRecord(group));
  return group;
}

OutboxRow FormerKeys::Moved(OutboxRow row) {
  const auto moved = moved_.find(row.group_id);
  if (moved == moved_.end()) return row;
  row.group_id = moved->second;
  come_.Put(Family::kOutbox, BucketKey(row.id), EncodeOutboxRow(row));
  return row;
}

TimerKey FormerKeys::Moved(TimerKey timer) {
  if (timer.kind != TimerKind::kGroupFlush && timer.kind != TimerKind::kGroupDamp) return timer;
  const auto moved = moved_.find(timer.id);
  if (moved == moved_.end()) return timer;
  gone_.Delete(Family::kTimers, EncodeTimerKey(timer));
  timer.id = moved->second;
  come_.Put(Family::kTimers, EncodeTimerKey(timer), "");
  return timer;
}

Batch FormerKeys::Take() {
  if (!moved_.empty()) {
    LogInfo("groups of routes with match_re have the keys of Alertmanager now",
            {{"groups", std::to_string(moved_.size())}});
  }
  gone_.Append(std::exchange(come_, {}));
  return std::exchange(gone_, {});
}

}  // namespace outrider
