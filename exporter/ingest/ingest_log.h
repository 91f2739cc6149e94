// SPDX-License-Identifier: Apache-2.0
// First into the log, then into the windows: the one path every sample takes, and the gate that
// lets the daemon find a moment in which nothing is between the two.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/ingest/row_numbers.h"
#include "storage/base/status.h"
#include "storage/wal/log_writer.h"

namespace outrider {

// Thread-safe.
class IngestLog {
 public:
  // `sync_writes`: whoever acks a record waits for the disk first (storage.wal_sync: 0s).
  explicit IngestLog(std::unique_ptr<LogWriter> wal, bool sync_writes = false,
                     uint32_t first_number = 1)
      : wal_(std::move(wal)), sync_writes_(sync_writes), numbers_(first_number) {}

  // Logs the record, then calls `apply` unless the log is still being replayed: then replay will
  // come to it. True when it was applied. On an error nothing was logged and nothing may be acked.
  // Records are applied in the order in which they are logged: of two samples of one time the same
  // one wins before and after a restart.
  StatusOr<bool> Write(const LogRecord& record, const std::function<void()>& apply);
  // The same for a request whose rows get numbers; only once live. `body` has room for the number
  // of the first one in front. `apply` learns it; 0: none were left, it was logged without.
  StatusOr<bool> WriteNumbering(const LogRecord& record, uint32_t rows, std::string* body,
                                const std::function<void(uint32_t first)>& apply);
  // The two sides of a record that is to be acked: Settle, called with what Mark gave before Write,
  // returns when it may be. DataLoss: it was written, but the disk did not confirm it. Holds
  // nothing that other records wait for.
  uint64_t Mark() const { return wal_->SyncFailures(); }
  Status Settle(uint64_t mark);
  // Calls `rest` while no record is between log and windows, then lets records be applied.
  Status GoLive(const std::function<Status()>& rest);
  // Ends the current segment while no record is between log and windows; `begin` learns the next
  // segment's number. Every sample of earlier segments has been applied by then.
  StatusOr<uint32_t> Cut(const std::function<void(uint32_t)>& begin);

  bool live() const { return live_; }
  // The numbers that a record for its segment may use.
  RowNumbers::Valid numbers() const { return numbers_.valid(); }
  // Called by Cut's `begin`: true when numbers begin anew, and those that were given must go.
  bool RestartNumbers() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  LogWriter& wal() { return *wal_; }
  const LogWriter& wal() const { return *wal_; }

 private:
  // `log` says whether there is something to apply.
  StatusOr<bool> InTurn(const std::function<StatusOr<bool>()>& log,
                        const std::function<void()>& apply) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  const std::unique_ptr<LogWriter> wal_;
  const bool sync_writes_;
  absl::Mutex gate_;               // shared: a record on its way; exclusive: none is
  absl::Mutex log_turn_;           // held while a record is logged
  absl::Mutex apply_turn_;         // taken before log_turn_ is given back
  std::atomic<bool> live_{false};  // changes under the exclusive gate
  RowNumbers numbers_;             // given under log_turn_
};

}  // namespace outrider
