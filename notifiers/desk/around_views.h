// SPDX-License-Identifier: Apache-2.0
// What the desk shows of heartbeats, maintenance windows and dependencies: copies, safe to keep.
#pragma once

#include <string>
#include <vector>

#include "notifiers/around/heartbeat.h"
#include "notifiers/around/maintenance.h"
#include "storage/base/clock.h"

namespace outrider {

struct HeartbeatView {
  HeartbeatConfig config;
  Nanos last_beat = 0;      // 0: never
  Nanos due_at = 0;         // when it is missing unless it is heard; 0: it is missing
  Nanos missing_since = 0;  // 0: it is not
  uint64_t failures = 0;    // of its checks, in a row
  Nanos failing_since = 0;  // so many that it is an incident; 0: not
  std::string error;        // of the last of those failures
};

struct MaintenanceView {
  MaintenanceWindow window;
  bool active = false;
  Nanos next_edge = 0;  // 0: none any more
};

struct OutageView {
  std::string incident_id;
  std::string title;
  std::vector<std::string> dependants;  // open incidents attached to it
};
struct DependencyView {
  std::string name;
  std::vector<OutageView> outages;  // that have dependants now
};

}  // namespace outrider
