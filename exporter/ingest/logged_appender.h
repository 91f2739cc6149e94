// SPDX-License-Identifier: Apache-2.0
// The Appender of the rules and the analytics: one log record a batch, then the windows.
#pragma once

#include <atomic>
#include <cstdint>

#include "exporter/ingest/ingest_log.h"
#include "storage/window/windows.h"

namespace outrider {

// Thread-safe.
class LoggedAppender final : public Appender {
 public:
  LoggedAppender(IngestLog& log, Windows& windows) : log_(log), windows_(windows) {}
  // A batch that cannot be logged (disk full) is applied all the same: rules must go on, and nobody
  // was promised that it survives. During replay it is logged and counts as accepted.
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp now) override;
  // The same, logged by number (numbered_rows.h).
  AppendCounts AppendKnown(std::span<const KnownSample> samples, Timestamp now) override;
  uint64_t unlogged_batches() const { return unlogged_; }

 private:
  StatusOr<bool> WriteNumbered(std::span<const KnownSample> samples, Timestamp now,
                               AppendCounts* counts);
  void NoteUnlogged(const Status& status);

  IngestLog& log_;
  Windows& windows_;
  std::atomic<uint32_t> last_number_{0};
  std::atomic<uint64_t> unlogged_{0};
};

}  // namespace outrider
