// SPDX-License-Identifier: Apache-2.0
// Sealed chunks as bytes: a block is a sequence of entries, each complete in itself. Where blocks
// go is not known here: whoever keeps them implements ChunkSink. Layout of an entry
// (docs/formats.md):
//   varint length + labels (Labels::packed) · flags (1: written by a rule of ours, 2: samples that
//   came late, 4: with start times, from bit 4 on: the encoding) · varint number of samples · int64
//   first time · int64 last time · last value, 64 bits · varint length + bytes (chunk_float.h,
//   chunk_histogram.h) · with start times: varint number of runs, each: int64 from, int64 start
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/window/sealed_chunk.h"
#include "storage/window/start_times.h"

namespace outrider {

struct ChunkEntry {
  std::string_view labels;  // Labels::packed()
  bool local = false;
  bool late = false;
  ChunkEncoding encoding = ChunkEncoding::kFloat;
  uint32_t count = 0;
  Timestamp start = 0;
  Timestamp end = 0;
  double last_value = 0;
  std::string_view data;
  std::vector<StartRun> starts;  // start_times.h; empty: none are known
};

// Takes blocks in the order of time per series. Called by one thread at a time, never under a lock
// of the windows.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  // `newest` is the time of the newest sample in the block. On an error the same chunks come again
  // later.
  virtual Status Write(std::string_view block, Timestamp newest) = 0;
};

void AppendChunkEntry(const ChunkEntry& entry, std::string* block);

// Reads a block; entries view into it. Bounds-checked against any bytes.
class ChunkBlockReader {
 public:
  explicit ChunkBlockReader(std::string_view block) : rest_(block) {}
  // False at the end; DataLoss when the bytes are no entry.
  StatusOr<bool> Next(ChunkEntry* entry);

 private:
  std::string_view rest_;
};

// Varints as in protobuf. Get cuts what it read off the front; false when the bytes end early or it
// is too long.
void PutVarint(uint64_t value, std::string* out);
bool GetVarint(std::string_view* bytes, uint64_t* value);

}  // namespace outrider
