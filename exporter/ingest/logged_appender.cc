// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/logged_appender.h"

#include "exporter/ingest/encode_v1.h"
#include "exporter/ingest/numbered_rows.h"
#include "storage/base/log.h"

namespace outrider {

AppendCounts LoggedAppender::AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                                         Timestamp now) {
  AppendCounts counts;
  if (samples.empty()) return counts;
  const std::string body = EncodeWriteRequest(samples);
  const LogRecord record{
      .type = origin == Origin::kLocal ? RecordType::kInternal : RecordType::kWriteV1,
      .verdict = Admission::kAdmitted,
      .time = now,
      .sender = {},
      .body = body};
  const StatusOr<bool> applied =
      log_.Write(record, [&] { counts = windows_.AppendBatch(samples, origin, now); });
  if (!applied.ok()) {
    NoteUnlogged(applied.status());
    return windows_.AppendBatch(samples, origin, now);
  }
  if (!*applied) counts.accepted = samples.size();
  return counts;
}

// The segment may end between the encoding and the writing; then the next one needs definitions.
StatusOr<bool> LoggedAppender::WriteNumbered(std::span<const KnownSample> samples, Timestamp now,
                                             AppendCounts* counts) {
  std::string body;
  for (;;) {
    const uint32_t segment = log_.wal().CurrentSegment();
    EncodeNumbered(samples, segment, &body);
    const LogRecord record{.type = RecordType::kNumbered,
                           .verdict = Admission::kAdmitted,
                           .time = now,
                           .sender = {},
                           .body = body,
                           .segment = segment};
    StatusOr<bool> applied =
        log_.Write(record, [&] { *counts = windows_.AppendKnown(samples, now); });
    if (absl::IsAborted(applied.status())) continue;
    if (applied.ok()) {
      for (const KnownSample& sample : samples) sample.series->told_in = segment;
    }
    return applied;
  }
}

AppendCounts LoggedAppender::AppendKnown(std::span<const KnownSample> samples, Timestamp now) {
  AppendCounts counts;
  if (samples.empty()) return counts;
  for (const KnownSample& sample : samples) {
    if (sample.series->number == 0) sample.series->number = ++last_number_;
  }
  const StatusOr<bool> applied = WriteNumbered(samples, now, &counts);
  if (!applied.ok()) {
    NoteUnlogged(applied.status());
    return windows_.AppendKnown(samples, now);
  }
  if (!*applied) counts.accepted = samples.size();
  return counts;
}

void LoggedAppender::NoteUnlogged(const Status& status) {
  if (unlogged_++ > 0) return;
  LogWarn("results of rules are not in the write-ahead log", {{"error", Message(status)}});
}

}  // namespace outrider
