// SPDX-License-Identifier: Apache-2.0
// The write-ahead log back into the windows. Bodies are decoded as when they came and judged by the
// time they came at; limits are not applied again.
#pragma once

#include <atomic>
#include <cstdint>

#include "exporter/ingest/apply.h"
#include "exporter/ingest/numbered_rows.h"
#include "exporter/ingest/otlp_translate.h"
#include "exporter/ingest/replay_batch.h"
#include "storage/base/status.h"
#include "storage/wal/log_reader.h"

namespace outrider {

struct ReplayStats {
  uint64_t records = 0;
  uint64_t samples = 0;  // newly stored
  uint64_t known = 0;    // in a chunk file already, or refused when they came
  uint64_t unreadable =
      0;  // records whose body could not be decoded, or of a type this version does not know
  uint64_t lost = 0;  // samples by number whose series a damaged place named
};

// What one call learns for the next one over the same reader.
struct ReplayState {
  NumberedSeries derived;
  ReplayNumbers numbers;
  const std::atomic<bool>* stop = nullptr;  // asked before each record; null: never
};

// Everything the reader has now (Aborted when it is to stop); a record that cannot be read is
// counted, never an error. Logs a line for each segment that is done. `otlp`: how OTLP bodies are
// translated, as when they came unless the configuration changed.
Status ReplayRest(LogReader* reader, const WriteTargets& targets, const OtlpOptions& otlp,
                  ReplayState* state, ReplayStats* stats);

}  // namespace outrider
