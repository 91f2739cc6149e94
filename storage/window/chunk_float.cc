// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_float.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace outrider {
namespace {

// Capacities are 8 below a multiple of 16: what malloc hands out whole.
constexpr uint32_t kFirstCapacity = 56;
// One sample takes at most 145 bits; a store touches 8 bytes from its first.
constexpr uint32_t kSlack = 32;
constexpr uint32_t kMaxLeading = 31;
constexpr uint32_t kWindowHeaderBits = 11;

struct TimeBucket {
  uint32_t prefix;
  uint32_t prefix_bits;
  uint32_t bits;
};
constexpr TimeBucket kTimeBuckets[] = {
    {0b10, 2, 7}, {0b110, 3, 14}, {0b1110, 4, 20}, {0b1111, 4, 64}};

uint64_t LoadBigEndian(const uint8_t* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

void StoreBigEndian(uint8_t* at, uint64_t word) {
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  std::memcpy(at, &word, sizeof word);
}

uint64_t ZigZag(uint64_t v) { return (v << 1) ^ (0 - (v >> 63)); }
uint64_t UnZigZag(uint64_t v) { return (v >> 1) ^ (0 - (v & 1)); }

}  // namespace

void FloatChunkWriter::Reserve() {
  const uint32_t used = (bits_ + 7) / 8;
  if (used + kSlack <= capacity_) return;
  const uint32_t wanted =
      capacity_ == 0 ? kFirstCapacity : (capacity_ + capacity_ / 4 + 24) / 16 * 16 + 8;
  auto* grown = static_cast<uint8_t*>(std::realloc(data_.get(), wanted));
  if (grown == nullptr) throw std::bad_alloc();
  (void)data_.release();  // realloc took it
  data_.reset(grown);
  std::memset(grown + used, 0, wanted - used);
  capacity_ = wanted;
}

void FloatChunkWriter::Put(uint64_t value, uint32_t bits) {
  if (bits > 56) {  // more may not fit in one word behind a partly filled byte
    Put(value >> 32, bits - 32);
    Put(value & 0xffffffffU, 32);
    return;
  }
  uint8_t* at = data_.get() + bits_ / 8;
  StoreBigEndian(at, LoadBigEndian(at) | (value << (64 - bits_ % 8 - bits)));
  bits_ += bits;
}

void FloatChunkWriter::PutTime(uint64_t delta_of_delta) {
  if (delta_of_delta == 0) return Put(0, 1);
  const uint64_t zigzag = ZigZag(delta_of_delta);
  for (const TimeBucket& bucket : kTimeBuckets) {
    if (bucket.bits < 64 && zigzag >> bucket.bits != 0) continue;
    Put(bucket.prefix, bucket.prefix_bits);
    return Put(zigzag, bucket.bits);
  }
}

void FloatChunkWriter::PutValue(uint64_t bits_xor) {
  if (bits_xor == 0) return Put(0, 1);
  const uint32_t leading = std::min<uint32_t>(std::countl_zero(bits_xor), kMaxLeading);
  const auto trailing = static_cast<uint32_t>(std::countr_zero(bits_xor));
  const uint32_t significant = 64 - leading - trailing;
  const uint32_t window_trailing = 64U - leading_ - significant_;
  // Staying in a much wider window would cost more than a new one's header.
  if (significant_ != 0 && leading >= leading_ && trailing >= window_trailing &&
      significant_ <= significant + kWindowHeaderBits) {
    Put(0b10, 2);
    return Put(bits_xor >> window_trailing, significant_);
  }
  leading_ = static_cast<uint8_t>(leading);
  significant_ = static_cast<uint8_t>(significant);
  Put(0b11U << kWindowHeaderBits | leading << 6 | (significant - 1), 2 + kWindowHeaderBits);
  Put(bits_xor >> trailing, significant);
}

void FloatChunkWriter::Append(Timestamp time, double value) {
  Reserve();
  const auto t = static_cast<uint64_t>(time);
  const auto v = std::bit_cast<uint64_t>(value);
  if (count_ == 0) {
    first_time_ = time;
    Put(t, 64);
    Put(v, 64);
  } else {
    const uint64_t delta = t - time_;
    PutTime(delta - delta_);
    PutValue(v ^ value_);
    delta_ = delta;
  }
  time_ = t;
  value_ = v;
  ++count_;
}

void FloatChunkWriter::SetLast(Timestamp time, double value) {
  time_ = static_cast<uint64_t>(time);
  value_ = std::bit_cast<uint64_t>(value);
}

void FloatChunkWriter::Clear() {
  data_.reset();
  capacity_ = bits_ = count_ = 0;
  leading_ = significant_ = 0;
  delta_ = 0;
}

ChunkBytes FloatChunkWriter::Take(uint32_t* size) {
  *size = (bits_ + 7) / 8;
  auto* cut = static_cast<uint8_t*>(std::realloc(data_.get(), std::max<uint32_t>(*size, 1)));
  if (cut == nullptr) throw std::bad_alloc();
  (void)data_.release();  // realloc took it
  Clear();
  return ChunkBytes(cut);
}

uint64_t FloatChunkReader::Get(uint32_t bits) {
  if (bits > 56) {
    const uint64_t high = Get(bits - 32);
    return high << 32 | Get(32);
  }
  if (at_ + bits > total_bits_) {
    ok_ = false;
    return 0;
  }
  const size_t byte = at_ / 8;
  uint64_t word = 0;
  if ((byte + 8) * 8 <= total_bits_) {
    word = LoadBigEndian(data_ + byte);
  } else {
    for (size_t i = byte; i * 8 < total_bits_; ++i)
      word |= uint64_t{data_[i]} << (56 - 8 * (i - byte));
  }
  word = word << (at_ % 8) >> (64 - bits);
  at_ += bits;
  return word;
}

uint64_t FloatChunkReader::NextDeltaOfDelta() {
  if (Get(1) == 0) return 0;
  if (Get(1) == 0) return UnZigZag(Get(7));
  if (Get(1) == 0) return UnZigZag(Get(14));
  return UnZigZag(Get(1) == 0 ? Get(20) : Get(64));
}

uint64_t FloatChunkReader::NextXor() {
  if (Get(1) == 0) return 0;
  if (Get(1) == 1) {
    leading_ = static_cast<uint32_t>(Get(5));
    significant_ = static_cast<uint32_t>(Get(6)) + 1;
  }
  // Never so in what we wrote: a window before the first one, or one wider than a value.
  if (significant_ == 0 || leading_ + significant_ > 64) {
    ok_ = false;
    return 0;
  }
  return Get(significant_) << (64 - leading_ - significant_);
}

bool FloatChunkReader::Next(Sample* sample) {
  if (left_ == 0 || !ok_) return false;
  if (first_) {
    first_ = false;
    time_ = Get(64);
    value_ = Get(64);
  } else {
    delta_ += NextDeltaOfDelta();
    time_ += delta_;
    value_ ^= NextXor();
  }
  if (!ok_) return false;
  --left_;
  sample->time = static_cast<Timestamp>(time_);
  sample->value = std::bit_cast<double>(value_);
  return true;
}

bool DecodeFloatChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp from, Timestamp to,
                      std::vector<Timestamp>* times, std::vector<double>* values) {
  FloatChunkReader reader(bytes, count);
  Sample sample;
  while (reader.Next(&sample)) {
    if (sample.time > to) break;
    if (sample.time < from) continue;
    times->push_back(sample.time);
    values->push_back(sample.value);
  }
  return reader.ok();
}

}  // namespace outrider
