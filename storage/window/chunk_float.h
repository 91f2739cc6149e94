// SPDX-License-Identifier: Apache-2.0
// The codec of float chunks: Gorilla's delta-of-delta times and XORed values, as a stream of bits,
// most significant first. Layout (also in docs/formats.md; the number of samples stands beside the
// chunk, not in it):
//   first sample: time 64, value 64
//   each other:   zigzag delta-of-delta: 0 | 10 + 7 | 110 + 14 | 1110 + 20 | 1111 + 64
//                 XOR with the value before: 0 | 10 + bits in the window before | 11 + 5 leading
//                 zeros + 6 (significant bits - 1) + bits
// Every bit pattern of a double survives, stale markers and other NaNs included. Times are any
// int64.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

struct FreeBytesDeleter {
  void operator()(uint8_t* bytes) const { std::free(bytes); }
};
using ChunkBytes = std::unique_ptr<uint8_t[], FreeBytesDeleter>;  // from malloc, grown by realloc

// A chunk that is still written to. Not thread-safe.
class FloatChunkWriter {
 public:
  void Append(Timestamp time, double value);
  // The sample appended last, also when its chunk has been taken since.
  Timestamp last_time() const { return static_cast<Timestamp>(time_); }
  double last_value() const { return std::bit_cast<double>(value_); }
  void SetLast(Timestamp time, double value);  // only while the chunk is empty
  uint32_t count() const { return count_; }
  std::span<const uint8_t> bytes() const { return {data_.get(), (bits_ + 7) / 8}; }
  size_t capacity() const { return capacity_; }
  void PrefetchEnd() const { __builtin_prefetch(data_.get() + bits_ / 8, 1); }
  Timestamp first_time() const { return first_time_; }
  // The bytes, cut to their size; the chunk is empty afterwards.
  ChunkBytes Take(uint32_t* size);
  void Clear();

 private:
  void Reserve();
  void Put(uint64_t value, uint32_t bits);  // bits <= 64; `value` has no others set
  void PutTime(uint64_t delta_of_delta);
  void PutValue(uint64_t bits_xor);

  ChunkBytes data_;
  uint32_t capacity_ = 0;
  uint32_t bits_ = 0;
  uint32_t count_ = 0;
  uint8_t leading_ = 0;
  uint8_t significant_ = 0;  // of the window; 0: none yet
  Timestamp first_time_ = 0;
  uint64_t delta_ = 0;
  uint64_t time_ = static_cast<uint64_t>(kNoTime);
  uint64_t value_ = 0;  // bits
};

// Reads a chunk; never reads beyond `bytes`, whatever they hold.
class FloatChunkReader {
 public:
  FloatChunkReader(std::span<const uint8_t> bytes, uint32_t count)
      : data_(bytes.data()), total_bits_(bytes.size() * 8), left_(count) {}
  // False behind the last sample, or when the bytes end early (see ok()).
  bool Next(Sample* sample);
  bool ok() const { return ok_; }

 private:
  uint64_t Get(uint32_t bits);
  uint64_t NextDeltaOfDelta();
  uint64_t NextXor();

  const uint8_t* data_;
  size_t total_bits_;
  size_t at_ = 0;
  uint32_t left_;
  bool first_ = true;
  bool ok_ = true;
  uint32_t leading_ = 0;
  uint32_t significant_ = 0;
  uint64_t time_ = 0;
  uint64_t delta_ = 0;
  uint64_t value_ = 0;
};

// Appends the chunk's samples of [from, to] to both vectors. False when the chunk is damaged.
bool DecodeFloatChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp from, Timestamp to,
                      std::vector<Timestamp>* times, std::vector<double>* values);

}  // namespace outrider
