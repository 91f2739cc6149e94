// SPDX-License-Identifier: Apache-2.0
// The codec of float chunks: delta-of-delta times and values as steps between whole numbers
// (number_mode.h) or, where they are none, as Gorilla's XORs; a stream of bits, most significant
// first. Layout (also in docs/formats.md; the number of samples stands beside the chunk, not in
// it):
//   first sample: time 64, value 64; the mode is FindMode(value)
//   each other:   0: a delta of time as before, the same value
//                 10 value: a delta of time as before
//                 11, delta-of-delta (zigzag: 0 + 7 | 10 + 14 | 110 + 20 | 111 + 64), 0 or 1 value
//   value, in a mode of numbers: the zigzag step beyond what is expected, as a Rice code whose
//                 parameter follows the steps before: q < 8 ones, 0, rest | 11111111 + 6 (bits - 1)
//                 + bits. Of these 6 bits, 62 says: 64 bits of the value follow, and 63: another
//                 mode. With ulps: zigzag 0 | 10 + 2 | 11 + 5
//   value, else:  XOR with the one before: 0 + bits in the window before | 10 + 5 leading zeros + 6
//                 (significant bits - 1) + bits | 11: another mode
//   another mode: 5; to numbers: 6 (bits - 1) + bits of the zigzag step from the number of the
//                 value before, ulps; else an XOR code
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
#include "storage/window/number_mode.h"

namespace outrider {

struct FreeBytesDeleter {
  void operator()(uint8_t* bytes) const { std::free(bytes); }
};
using ChunkBytes = std::unique_ptr<uint8_t[], FreeBytesDeleter>;  // from malloc, grown by realloc

// What the values so far say of the next one; the same on both sides.
struct ValueState {
  NumberMode mode = kNoNumber;
  // In a mode of numbers: the average length of steps in quarters of a bit, how much better steps
  // of steps are (positive: they are used), the last step. Else: the window of XORs.
  union {
    uint8_t average = 0;
    uint8_t leading;
  };
  union {
    int8_t score = 0;
    uint8_t significant;  // 0: none yet
  };
  int32_t step = 0;

  void Begin(NumberMode new_mode);
  // Of a number that follows `before`.
  uint64_t Expected(int64_t before) const {
    return static_cast<uint64_t>(before) + static_cast<uint64_t>(int64_t{score > 0 ? step : 0});
  }
  uint32_t RiceBits() const { return average >= 8 ? average / 4 - 1 : 0; }
  void Learn(uint64_t new_step);
};

// A chunk that is still written to. Not thread-safe.
class FloatChunkWriter {
 public:
  void Append(Timestamp time, double value);
  // The sample appended last, also when its chunk has been taken since.
  Timestamp last_time() const { return static_cast<Timestamp>(time_); }
  double last_value() const { return value_; }
  void SetLast(Timestamp time, double value);  // only while the chunk is empty
  uint32_t count() const { return count_; }
  std::span<const uint8_t> bytes() const { return {data_.get(), (bits_ + 7) / 8}; }
  size_t capacity() const { return size_t{capacity_} * kCapacityUnit; }
  void PrefetchBytes() const { __builtin_prefetch(data_.get()); }
  void PrefetchEnd() const { __builtin_prefetch(data_.get() + bits_ / 8, 1); }
  Timestamp first_time() const;
  // The bytes, cut to their size; the chunk is empty afterwards.
  ChunkBytes Take(uint32_t* size);
  void Clear();

 private:
  static constexpr uint32_t kCapacityUnit = 8;

  static constexpr uint32_t kLarge = UINT32_MAX;
  static uint32_t Narrow(uint64_t span) {
    return span < kLarge ? static_cast<uint32_t>(span) : kLarge;
  }
  uint64_t FirstInBytes() const;
  uint64_t DeltaInBytes() const;
  uint64_t Delta() const { return delta_ != kLarge ? delta_ : DeltaInBytes(); }

  void Grow();
  void Put(uint64_t value, uint32_t bits);  // bits <= 64; `value` has no others set
  void PutTime(uint64_t delta_of_delta);
  // `control` are bits that go before the value.
  struct Control {
    uint32_t bits;
    uint32_t length;
  };
  void PutValue(double value, Control control);
  bool PutNumber(double value, Control control);
  void PutStep(uint64_t zigzag, Control control);
  void PutUlps(int64_t ulps);
  void PutLiteral(double value);
  void PutXor(double value);
  void PutMode(NumberMode mode, double value);

  ChunkBytes data_;
  uint32_t bits_ = 0;
  uint16_t capacity_ = 0;  // in units
  uint16_t count_ = 0;
  // Hardly any chunk needs more than 32 bits here; kLarge: the chunk's bytes tell.
  uint32_t since_first_ = 0;
  uint32_t delta_ = 0;
  uint64_t time_ = static_cast<uint64_t>(kNoTime);
  double value_ = 0;
  ValueState state_;
};

inline Timestamp FloatChunkWriter::first_time() const {
  return static_cast<Timestamp>(since_first_ != kLarge ? time_ - since_first_ : FirstInBytes());
}

// Reads a chunk; never reads beyond `bytes`, whatever they hold.
class FloatChunkReader {
 public:
  // Where reading stopped: a chunk that has grown since is read on from there.
  struct Place {
    size_t at = 0;
    uint64_t time = 0;
    uint64_t delta = 0;
    double value = 0;
    int64_t number = 0;
    ValueState state{};
  };
  FloatChunkReader(std::span<const uint8_t> bytes, uint32_t count)
      : data_(bytes.data()), total_bits_(bytes.size() * 8), left_(count) {}
  // False behind the last sample, or when the bytes end early (see ok()).
  bool Next(Sample* sample);
  // As many as there are and fit; both spans have one size. Quicker than one by one.
  uint32_t Read(std::span<Timestamp> times, std::span<double> values);
  bool ok() const { return ok_; }
  Place place() const { return {at_, time_, delta_, value_, number_, state_}; }
  // Behind a place at which samples were read; `left` are to come.
  void Resume(const Place& place, uint32_t left);

 private:
  // Reads on while samples have the value before, or one a small step away.
  uint32_t ReadUsual(std::span<Timestamp> times, std::span<double> values);
  // The next bits, left-aligned; at least 57 are there, zeros behind the end.
  uint64_t Peek() const;
  void Skip(uint32_t bits);
  uint64_t Get(uint32_t bits);
  uint64_t GetDeltaOfDelta();
  void GetNext();
  void GetNumber(uint64_t word, uint32_t used);  // `word`: the bits behind `used` ones
  void GetUnusualNumber();
  void SetNumber(uint64_t zigzag);
  int64_t GetUlps();
  void GetXor();
  void GetMode();

  const uint8_t* data_;
  size_t total_bits_;
  size_t at_ = 0;
  uint32_t left_;
  bool first_ = true;
  bool ok_ = true;
  uint64_t time_ = 0;
  uint64_t delta_ = 0;
  double value_ = 0;
  int64_t number_ = 0;  // of the value, in a mode of numbers
  ValueState state_;
};

// Appends the chunk's samples of [from, to] to both vectors. False when the chunk is damaged.
bool DecodeFloatChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp from, Timestamp to,
                      std::vector<Timestamp>* times, std::vector<double>* values);

}  // namespace outrider
