// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/replay.h"

#include "exporter/ingest/apply_v1.h"
#include "exporter/ingest/snappy_body.h"
#include "storage/base/log.h"

namespace outrider {

void ReplayRecord(const LogRecord& record, Windows* windows, ReplayStats* stats) {
  ++stats->records;
  if (record.verdict != Admission::kAdmitted) return;
  if (record.type != RecordType::kWriteV1 && record.type != RecordType::kInternal) {
    ++stats->unreadable;
    return;
  }
  // The limit of a request does not hold for what we wrote ourselves.
  const StatusOr<std::string> decoded = SnappyDecompress(record.body, UINT32_MAX);
  if (!decoded.ok()) {
    ++stats->unreadable;
    return;
  }
  const Origin origin = record.type == RecordType::kInternal ? Origin::kLocal : Origin::kRemote;
  const StatusOr<ApplyResult> result =
      ApplyV1(*decoded, {.origin = origin, .now = record.time, .explain = false}, windows);
  if (!result.ok()) {
    ++stats->unreadable;
    return;
  }
  stats->samples += result->samples.accepted;
  stats->known += result->samples.Rejected() + result->samples.local_wins;
}

Status ReplayRest(LogReader* reader, Windows* windows, ReplayStats* stats) {
  LogRecord record;
  uint32_t segment = 0;
  while (TRY(reader->Next(&record))) {
    if (segment != 0 && reader->segment() != segment) {
      LogInfo("write-ahead log segment replayed",
              {{"segment", std::to_string(segment)}, {"samples", std::to_string(stats->samples)}});
    }
    segment = reader->segment();
    ReplayRecord(record, windows, stats);
  }
  return absl::OkStatus();
}

}  // namespace outrider
