// SPDX-License-Identifier: Apache-2.0
// Once after an update: earlier versions put `match_re` into the keys of routes as it is written,
// Alertmanager as it compiles it. The groups they stored move under today's ids, with their timers
// and messages, so that nothing is told twice. What a receiver knows a group by stays until the
// group ends: it was opened under that key and is closed under it.
#pragma once

#include <map>
#include <string>

#include "notifiers/desk/plan.h"
#include "storage/state/schema.h"
#include "storage/state/state_store.h"

namespace outrider {

// Whether the rows of the store have today's keys. A row of kMeta.
inline constexpr std::string_view kRouteKeysKey = "route_keys";

class FormerKeys {
 public:
  // Nothing moves where the store says that it was done before.
  static StatusOr<FormerKeys> Open(const StateStore& store, const Plan& plan);

  // Each gives the row as it is now, and adds what changes to the batch.
  GroupRecord Moved(GroupRecord group);
  OutboxRow Moved(OutboxRow row);  // groups come first
  TimerKey Moved(TimerKey timer);  // groups come first
  // What is to be written before anything else is decided.
  Batch Take();

 private:
  explicit FormerKeys(const Plan& plan) : plan_(plan) {}
  const Plan& plan_;
  bool done_ = false;
  std::map<std::string, std::string> moved_;  // ids of groups, from and to
  // One group may take the id that another leaves: what goes is written first.
  Batch gone_;
  Batch come_;
};

}  // namespace outrider
