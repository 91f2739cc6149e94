// SPDX-License-Identifier: Apache-2.0
// The samples of one series that came late: behind a newer one, within the out-of-order window.
// They are rare, so they are kept aside, sorted, and sealed into chunks of their own, which may
// overlap each other and the series' other chunks; readers merge.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/window/sealed_chunk.h"

namespace outrider {

// Guarded by the lock of the series it belongs to.
class LateSamples {
 public:
  // Keeps the sample; its time must not be there yet.
  void Add(const Sample& sample, uint32_t epoch);
  // The sample at this time, if there is one.
  bool Find(Timestamp time, double* value) const;
  // Merges what is in [from, to] into samples [begin, …) of the vectors, which are sorted.
  // False on a damaged chunk.
  bool MergeInto(Timestamp from, Timestamp to, size_t begin, std::vector<Timestamp>* times,
                 std::vector<double>* values) const;
  bool HasSampleIn(Timestamp from, Timestamp to) const;

  void Seal();  // no-op when nothing is open
  // A chunk from a file; passed over when it is there already.
  void Load(SealedChunk chunk);
  void DropBefore(Timestamp cutoff);

  bool empty() const { return open_.empty() && sealed_.empty(); }
  const std::vector<Sample>& open() const { return open_; }
  uint32_t open_epoch() const { return open_epoch_; }  // when the first open one came
  void MarkPersisted(std::span<const ChunkName> names);
  const std::vector<SealedChunk>& sealed() const { return sealed_; }

 private:
  // Appends those of [from, to], unsorted.
  bool Collect(Timestamp from, Timestamp to, std::vector<Sample>* out) const;

  std::vector<Sample> open_;  // by time
  std::vector<SealedChunk> sealed_;
  uint32_t open_epoch_ = 0;
};

// Whether the chunk has a sample at `time`; its value.
bool FindInChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp time, double* value);

}  // namespace outrider
