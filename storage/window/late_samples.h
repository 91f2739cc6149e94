// SPDX-License-Identifier: Apache-2.0
// The samples of one series that came late: behind a newer one, within the out-of-order window.
// They are rare, so they are kept aside, sorted, and sealed into chunks of their own, which may
// overlap each other and the series' other chunks; readers merge.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/window/sample_codec.h"
#include "storage/window/sealed_chunk.h"

namespace outrider {

// Guarded by the lock of the series it belongs to.
template <typename Codec>
class LateStore {
 public:
  using Sample = typename Codec::Sample;

  // Keeps the sample; its time must not be there yet.
  void Add(const Sample& sample, uint32_t epoch);
  // The sample at this time, if there is one.
  bool Find(Timestamp time, Sample* found) const;
  // Appends those of [from, to], unsorted. False on a damaged chunk.
  bool Collect(Timestamp from, Timestamp to, std::vector<Sample>* out) const;
  bool HasSampleIn(Timestamp from, Timestamp to) const;

  void Seal();  // no-op when nothing is open
  // A chunk from a file; passed over when it is there already.
  void Load(SealedChunk chunk);
  void DropBefore(Timestamp cutoff);

  bool empty() const { return open_.empty() && sealed_.empty(); }
  const std::vector<Sample>& open() const { return open_; }
  uint32_t open_epoch() const { return open_epoch_; }  // when the first open one came
  bool HasUnwritten() const;
  void MarkPersisted(std::span<const ChunkName> names);
  const std::vector<SealedChunk>& sealed() const { return sealed_; }

 private:
  std::vector<Sample> open_;  // by time
  std::vector<SealedChunk> sealed_;
  uint32_t open_epoch_ = 0;
};

extern template class LateStore<FloatCodec>;
extern template class LateStore<HistogramCodec>;
using LateSamples = LateStore<FloatCodec>;
using LateHistograms = LateStore<HistogramCodec>;

}  // namespace outrider
