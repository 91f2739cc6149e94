// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "storage/base/crypto.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(kLastAuditKind) + 1> kTexts = {
    "opened",
    "alert_added",
    "alert_resolved",
    "state_changed",
    "severity_raised",
    "note",
    "sla_warning",
    "sla_breached",
    "escalated",
    "escalation_skipped",
    "escalation_finished",
    "page_delivered",
    "page_failed",
    "silence_set",
    "silence_expired",
    "forgotten",
    "snoozed",
    "woken",
    "merged",
    "unmerged",
    "assigned",
    "severity_lowered",
    "ack_reminded",
    "ack_confirmed",
    "ack_timed_out",
    "sla_paused",
    "sla_resumed",
    "sla_retargeted",
    "policy_applied",
    "answer_refused",
    "page_held",
    "contact_verified",
    "configured",
    "heartbeat_missed",
    "heartbeat_back",
    "maintenance_began",
    "maintenance_ended",
    "suppressed",
    "unsuppressed",
    "health_check_failed",
    "health_check_back",
    "clock_set_back"};

// What the hash covers: everything but the hash itself. Without data an event reads as those of
// format 1, which knew none, so that their hashes hold.
std::string Content(const AuditEvent& event) {
  RowWriter out(event.data.empty() ? 1 : 2);
  out.Reserve(event.subject.size() + event.text.size() + 120);  // the hash goes behind it too
  out.U64(event.sequence)
      .Text(event.subject)
      .Enum(event.kind)
      .I64(event.time)
      .Text(event.who)
      .Text(event.channel)
      .Text(event.from)
      .Text(event.to)
      .Text(event.text);
  if (event.data.empty()) return out.Take();
  out.U64(event.data.size());
  for (const auto& [name, value] : event.data) out.Text(name).Text(value);
  return out.Take();
}

}  // namespace

std::string_view AuditKindText(AuditKind kind) { return kTexts[static_cast<size_t>(kind)]; }

bool IsAuditKind(std::string_view text) {
  return std::ranges::find(kTexts, text) != std::ranges::end(kTexts);
}

std::string ChainAuditEvent(AuditEvent* event, AuditHead* head) {
  event->sequence = ++head->sequence;
  std::string row = Content(*event);
  head->hash = Sha256(head->hash + row);
  event->hash = head->hash;
  return row += event->hash;
}

Status VerifyAuditChain(std::span<const AuditEvent> events, const AuditHead& head) {
  std::vector<const AuditEvent*> sorted;
  sorted.reserve(events.size());
  for (const AuditEvent& event : events) sorted.push_back(&event);
  std::sort(sorted.begin(), sorted.end(),
            [](const AuditEvent* a, const AuditEvent* b) { return a->sequence < b->sequence; });
  AuditHead at;
  for (const AuditEvent* event : sorted) {
    if (event->sequence != at.sequence + 1) {
      return absl::DataLossError(
          fmt::format("audit: event {} is missing or there twice (found {}, {})", at.sequence + 1,
                      event->sequence, event->subject));
    }
    AuditEvent copy = *event;
    ChainAuditEvent(&copy, &at);
    if (copy.hash != event->hash) {
      return absl::DataLossError(
          fmt::format("audit: event {} of {} was changed", event->sequence, event->subject));
    }
  }
  if (at.sequence != head.sequence || at.hash != head.hash) {
    return absl::DataLossError(
        fmt::format("audit: the chain ends at event {}, not at {}", at.sequence, head.sequence));
  }
  return absl::OkStatus();
}

std::string EncodeAuditEvent(const AuditEvent& event) { return Content(event) + event.hash; }

StatusOr<AuditEvent> DecodeAuditEvent(std::string_view bytes) {
  constexpr size_t kHashBytes = 32;
  if (bytes.size() < kHashBytes) return absl::DataLossError("the row of an audit event is corrupt");
  AuditEvent event;
  event.hash = bytes.substr(bytes.size() - kHashBytes);
  RowReader in(bytes.substr(0, bytes.size() - kHashBytes), 2, "an audit event");
  event.sequence = in.U64();
  event.subject = in.Text();
  event.kind = in.Enum(kLastAuditKind);
  event.time = in.I64();
  event.who = in.Text();
  event.channel = in.Text();
  event.from = in.Text();
  event.to = in.Text();
  event.text = in.Text();
  if (in.format() >= 2) {
    for (uint64_t i = in.Count(); i > 0; --i) {
      std::string name = in.Text();
      event.data[std::move(name)] = in.Text();
    }
  }
  TRY(in.Finish());
  return event;
}

std::string EncodeAuditHead(const AuditHead& head) {
  return RowWriter(1).U64(head.sequence).Text(head.hash).Take();
}

StatusOr<AuditHead> DecodeAuditHead(std::string_view bytes) {
  RowReader in(bytes, 1, "an audit head");
  AuditHead head;
  head.sequence = in.U64();
  head.hash = in.Text();
  TRY(in.Finish());
  return head;
}

}  // namespace outrider
