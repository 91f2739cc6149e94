// SPDX-License-Identifier: Apache-2.0
// The two kinds of samples and their chunk codecs under common names, for code that treats both
// alike.
#pragma once

#include <cstddef>

#include "storage/window/chunk_float.h"
#include "storage/window/chunk_histogram.h"
#include "storage/window/sealed_chunk.h"

namespace outrider {

struct FloatCodec {
  using Sample = outrider::Sample;
  using Reader = FloatChunkReader;
  using Writer = FloatChunkWriter;
  static constexpr ChunkEncoding kEncoding = ChunkEncoding::kFloat;
  static constexpr size_t kMaxLate = 64;  // late samples in one chunk
  // False when the sample needs another chunk; never so for an empty one.
  static bool Append(Writer* writer, const Sample& sample) {
    writer->Append(sample.time, sample.value);
    return true;
  }
};

struct HistogramCodec {
  using Sample = HistogramSample;
  using Reader = HistogramChunkReader;
  using Writer = HistogramChunkWriter;
  static constexpr ChunkEncoding kEncoding = ChunkEncoding::kHistogram;
  static constexpr size_t kMaxLate = 8;  // each is some hundred bytes until it is in a chunk
  static bool Append(Writer* writer, const Sample& sample) { return writer->Append(sample); }
};

// Takes what a writer holds; its samples are of [start, end].
template <typename Codec>
SealedChunk SealChunk(typename Codec::Writer* writer, Timestamp end) {
  SealedChunk chunk;
  chunk.encoding = Codec::kEncoding;
  chunk.start = writer->first_time();
  chunk.end = end;
  chunk.count = static_cast<uint16_t>(writer->count());
  chunk.data = writer->Take(&chunk.size);
  return chunk;
}

// The sample at `time`, if the chunk has one.
template <typename Codec>
bool FindInChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp time,
                 typename Codec::Sample* sample) {
  typename Codec::Reader reader(bytes, count);
  while (reader.Next(sample) && sample->time <= time) {
    if (sample->time == time) return true;
  }
  return false;
}

// Appends the samples of [from, to]; false on a damaged chunk.
template <typename Codec>
bool CollectChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp from, Timestamp to,
                  std::vector<typename Codec::Sample>* out) {
  typename Codec::Reader reader(bytes, count);
  typename Codec::Sample sample;
  while (reader.Next(&sample)) {
    if (sample.time > to) return true;
    if (sample.time >= from) out->push_back(sample);
  }
  return reader.ok();
}

}  // namespace outrider
