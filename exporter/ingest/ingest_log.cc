// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_log.h"

#include "exporter/ingest/rows_by_number.h"

namespace outrider {

StatusOr<bool> IngestLog::InTurn(const std::function<StatusOr<bool>()>& log,
                                 const std::function<void()>& apply) {
  const absl::ReaderMutexLock lock(&gate_);
  // Hand over hand: whoever is logged first is applied first.
  log_turn_.Lock();
  StatusOr<bool> applies = log();
  if (!applies.ok() || !*applies) {
    log_turn_.Unlock();
    return applies;
  }
  apply_turn_.Lock();
  log_turn_.Unlock();
  apply();
  apply_turn_.Unlock();
  return true;
}

StatusOr<bool> IngestLog::Write(const LogRecord& record, const std::function<void()>& apply) {
  const auto log = [&]() -> StatusOr<bool> {
    TRY(wal_->Append(record));
    return live_.load();
  };
  return InTurn(log, apply);
}

StatusOr<bool> IngestLog::WriteNumbering(const LogRecord& record, uint32_t rows, std::string* body,
                                         const std::function<void(uint32_t first)>& apply) {
  uint32_t first = 0;
  const auto log = [&]() -> StatusOr<bool> {
    LogRecord numbering = record;
    first = numbers_.Next(rows);
    numbering.body = *body;
    numbering.verdict = Admission::kNumbering;
    PutFirstNumber(first, body);
    const uint32_t segment = TRY(wal_->Append(numbering));
    if (first != 0) numbers_.Gave(rows, segment);
    return true;
  };
  return InTurn(log, [&] { apply(first); });
}

bool IngestLog::RestartNumbers() {
  if (!numbers_.IsWorn()) return false;
  numbers_.Restart();
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
