// SPDX-License-Identifier: Apache-2.0
// The native histograms of one series: sealed chunks, one open chunk and what came late. What may
// be appended is decided by Series, which knows the floats too.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "storage/window/late_samples.h"
#include "storage/window/sample_codec.h"

namespace outrider {

// Guarded by the lock of the series it belongs to.
class HistogramWindow {
 public:
  // `sample` is newer than the last one.
  void Append(const HistogramSample& sample, uint32_t epoch);
  void AddLate(const HistogramSample& sample, uint32_t epoch);
  // With nothing kept but when there was one last.
  void SetLast(Timestamp time) { last_time_ = time; }
  bool Find(Timestamp time, HistogramSample* found) const;
  // Appends the samples of [from, to], sorted; false on a damaged chunk.
  bool Read(Timestamp from, Timestamp to, std::vector<HistogramSample>* out) const;
  bool HasSampleIn(Timestamp from, Timestamp to) const;

  void Seal();
  bool SealOpenedBefore(uint32_t epoch);
  void Load(SealedChunk chunk, bool is_late);
  // Drops what is older than `cutoff`; true when nothing is left.
  bool Expire(Timestamp cutoff);
  bool HasUnwritten() const;
  void MarkPersisted(Timestamp end, std::span<const ChunkName> late);

  Timestamp last_time() const { return last_time_; }  // kNoTime: none yet
  const HistogramChunkWriter& open() const { return open_; }
  const std::vector<SealedChunk>& sealed() const { return sealed_; }
  const LateHistograms& late() const { return late_; }

 private:
  std::vector<SealedChunk> sealed_;  // oldest first
  HistogramChunkWriter open_;
  LateHistograms late_;
  Timestamp last_time_ = kNoTime;
  uint32_t open_epoch_ = 0;
};

}  // namespace outrider
