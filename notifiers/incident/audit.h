// SPDX-License-Identifier: Apache-2.0
// The audit trail: who did what, when, why and through which door. Events of a bucket form a chain:
// each carries the SHA-256 over the hash before it and its own bytes, so that a changed, missing or
// added event shows.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// On disk: add at the end.
enum class AuditKind : uint8_t {
  kOpened,
  kAlertAdded,
  kAlertResolved,
  kStateChanged,
  kSeverityRaised,
  kNote,
  kSlaWarning,
  kSlaBreached,
  kEscalated,
  kEscalationSkipped,  // a tier nobody can be reached on
  kEscalationFinished,
  kPageDelivered,
  kPageFailed,
  kSilenceSet,
  kSilenceExpired,
  kForgotten,  // resolved for longer than incidents are kept
  kSnoozed,
  kWoken,  // a snooze ended
  kMerged,
  kUnmerged,
  kAssigned,
  kSeverityLowered,
  kAckReminded,   // who acknowledged is asked whether they still work on it
  kAckConfirmed,  // they do
  kAckTimedOut,   // they did not say so
  kSlaPaused,
  kSlaResumed,
  kSlaRetargeted,
  kPolicyApplied,  // another escalation policy, or the same as it reads now
  kAnswerRefused,  // somebody answered, too late or without the right
  kPageHeld,       // by quiet hours, a throttle, or to be sent with others
  kContactVerified,
  kConfigured,  // something was configured by the API or a file was loaded
  kHeartbeatMissed,
  kHeartbeatBack,
  kMaintenanceBegan,
  kMaintenanceEnded,
  kSuppressed,  // by an outage of what it depends on
  kUnsuppressed,
  kHealthCheckFailed,
  kHealthCheckBack,
  kClockSetBack,
};
inline constexpr AuditKind kLastAuditKind = AuditKind::kClockSetBack;
std::string_view AuditKindText(AuditKind kind);  // opened, alert_added, state_changed, …
bool IsAuditKind(std::string_view text);

struct AuditEvent {
  std::string subject;  // incident id, or "silence:" id
  AuditKind kind = AuditKind::kNote;
  Nanos time = 0;
  std::string who;      // "" for the system
  std::string channel;  // api, cli, web, slack, …; "" for the system
  std::string from;     // states or severities, where the kind has them
  std::string to;
  std::string text;  // the note, or the reason in words
  // The same for programs: what a report needs of the event, such as a clock's target. By name.
  std::map<std::string, std::string> data;
  // Filled when it is chained:
  uint64_t sequence = 0;  // within the bucket, from 1
  std::string hash;       // 32 bytes
  friend bool operator==(const AuditEvent&, const AuditEvent&) = default;
};

// The end of a bucket's chain.
struct AuditHead {
  uint64_t sequence = 0;
  std::string hash;  // "" before the first event
};

// Gives `event` its place behind `head`, moves the head. Returns what EncodeAuditEvent would.
std::string ChainAuditEvent(AuditEvent* event, AuditHead* head);
// Checks the events of one bucket in any order against its head. The error names the first broken
// place.
Status VerifyAuditChain(std::span<const AuditEvent> events, const AuditHead& head);

std::string EncodeAuditEvent(const AuditEvent& event);
StatusOr<AuditEvent> DecodeAuditEvent(std::string_view bytes);
std::string EncodeAuditHead(const AuditHead& head);
StatusOr<AuditHead> DecodeAuditHead(std::string_view bytes);

}  // namespace outrider
