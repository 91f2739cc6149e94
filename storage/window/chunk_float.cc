// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_float.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include "storage/window/chunk_limits.h"

namespace outrider {
namespace {

// Capacities are 8 below a multiple of 16: what malloc hands out whole.
constexpr uint32_t kFirstCapacity = 56;
// There are as many chunks as series: room is made when it is needed, and little of it.
constexpr uint32_t kSmallStep = 16;
constexpr uint32_t kSmall = 136;
constexpr uint32_t kMaxLeading = 31;
constexpr uint32_t kWindowHeaderBits = 11;
constexpr uint32_t kMaxOnes = 8;  // of a Rice code; then an escape follows
constexpr uint32_t kModeBits = 5;
constexpr uint32_t kLiteral = 62;  // in place of a length
constexpr uint32_t kOtherMode = 63;
constexpr uint32_t kXorRetries = 8;  // samples between two looks for a number
constexpr uint32_t kPeeked = 57;
constexpr uint32_t kUlpsBits = 7;  // at most
constexpr int kFirstAverage = 16;
constexpr int kMaxAverage = 4 * 61;

struct TimeBucket {
  uint32_t prefix;
  uint32_t prefix_bits;
  uint32_t bits;
};
constexpr TimeBucket kTimeBuckets[] = {{0b0, 1, 7}, {0b10, 2, 14}, {0b110, 3, 20}, {0b111, 3, 64}};

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
uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

uint32_t LengthOf(uint64_t zigzag) { return static_cast<uint32_t>(std::bit_width(zigzag | 1)); }

}  // namespace

void ValueState::Begin(NumberMode new_mode) {
  *this = ValueState();
  mode = new_mode;
  average = kFirstAverage;
}

[[gnu::always_inline]] inline void ValueState::Learn(uint64_t new_step) {
  const auto plain = static_cast<int>(LengthOf(ZigZag(new_step)));
  const auto of_steps =
      static_cast<int>(LengthOf(ZigZag(new_step - static_cast<uint64_t>(int64_t{step}))));
  const int used = 4 * (score > 0 ? of_steps : plain);
  average = static_cast<uint8_t>(std::min(average + (used - average) / 4, kMaxAverage));
  score = static_cast<int8_t>(std::clamp(score + plain - of_steps, -32, 32));
  const auto narrow = static_cast<int32_t>(new_step);
  step = static_cast<uint64_t>(int64_t{narrow}) == new_step ? narrow : 0;
}

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

void FloatChunkWriter::Append(Timestamp time, double value) {
  const auto t = static_cast<uint64_t>(time);
  const uint64_t delta = t - time_;
  const bool same = SameBits(value, value_);
  if (count_ == 0) {
    first_time_ = time;
    Put(t, 64);
    Put(Bits(value), 64);
    state_.Begin(FindMode(value));
  } else if (delta != delta_) {
    Put(0b11, 2);
    PutTime(delta - delta_);
    delta_ = delta;
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

uint64_t FloatChunkReader::Peek() const {
  const size_t byte = at_ / 8;
  uint64_t word = 0;
  if ((byte + 8) * 8 <= total_bits_) {
    word = LoadBigEndian(data_ + byte);
  } else {
    for (size_t i = byte; i * 8 < total_bits_; ++i)
      word |= uint64_t{data_[i]} << (56 - 8 * (i - byte));
  }
  return word << (at_ % 8);
}

void FloatChunkReader::Skip(uint32_t bits) {
  at_ += bits;
  if (at_ <= total_bits_) return;
  at_ = total_bits_;
  ok_ = false;
}

uint64_t FloatChunkReader::Get(uint32_t bits) {
  if (bits > 56) {
    const uint64_t high = Get(bits - 32);
    return high << 32 | Get(32);
  }
  const uint64_t word = Peek() >> (64 - bits);
  Skip(bits);
  return word;
}

uint64_t FloatChunkReader::GetDeltaOfDelta() {
  if (Get(1) == 0) return UnZigZag(Get(7));
  if (Get(1) == 0) return UnZigZag(Get(14));
  return UnZigZag(Get(1) == 0 ? Get(20) : Get(64));
}

int64_t FloatChunkReader::GetUlps() {
  if (Get(1) == 0) return 0;
  const uint64_t zigzag = (Get(1) == 0 ? Get(2) : Get(5)) + 1;
  return static_cast<int64_t>(UnZigZag(zigzag));
}

// The usual course: all of a step lies in the bits that were looked at.
void FloatChunkReader::GetNumber(uint64_t word, uint32_t used) {
  const auto ones = static_cast<uint32_t>(std::countl_one(word));
  const uint32_t rest = state_.RiceBits();
  const uint32_t length = ones + 1 + rest;
  if (ones >= kMaxOnes || used + length >= kPeeked) {
    Skip(used);
    return GetUnusualNumber();
  }
  word <<= ones + 1;
  SetNumber(uint64_t{ones} << rest | word >> 1 >> (63 - rest));  // none for no bits
  const bool off = IsNearly(state_.mode) && word << rest >> 63 != 0;
  Skip(used + length + (IsNearly(state_.mode) && !off ? 1 : 0));
  value_ = ValueOf(state_.mode, number_, off ? GetUlps() : 0);
}

void FloatChunkReader::GetUnusualNumber() {
  uint64_t zigzag = 0;
  const auto ones = static_cast<uint32_t>(std::countl_one(Peek()));
  if (ones < kMaxOnes) {
    Skip(ones + 1);
    const uint32_t rest = state_.RiceBits();
    zigzag = uint64_t{ones} << rest | (rest > 0 ? Get(rest) : 0);
  } else {
    Skip(kMaxOnes);
    const auto length = static_cast<uint32_t>(Get(6));
    if (length == kOtherMode) return GetMode();
    if (length == kLiteral) {
      value_ = std::bit_cast<double>(Get(64));
      number_ = NumberOf(state_.mode, value_);
      return;
    }
    zigzag = Get(length + 1);
  }
  SetNumber(zigzag);
  value_ = ValueOf(state_.mode, number_, IsNearly(state_.mode) ? GetUlps() : 0);
}

void FloatChunkReader::SetNumber(uint64_t zigzag) {
  const uint64_t number = state_.Expected(number_) + UnZigZag(zigzag);
  state_.Learn(number - static_cast<uint64_t>(number_));
  number_ = static_cast<int64_t>(number);
}

void FloatChunkReader::GetXor() {
  if (Get(1) == 1) {
    if (Get(1) == 1) return GetMode();
    state_.leading = static_cast<uint8_t>(Get(5));
    state_.significant = static_cast<uint8_t>(Get(6) + 1);
  }
  // Never so in what we wrote: a window before the first one, or one wider than a value.
  if (state_.significant == 0 || state_.leading + state_.significant > 64) {
    ok_ = false;
    return;
  }
  const uint64_t bits_xor = Get(state_.significant) << (64 - state_.leading - state_.significant);
  value_ = std::bit_cast<double>(Bits(value_) ^ bits_xor);
}

void FloatChunkReader::GetMode() {
  const bool from_xor = state_.mode == kNoNumber;
  state_.Begin(static_cast<NumberMode>(Get(kModeBits)));
  if (state_.mode == kNoNumber) {
    if (from_xor) ok_ = false;  // never written; it would go on for ever
    return ok_ ? GetXor() : void();
  }
  const auto length = static_cast<uint32_t>(Get(6)) + 1;
  const auto before = static_cast<uint64_t>(NumberOf(state_.mode, value_));
  number_ = static_cast<int64_t>(before + UnZigZag(Get(length)));
  value_ = ValueOf(state_.mode, number_, IsNearly(state_.mode) ? GetUlps() : 0);
}

void FloatChunkReader::GetNext() {
  uint64_t word = Peek();
  bool same = word >> 63 == 0;
  uint32_t used = same ? 1 : 2;
  if (!same && (word >> 62) == 0b11) {
    Skip(2);
    delta_ += GetDeltaOfDelta();
    word = Peek();
    same = word >> 63 == 0;
    used = 1;
  }
  time_ += delta_;
  if (same) {
    Skip(used);
    state_.step = 0;
  } else if (state_.mode == kNoNumber) {
    Skip(used);
    GetXor();
  } else {
    GetNumber(word << used, used);
  }
}

bool FloatChunkReader::Next(Sample* sample) {
  if (left_ == 0 || !ok_) return false;
  if (first_) {
    first_ = false;
    time_ = Get(64);
    value_ = std::bit_cast<double>(Get(64));
    state_.Begin(FindMode(value_));
    number_ = NumberOf(state_.mode, value_);
  } else {
    GetNext();
  }
  if (!ok_) return false;
  --left_;
  sample->time = static_cast<Timestamp>(time_);
  sample->value = value_;
  return true;
}

// Everything is in locals, so that it stays in registers.
uint32_t FloatChunkReader::ReadUsual(std::span<Timestamp> times, std::span<double> values) {
  if (first_ || !ok_ || total_bits_ < 64 || state_.mode == kNoNumber) return 0;
  const size_t last_word = total_bits_ / 8 - 8;
  const bool nearly = IsNearly(state_.mode);
  const auto end = static_cast<uint32_t>(std::min<size_t>(times.size(), left_));
  ValueState state = state_;
  size_t at = at_;
  uint64_t time = time_;
  uint64_t delta = delta_;
  double value = value_;
  int64_t number = number_;
  uint32_t n = 0;
  while (n < end && at / 8 <= last_word) {
    const uint64_t word = LoadBigEndian(data_ + at / 8) << (at % 8);
    if (word >> 63 == 0) {  // a run of the same value
      const auto zeros = static_cast<uint32_t>(std::countl_zero(word | (1U << (64 - kPeeked))));
      const uint32_t run = std::min(zeros, end - n);
      for (uint32_t i = 0; i < run; ++i) {
        time += delta;
        times[n + i] = static_cast<Timestamp>(time);
        values[n + i] = value;
      }
      state.step = 0;
      at += run;
      n += run;
      continue;
    }
    uint32_t used = 2;
    bool same = false;
    if (word >> 62 == 0b11) {
      if ((word >> 61 & 1) != 0) break;  // a long delta-of-delta
      used = 11;
      same = (word >> 53 & 1) == 0;
    }
    if (!same) {
      const uint64_t code = word << used;
      const auto ones = static_cast<uint32_t>(std::countl_one(code));
      const uint32_t rest = state.RiceBits();
      if (ones >= kMaxOnes || used + ones + 1 + rest + kUlpsBits >= kPeeked) break;
      uint64_t tail = code << (ones + 1);
      const uint64_t zigzag = uint64_t{ones} << rest | tail >> 1 >> (63 - rest);
      if (used == 11) delta += UnZigZag(word << 3 >> 57);
      used += ones + 1 + rest;
      const uint64_t next = state.Expected(number) + UnZigZag(zigzag);
      state.Learn(next - static_cast<uint64_t>(number));
      number = static_cast<int64_t>(next);
      int64_t ulps = 0;
      if (nearly) {
        tail <<= rest;
        const bool off = tail >> 63 != 0;
        const bool few = (tail >> 62 & 1) == 0;
        if (off) ulps = static_cast<int64_t>(UnZigZag((tail << 2 >> (few ? 62 : 59)) + 1));
        used += off ? (few ? 4U : kUlpsBits) : 1U;
      }
      value = ValueOf(state.mode, number, ulps);
    } else {
      if (used == 11) delta += UnZigZag(word << 3 >> 57);
      state.step = 0;
    }
    at += used;
    time += delta;
    times[n] = static_cast<Timestamp>(time);
    values[n++] = value;
  }
  left_ -= n;
  state_ = state;
  at_ = at;
  time_ = time;
  delta_ = delta;
  value_ = value;
  number_ = number;
  return n;
}

uint32_t FloatChunkReader::Read(std::span<Timestamp> times, std::span<double> values) {
  uint32_t n = 0;
  while (n < times.size()) {
    n += ReadUsual(times.subspan(n), values.subspan(n));
    Sample sample;
    if (n == times.size() || !Next(&sample)) break;
    times[n] = sample.time;
    values[n++] = sample.value;
  }
  return n;
}

bool DecodeFloatChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp from, Timestamp to,
                      std::vector<Timestamp>* times, std::vector<double>* values) {
  constexpr size_t kPiece = kMaxChunkSamples;
  std::array<Timestamp, kPiece> some_times;
  std::array<double, kPiece> some_values;
  FloatChunkReader reader(bytes, count);
  while (const uint32_t n = reader.Read(some_times, some_values)) {
    const auto* first = some_times.data();
    const auto* last = first + n;
    const auto* begin = std::find_if(first, last, [&](Timestamp time) { return time >= from; });
    const auto* end = std::find_if(begin, last, [&](Timestamp time) { return time > to; });
    times->insert(times->end(), begin, end);
    values->insert(values->end(), some_values.data() + (begin - first),
                   some_values.data() + (end - first));
    if (end != last) break;
  }
  return reader.ok();
}

}  // namespace outrider
