// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_log.h"

namespace outrider {

StatusOr<bool> IngestLog::Write(const LogRecord& record, const std::function<void()>& apply) {
  const absl::ReaderMutexLock lock(&gate_);
  // Hand over hand: whoever is logged first is applied first.
  log_turn_.Lock();
  const Status logged = wal_->Append(record).status();
  if (!logged.ok() || !live_) {
    log_turn_.Unlock();
    TRY(logged);
    return false;
  }
  apply_turn_.Lock();
  log_turn_.Unlock();
  apply();
  apply_turn_.Unlock();
  return true;
}

Status IngestLog::Settle(uint64_t mark) {
  if (!sync_writes_) return absl::OkStatus();
  const Status synced = wal_->SyncSince(mark);
  return synced.ok() ? synced : absl::DataLossError(Message(synced));
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
