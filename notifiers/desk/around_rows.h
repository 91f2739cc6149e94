// SPDX-License-Identifier: Apache-2.0
// What the desk keeps about heartbeats and about maintenance windows made by the API: values with a
// row each. Rows: Family::kPaging, "heartbeat" 0x00 name; Family::kDirectory, "maintenance" 0x00
// name; Family::kMeta, "lived".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/around/maintenance.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct HeartbeatState {
  Nanos last_beat = 0;  // 0: never
  Nanos since = 0;  // it is waited for since then: first known, moved by downtimes, made shorter
  Nanos missing_since = 0;  // 0: it is not
  uint64_t alert = 0;       // while missing: the fingerprint of what was raised
  DurationMs patience = 0;  // its interval and grace as it was waited for last; 0: not known
  // Results that beats bring (decide_health.h):
  uint64_t failures = 0;       // in a row, up to now
  uint64_t successes = 0;      // in a row, while it fails
  Nanos first_failure_at = 0;  // of that row, or of the one that made it fail
  Nanos failing_since = 0;     // 0: it does not
  uint64_t failing_alert = 0;  // while it fails: the fingerprint of what was raised
  std::string error;           // of the last failure
  friend bool operator==(const HeartbeatState&, const HeartbeatState&) = default;
};

// When the process that has the state was alive last (8, ns): how long nobody could hear a beat is
// from then to the next start.
inline constexpr std::string_view kLivedKey = "lived";
inline constexpr std::string_view kHeartbeatKind = "heartbeat";
inline constexpr std::string_view kMaintenanceKind = "maintenance";
// kind 0x00 name
std::string KindKey(std::string_view kind, std::string_view name);

std::string EncodeHeartbeat(const HeartbeatState& state);
StatusOr<HeartbeatState> DecodeHeartbeat(std::string_view bytes);
// Of the API's: its text is what is kept.
std::string EncodeMaintenance(const MaintenanceWindow& window);
StatusOr<MaintenanceWindow> DecodeMaintenance(std::string_view bytes);

}  // namespace outrider
