// SPDX-License-Identifier: Apache-2.0
#include "storage/state/state_store.h"

#include <array>
#include <iterator>

namespace outrider {

std::string_view FamilyName(Family family) {
  static constexpr std::array<std::string_view, kFamilyCount> kNames = {
      "meta",   "alerts",    "incidents", "sla",   "groups",  "silences",
      "timers", "outbox",    "audit",     "rules", "relay",   "analytics",
      "slo",    "workloads", "capacity",  "cost",  "history", "members",
      "hooks",  "hook_log",  "directory", "paging"};
  return kNames[static_cast<size_t>(family)];
}

void Batch::Append(Batch other) {
  writes_.insert(writes_.end(), std::make_move_iterator(other.writes_.begin()),
                 std::make_move_iterator(other.writes_.end()));
  requirements_.insert(requirements_.end(), std::make_move_iterator(other.requirements_.begin()),
                       std::make_move_iterator(other.requirements_.end()));
}

}  // namespace outrider
