// SPDX-License-Identifier: Apache-2.0
// A message to send, as a row: written in the batch that decided it, gone when its outcome is
// recorded (core.md rule 5). It refers to what it tells; the payload is rendered when it is sent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/number_set.h"
#include "storage/base/status.h"

namespace outrider {

// On disk: add at the end.
// kFallback: what another receiver could not be told, to the one that stands in for it.
enum class OutboxKind : uint8_t { kRoute, kPage, kRecovery, kReport, kFallback };
// route, page, recovery, report, fallback
std::string_view OutboxKindText(OutboxKind kind);
enum class OutboxState : uint8_t {
  kDue,      // to be sent at `due`
  kSending,  // handed to a channel; found after a start it means "unknown"
};
// How a row ended.
enum class OutboxOutcome : uint8_t {
  kDelivered,
  kRejected,    // the far side refused for good
  kExpired,     // could not be delivered before its deadline
  kUnknown,     // crashed twice in mid-sending
  kSuperseded,  // a later flush of the group took its place
  kStale,       // its epoch moved on: acknowledged or resolved
  kGone,        // its receiver is no longer configured
  kShadow,      // decided and not sent: the daemon only looks on (--notify.shadow)
};
std::string_view OutboxOutcomeText(OutboxOutcome outcome);

struct OutboxRow {
  std::string id;  // = idempotency key
  OutboxKind kind = OutboxKind::kRoute;
  OutboxState state = OutboxState::kDue;
  std::string receiver;
  std::string integration;  // "webhook[0]"
  std::string reason;       // notification_reason
  Nanos created_at = 0;     // the flush's or page's own time
  Nanos due = 0;
  Nanos deadline = 0;     // no attempt after it; 0: none
  int attempt = 0;        // attempts begun
  Nanos sent_at = 0;      // when the first attempt began
  Nanos lease_until = 0;  // while sending
  bool repeat = false;    // may have been delivered before a crash already
  bool unknown = false;   // an attempt ended with the process: told or not, the same key goes again
  bool recorded = true;   // false: decided while the store was full
  std::string last_error;
  // Route notifications:
  std::string group_id;
  uint64_t flush = 0;
  NumberSet firing;    // fingerprints told as firing …
  NumberSet resolved;  // … and as resolved
  // Pages and recoveries:
  std::string incident_id;
  uint32_t epoch = 0;
  int loop = 0;
  int tier = 0;
  bool forced = false;    // of a page: somebody wants it told although the incident is held
  bool diverted = false;  // the fallback receiver has it too
  OutboxKind stands_for = OutboxKind::kRoute;  // of a fallback: what the other receiver had to tell
  // Reports: what they say stands in the row, because there is nothing it could refer to.
  // Fallbacks: the group key, why it comes this way, the group's labels.
  std::string title;
  std::string text;
  std::map<std::string, std::string> labels;
};

std::string EncodeOutboxRow(const OutboxRow& row);
StatusOr<OutboxRow> DecodeOutboxRow(std::string_view bytes);

// Stable and unique keys: the same decision, repeated after a crash, gives the same key.
// `born`: when the group was made, so that a group of the same name made later does not reuse keys.
std::string RouteKey(std::string_view group_key, std::string_view receiver,
                     std::string_view integration, Nanos born, uint64_t flush);
// Which of an incident's messages to one integration: a step of its escalation, or its recovery.
struct PageStep {
  uint32_t epoch = 0;
  int loop = 0;
  int tier = 0;
  bool recovery = false;
  int naming = 0;  // of a contact method that a user's rules name several times: which of them
};
std::string PageKey(std::string_view incident_id, const PageStep& step, std::string_view receiver,
                    std::string_view integration);

// `report_id`: what the sender calls it; the same one is never sent twice.
std::string ReportKey(std::string_view report_id, std::string_view receiver,
                      std::string_view integration);

// Of a message that goes to the fallback receiver: the same one goes there once.
std::string FallbackKey(std::string_view row_id, std::string_view receiver,
                        std::string_view integration);

// Milliseconds to wait after the `attempt`-th failed attempt (from 1). `unit` in [0,1) spreads
// route notifications. Routes: 0.5 s, factor 1.5, ±50 %, cap 60 s (specs/alertmanager.md §2
// "Retry"). Others: 1 s, factor 2, cap 60 s.
DurationMs BackoffMs(OutboxKind kind, int attempt, double unit);

}  // namespace outrider
