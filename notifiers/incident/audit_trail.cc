// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/audit_trail.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

// bucket(1) subject 0x00 sequence(8)
std::string SubjectOfKey(std::string_view key) {
  constexpr size_t kEnd = 9;
  return key.size() > 1 + kEnd ? std::string(key.substr(1, key.size() - 1 - kEnd)) : "?";
}

// The events whose keys begin with `prefix`, in the order of their keys.
Status ReadEvents(const StateStore& store, std::string_view prefix,
                  const std::function<void(AuditEvent)>& take) {
  Status status;
  TRY(store.Scan(Family::kAudit, prefix, "", [&](const Row& row) {
    StatusOr<AuditEvent> event = DecodeAuditEvent(row.value);
    if (event.ok() && AuditKey(event->subject, event->sequence) != row.key) {
      event = absl::DataLossError("it stands under another key");
    }
    if (!event.ok()) {
      status =
          absl::DataLossError(fmt::format("audit: an event of {} cannot be read: {}",
                                          Quote(SubjectOfKey(row.key)), Message(event.status())));
      return false;
    }
    take(*std::move(event));
    return true;
  }));
  return status;
}

}  // namespace

Status ReadAuditSubject(const StateStore& store, const std::string& subject,
                        const std::function<void(const AuditEvent&)>& take) {
  return ReadEvents(store, AuditPrefix(subject), [&](const AuditEvent& event) { take(event); });
}

StatusOr<std::vector<AuditEvent>> ReadAuditBucket(const StateStore& store, uint8_t bucket) {
  std::vector<AuditEvent> events;
  const std::string prefix(1, static_cast<char>(bucket));
  TRY(ReadEvents(store, prefix, [&](AuditEvent event) { events.push_back(std::move(event)); }));
  std::sort(events.begin(), events.end(),
            [](const AuditEvent& a, const AuditEvent& b) { return a.sequence < b.sequence; });
  return events;
}

StatusOr<uint64_t> VerifyAuditBucket(const StateStore& store, uint8_t bucket) {
  const std::vector<AuditEvent> events = TRY(ReadAuditBucket(store, bucket));
  AuditHead head;
  const std::optional<Row> row = TRY(store.Get(Family::kMeta, AuditHeadKey(bucket)));
  if (row) head = TRY(DecodeAuditHead(row->value));
  TRY(VerifyAuditChain(events, head));
  return events.size();
}

}  // namespace outrider
