// SPDX-License-Identifier: Apache-2.0
// The codec of chunks of native histograms. A chunk has one shape: its histograms differ only in
// their counts, sum and reset hint. Layout, in the codes of bit_stream.h (also in docs/formats.md;
// the number of samples stands beside the chunk, not in it):
//   sample     time: the first 64 bits, then as a time code · stale (1); if set, that was all
//              the shape, before the first that is not stale
//              reset hint: 0 as before (at first: unknown) | 1 + 2
//              same (1), not in the first: every value as before; if set, that was all
//              count, zero count, positive buckets, negative buckets · XOR of the sum
//   shape      float (1) · coded as XORs (1) · zigzag schema, number
//              XOR of the zero threshold with 2^-128
//              for both sides: how many spans, number; each: zigzag offset, length, numbers
//              how many custom values, number; each: XOR with the one before
//   each count XOR with the one before, or, if whole: zigzag delta-of-delta, number
// Integer histograms are coded as whole numbers below 2^64, unless one that is not whole opens the
// chunk. Every bit pattern of a double survives; of a stale marker, only that it is one. Times are
// any int64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/native_histogram.h"
#include "storage/window/bit_stream.h"
#include "storage/window/chunk_float.h"

namespace outrider {

// What the values of the sample before leave behind, on either side of the codec.
struct HistogramValueRow {
  void Resize(size_t values, bool coded_as_xor);

  bool xor_coded = false;
  std::vector<uint64_t> words;     // each count: bits of the double, or a whole number
  std::vector<uint64_t> deltas;    // of whole numbers
  std::vector<XorWindow> windows;  // of XORs
  uint64_t sum = 0;                // bits
  XorWindow sum_window;
};

// A chunk that is still written to. Not thread-safe.
class HistogramChunkWriter {
 public:
  // False when the sample needs another chunk: one of another shape, or the chunk is large. Never
  // so for an empty chunk and a histogram whose shape is valid (ValidateShape); no chunk takes
  // others. Stale markers fit any shape.
  bool Append(const HistogramSample& sample);
  uint32_t count() const { return count_; }
  std::span<const uint8_t> bytes() const { return out_.bytes(); }
  // Bytes held on the heap, those of the sample before included.
  size_t capacity() const;
  Timestamp first_time() const { return first_time_; }
  // The bytes, cut to their size; the writer is empty afterwards.
  ChunkBytes Take(uint32_t* size);
  void Clear() { *this = HistogramChunkWriter(); }

 private:
  bool Fits(const NativeHistogram& histogram) const;
  void PutTime(Timestamp time);
  void PutShape(const NativeHistogram& histogram);
  void PutValues(const NativeHistogram& histogram);
  void PutCounts(const NativeHistogram& histogram);
  bool IsSame(const NativeHistogram& histogram) const;

  BitWriter out_;
  uint32_t count_ = 0;
  Timestamp first_time_ = 0;
  uint64_t time_ = 0;
  uint64_t delta_ = 0;
  bool has_shape_ = false;
  NativeHistogram shape_;  // without buckets
  size_t positive_ = 0;    // number of buckets
  HistogramValueRow row_;
  ResetHint hint_ = ResetHint::kUnknown;  // of the sample before
};

// Reads a chunk; never reads beyond `bytes`, whatever they hold. What it gives has a valid shape.
class HistogramChunkReader {
 public:
  HistogramChunkReader(std::span<const uint8_t> bytes, uint32_t count) : in_(bytes), left_(count) {}
  // False behind the last sample, or when the bytes are damaged (see ok()).
  bool Next(HistogramSample* sample);
  bool ok() const { return in_.ok(); }

 private:
  void GetTime();
  bool GetShape();
  bool GetSpans(std::vector<BucketSpan>* spans, std::vector<double>* buckets);
  bool GetCustomValues();
  void GetValues();
  void GetCounts();

  BitReader in_;
  uint32_t left_;
  bool first_ = true;
  uint64_t time_ = 0;
  uint64_t delta_ = 0;
  bool has_shape_ = false;
  NativeHistogram last_;
  HistogramValueRow row_;
};

}  // namespace outrider
