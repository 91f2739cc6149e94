// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/logged_appender.h"

#include "exporter/ingest/encode_v1.h"
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
    if (unlogged_++ == 0) {
      LogWarn("results of rules are not in the write-ahead log",
              {{"error", Message(applied.status())}});
    }
    return windows_.AppendBatch(samples, origin, now);
  }
  if (!*applied) counts.accepted = samples.size();
  return counts;
}

}  // namespace outrider
