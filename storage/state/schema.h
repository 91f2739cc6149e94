// SPDX-License-Identifier: Apache-2.0
// Key layouts of the state store. A key starts with the bucket of its aggregate (core.md rule 7);
// numbers are big endian, so that keys sort as their numbers do. On disk for good: never reorder,
// never reuse a number.
//
//   kMeta       "schema" | "fence" | "audit" bucket(1) | "opens" (of the RocksDB store) | "lived" |
//               "route_keys" (desk/former_keys.h) |
//               "summary" (the moment of the last weekly summary, ms, big endian) |
//               "opened" 0x00 time(8) incident id | "opened_index" (incident/opened_index.h) |
//               "incidents_forgotten" | "team_totals" 0x00 team | "service_totals" 0x00 service
//               (desk/incident_totals.h, desk/incident_shares.h)
//   kAlerts     bucket(1) fingerprint(8)
//   kIncidents  bucket(1) incident id
//   kSla        bucket(1) incident id 0x00 clock(1)
//   kGroups     bucket(1) group id
//   kSilences   bucket(1) silence id
//   kTimers     bucket(1) due(8) kind(1) id
//   kOutbox     bucket(1) row id
//   kAudit      bucket(1) subject 0x00 sequence(8)
//   kRules      owned by rules/alerting
//   kRelay      owned by notifiers/relay
//   kAnalytics  owned by rules/analytics (checkpoint.h)
//   kSlo        owned by rules/slo (slo_checkpoint.h)
//   kWorkloads  owned by rules/workloads
//   kCapacity   owned by rules/capacity (capacity_checkpoint.h)
//   kCost       owned by rules/cost
//   kHistory    owned by notifiers/desk (history)
//   kMembers    bucket(1) group id 0x00 fingerprint(8)
//   kHooks      owned by notifiers/hooks: hook id
//   kHookLog    owned by notifiers/hooks: hook id 0x00 time(8) sequence(8)
//   kDirectory  kind (a word) 0x00 name
//   kPaging     owned by notifiers/desk: kind (a word) 0x00 id
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

inline constexpr uint32_t kSchemaVersion = 1;
inline constexpr std::string_view kSchemaKey = "schema";
inline constexpr std::string_view kFenceKey = "fence";
inline constexpr std::string_view kSummaryKey = "summary";

// What a timer row wakes. On disk: add at the end.
enum class TimerKind : uint8_t {
  kGroupFlush = 1,   // id: group
  kAlertEnd = 2,     // id: fingerprint, 16 hex digits
  kSilenceEdge = 3,  // id: silence
  kAckWarn50 = 4,    // this and the next six: id: incident
  kAckWarn80 = 5,
  kAckBreach = 6,
  kResolveWarn50 = 7,
  kResolveWarn80 = 8,
  kResolveBreach = 9,
  kEscalate = 10,
  kSettle = 11,       // id: fingerprint, 16 hex digits
  kHistoryTrim = 12,  // id: ""
  kSilenceIdle = 13,  // id: silence that ends when nothing has matched it for a while
  kGroupDamp = 14,    // id: group whose flapping is damped
  kForgetIncident = 15,
  kAckReminder = 16,  // this and the next four: id: incident
  kAckTimeout = 17,
  kSnoozeEnd = 18,
  kAutoResolve = 19,
  kSlaEdge = 20,          // a clock that pauses by the calendar stops or goes on
  kContactRule = 21,      // id: incident 0x00 user: the next contact method of a page
  kPageBundle = 22,       // id: user: pages that wait to be sent as one
  kOnCallCheck = 23,      // id: schedule, or "" for all: gaps ahead
  kHeartbeat = 24,        // id: heartbeat: it is overdue
  kMaintenanceEdge = 25,  // id: window: it begins or ends
  kDependency = 26,       // id: incident that waits to learn whether a dependency is out
};
inline constexpr TimerKind kLastTimerKind = TimerKind::kDependency;

std::string BucketKey(std::string_view aggregate_id);  // bucket(1) aggregate id
std::string AlertKey(uint64_t fingerprint);
std::string SlaKey(std::string_view incident_id, uint8_t clock);
std::string AuditKey(std::string_view subject, uint64_t sequence);
std::string AuditPrefix(std::string_view subject);
std::string AuditHeadKey(uint8_t bucket);

struct TimerKey {
  Nanos due = 0;
  TimerKind kind = TimerKind::kGroupFlush;
  std::string id;
  friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};
std::string EncodeTimerKey(const TimerKey& timer);
StatusOr<TimerKey> DecodeTimerKey(std::string_view key);

}  // namespace outrider
