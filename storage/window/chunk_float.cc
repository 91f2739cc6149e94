// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_float.h"

#include <bit>
#include <cstring>
#include <new>

#include "storage/window/chunk_float_code.h"

namespace outrider {
namespace {

using namespace chunk_float_internal;  // NOLINT(google-build-using-namespace): the codec's own

// Capacities are 8 below a multiple of 16: what malloc hands out whole.
constexpr uint32_t kFirstCapacity = 24;  // one sample is 16: many series never get a second
// There are as many chunks as series: room is made when it is needed, and little of it. Steps of 16
// would spare 1 % of a series' memory and cost a tenth of appending in blocks moved and merged.
constexpr uint32_t kSmallStep = 32;
constexpr uint32_t kSmall = 136;
constexpr uint32_t kMaxLeading = 31;
constexpr uint32_t kWindowHeaderBits = 11;
constexpr uint32_t kXorRetries = 8;  // samples between two looks for a number

struct TimeBucket {
  uint32_t prefix;
  uint32_t prefix_bits;
  uint32_t bits;
};
constexpr TimeBucket kTimeBuckets[] = {{0b0, 1, 7}, {0b10, 2, 14}, {0b110, 3, 20}, {0b111, 3, 64}};

void StoreBigEndian(uint8_t* at, uint64_t word) {
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  std::memcpy(at, &word, sizeof word);
}

}  // namespace

void FloatChunkWriter::Grow() {
  const auto had = static_cast<uint32_t>(capacity());
  uint32_t wanted = had < kSmall ? had + kSmallStep : (had + had / 4 + 24) / 16 * 16 + 8;
  if (had == 0) wanted = kFirstCapacity;
  auto* grown = static_cast<uint8_t*>(std::realloc(data_.get(), wanted));
  if (grown == nullptr) throw std::bad_alloc();
  (void)data_.release();  // realloc took it
  data_.reset(grown);
  std::memset(grown + had, 0, wanted - had);
  capacity_ = static_cast<uint16_t>(wanted / kCapacityUnit);
}

void FloatChunkWriter::Put(uint64_t value, uint32_t bits) {
  if (bits > 56) {  // more may not fit in one word behind a partly filled byte
    Put(value >> 32, bits - 32);
    Put(value & 0xffffffffU, 32);
    return;
  }
  if (bits_ / 8 + sizeof value > capacity()) Grow();
  uint8_t* at = data_.get() + bits_ / 8;
  StoreBigEndian(at, LoadBigEndian(at) | (value << (64 - bits_ % 8 - bits)));
  bits_ += bits;
}

void FloatChunkWriter::PutTime(uint64_t delta_of_delta) {
  const uint64_t zigzag = ZigZag(delta_of_delta);
  for (const TimeBucket& bucket : kTimeBuckets) {
    if (bucket.bits < 64 && zigzag >> bucket.bits != 0) continue;
    Put(bucket.prefix, bucket.prefix_bits);
    return Put(zigzag, bucket.bits);
  }
}

void FloatChunkWriter::PutUlps(int64_t ulps) {
  const uint64_t zigzag = ZigZag(static_cast<uint64_t>(ulps));
  if (zigzag == 0) return Put(0, 1);
  if (zigzag <= 4) return Put(0b10U << 2 | (zigzag - 1), 4);
  Put(0b11U << 5 | (zigzag - 1), 7);
}

void FloatChunkWriter::PutStep(uint64_t zigzag, Control control) {
  const uint32_t rest = state_.RiceBits();
  const uint64_t ones = zigzag >> rest;
  if (ones < kMaxOnes) {
    const auto unary = static_cast<uint32_t>(ones) + 1;
    const uint64_t head = uint64_t{control.bits} << unary | ((uint64_t{1} << unary) - 2);
    const uint64_t low = zigzag & ((uint64_t{1} << rest) - 1);
    const uint32_t head_length = control.length + unary;
    if (head_length + rest <= 56) return Put(head << rest | low, head_length + rest);
    Put(head, head_length);
    return Put(low, rest);
  }
  const uint32_t length = LengthOf(zigzag);
  Put(uint64_t{control.bits} << 14 | 0xffU << 6 | (length - 1), control.length + kMaxOnes + 6);
  Put(zigzag, length);
}

// False, with nothing put, when the value is no number of the mode.
bool FloatChunkWriter::PutNumber(double value, Control control) {
  const int64_t number = NumberOf(state_.mode, value);
  int64_t ulps = 0;
  if (!Fits(state_.mode, value, number, &ulps)) return false;
  const int64_t before = NumberOf(state_.mode, value_);
  PutStep(ZigZag(static_cast<uint64_t>(number) - state_.Expected(before)), control);
  if (IsNearly(state_.mode)) PutUlps(ulps);
  state_.Learn(static_cast<uint64_t>(number) - static_cast<uint64_t>(before));
  return true;
}

void FloatChunkWriter::PutLiteral(double value) {
  Put(0xffU << 6 | kLiteral, kMaxOnes + 6);
  Put(Bits(value), 64);
}

void FloatChunkWriter::PutXor(double value) {
  const uint64_t bits_xor = Bits(value) ^ Bits(value_);
  const uint32_t leading = std::min<uint32_t>(std::countl_zero(bits_xor), kMaxLeading);
  const auto trailing = static_cast<uint32_t>(std::countr_zero(bits_xor));
  const uint32_t significant = 64 - leading - trailing;
  const uint32_t window_trailing = 64U - state_.leading - state_.significant;
  // Staying in a much wider window would cost more than a new one's header.
  if (state_.significant != 0 && leading >= state_.leading && trailing >= window_trailing &&
      state_.significant <= significant + kWindowHeaderBits) {
    Put(0, 1);
    return Put(bits_xor >> window_trailing, state_.significant);
  }
  state_.leading = static_cast<uint8_t>(leading);
  state_.significant = static_cast<uint8_t>(significant);
  Put(0b10U << kWindowHeaderBits | leading << 6 | (significant - 1), 2 + kWindowHeaderBits);
  Put(bits_xor >> trailing, significant);
}

void FloatChunkWriter::PutMode(NumberMode mode, double value) {
  if (state_.mode == kNoNumber) {
    Put(0b11, 2);
  } else {
    Put(0xffU << 6 | kOtherMode, kMaxOnes + 6);
  }
  Put(mode, kModeBits);
  state_.Begin(mode);
  if (mode == kNoNumber) return PutXor(value);
  const int64_t number = NumberOf(mode, value);
  int64_t ulps = 0;
  (void)Fits(mode, value, number, &ulps);
  const uint64_t step =
      static_cast<uint64_t>(number) - static_cast<uint64_t>(NumberOf(mode, value_));
  const uint32_t length = LengthOf(ZigZag(step));
  Put(length - 1, 6);
  Put(ZigZag(step), length);
  if (IsNearly(mode)) PutUlps(ulps);
}

// A value that is not the one before.
void FloatChunkWriter::PutValue(double value, Control control) {
  if (state_.mode != kNoNumber) {
    if (PutNumber(value, control)) return;
    Put(control.bits, control.length);
    if (!std::isfinite(value)) return PutLiteral(value);  // a marker: the series stays what it is
    return PutMode(FindMode(value), value);
  }
  Put(control.bits, control.length);
  if (count_ % kXorRetries == 0) {
    const NumberMode mode = FindMode(value);
    int64_t ulps = 0;
    if (mode != kNoNumber && Fits(mode, value_, NumberOf(mode, value_), &ulps)) {
      return PutMode(mode, value);
    }
  }
  PutXor(value);
}

uint64_t FloatChunkWriter::FirstInBytes() const { return LoadBigEndian(data_.get()); }

uint64_t FloatChunkWriter::DeltaInBytes() const {
  FloatChunkReader reader(bytes(), count_);
  Sample sample;
  while (reader.Next(&sample)) {
  }
  return reader.place().delta;
}

void FloatChunkWriter::Append(Timestamp time, double value) {
  const auto t = static_cast<uint64_t>(time);
  const uint64_t delta = t - time_;
  const bool same = SameBits(value, value_);
  if (count_ == 0) {
    since_first_ = 0;
    Put(t, 64);
    Put(Bits(value), 64);
    state_.Begin(FindMode(value));
  } else if (delta != Delta()) {
    Put(0b11, 2);
    PutTime(delta - Delta());
    delta_ = Narrow(delta);
    if (same) {
      Put(0, 1);
    } else {
      PutValue(value, {0b1, 1});
    }
  } else if (same) {
    Put(0, 1);
  } else {
    PutValue(value, {0b10, 2});
  }
  if (same) state_.step = 0;
  if (count_ > 0) since_first_ = Narrow(t - static_cast<uint64_t>(first_time()));
  time_ = t;
  value_ = value;
  ++count_;
}

void FloatChunkWriter::SetLast(Timestamp time, double value) {
  time_ = static_cast<uint64_t>(time);
  value_ = value;
}

void FloatChunkWriter::Clear() {
  data_.reset();
  bits_ = 0;
  capacity_ = count_ = 0;
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

}  // namespace outrider
