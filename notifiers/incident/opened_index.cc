// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/opened_index.h"

#include <algorithm>
#include <vector>

#include "notifiers/incident/audit_trail.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

constexpr std::string_view kWholeKey = "opened_index";
constexpr size_t kTimeBytes = 8;

std::string OpenedPrefix() {
  std::string prefix = "opened";
  prefix.push_back('\0');
  return prefix;
}

// Keys sort as times do; nothing opened before 1970.
std::string KeysFrom(Nanos time) {
  return OpenedPrefix() + BigEndian64(static_cast<uint64_t>(std::max<Nanos>(time, 0)));
}

Status ReadAll(const StateStore& store, const std::function<void(const AuditEvent&)>& take) {
  for (int bucket = 0; bucket < kAuditBuckets; ++bucket) {
    const std::vector<AuditEvent> events =
        TRY(ReadAuditBucket(store, static_cast<uint8_t>(bucket)));
    for (const AuditEvent& event : events) take(event);
  }
  return absl::OkStatus();
}

StatusOr<std::vector<std::string>> OpenedIn(const StateStore& store, Nanos from, Nanos to) {
  const std::string prefix = OpenedPrefix();
  const std::string end = KeysFrom(to);
  std::vector<std::string> incidents;
  TRY(store.Scan(Family::kMeta, prefix, KeysFrom(from), [&](const Row& row) {
    if (row.key >= end) return false;
    if (row.key.size() > prefix.size() + kTimeBytes) {
      incidents.push_back(row.key.substr(prefix.size() + kTimeBytes));
    }
    return true;
  }));
  return incidents;
}

}  // namespace

void IndexAuditEvent(const AuditEvent& event, Batch* batch) {
  if (event.kind != AuditKind::kOpened) return;
  batch->Put(Family::kMeta, KeysFrom(event.time) + event.subject, "");
}

Status CompleteOpenedIndex(const StateStore& store, Batch* batch) {
  if (TRY(store.Get(Family::kMeta, kWholeKey))) return absl::OkStatus();
  Batch rows;
  const Status read =
      ReadAll(store, [&](const AuditEvent& event) { IndexAuditEvent(event, &rows); });
  if (!read.ok()) {  // no reason not to start
    LogWarn("reports read the whole audit trail", {{"err", Message(read)}});
    return absl::OkStatus();
  }
  rows.Put(Family::kMeta, std::string(kWholeKey), "1");
  batch->Append(std::move(rows));
  return absl::OkStatus();
}

Status ReadAuditOfOpened(const StateStore& store, Nanos from, Nanos to,
                         const std::function<void(const AuditEvent&)>& take) {
  if (!TRY(store.Get(Family::kMeta, kWholeKey))) return ReadAll(store, take);
  for (const std::string& incident : TRY(OpenedIn(store, from, to))) {
    TRY(ReadAuditSubject(store, incident, take));
  }
  return absl::OkStatus();
}

}  // namespace outrider
