// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_log.h"

namespace outrider {

StatusOr<bool> IngestLog::Write(const LogRecord& record, const std::function<void()>& apply) {
  const absl::ReaderMutexLock lock(&gate_);
  TRY(wal_->Append(record));
  if (!live_) return false;
  apply();
  return true;
}

Status IngestLog::GoLive(const std::function<Status()>& rest) {
  const absl::MutexLock lock(&gate_);
  TRY(rest());
  live_ = true;
  return absl::OkStatus();
}

StatusOr<uint32_t> IngestLog::Cut(const std::function<void(uint32_t)>& begin) {
  const absl::MutexLock lock(&gate_);
  const uint32_t segment = TRY(wal_->Rotate());
  begin(segment);
  return segment;
}

}  // namespace outrider
