// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>

#include "storage/window/chunk_float.h"
#include "storage/window/chunk_float_code.h"
#include "storage/window/chunk_limits.h"

namespace outrider {
namespace {

using namespace chunk_float_internal;  // NOLINT(google-build-using-namespace): the codec's own

constexpr uint32_t kPeeked = 57;
constexpr uint32_t kUlpsBits = 7;  // at most

// A step between numbers that lies in one word with its ulps.
struct UsualStep {
  uint64_t zigzag = 0;
  int64_t ulps = 0;
  uint32_t bits = 0;  // of all of it; 0: it is no such step
};

// `word`: the bits from there on, of which `there` are valid.
[[gnu::always_inline]] inline UsualStep StepAt(uint64_t word, uint32_t there, uint32_t rest,
                                               bool nearly) {
  const auto ones = static_cast<uint32_t>(std::countl_one(word));
  if (ones >= kMaxOnes || ones + 1 + rest + kUlpsBits >= there) return {};
  word <<= ones + 1;
  UsualStep step{.zigzag = uint64_t{ones} << rest | word >> 1 >> (63 - rest),  // none for no bits
                 .ulps = 0,
                 .bits = ones + 1 + rest};
  if (!nearly) return step;
  word <<= rest;
  const bool off = word >> 63 != 0;
  const bool few = (word >> 62 & 1) == 0;
  if (off) step.ulps = static_cast<int64_t>(UnZigZag((word << 2 >> (few ? 62 : 59)) + 1));
  step.bits += off ? (few ? 4U : kUlpsBits) : 1U;
  return step;
}

}  // namespace

void FloatChunkReader::Resume(const Place& place, uint32_t left) {
  at_ = place.at;
  time_ = place.time;
  delta_ = place.delta;
  value_ = place.value;
  number_ = place.number;
  state_ = place.state;
  left_ = left;
  first_ = false;
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
      const auto zeros = static_cast<uint32_t>(std::countl_zero(word | 1U << (64 - kPeeked)));
      const uint32_t run_end = n + std::min(zeros, end - n);
      at += run_end - n;
      for (; n < run_end; ++n) {
        time += delta;
        times[n] = static_cast<Timestamp>(time);
        values[n] = value;
      }
      state.step = 0;
      continue;
    }
    const bool other_delta = word >> 62 == 0b11;
    if (other_delta && (word >> 61 & 1) != 0) break;  // a long delta-of-delta
    uint32_t used = other_delta ? 11 : 2;
    if (other_delta && (word >> 53 & 1) == 0) {
      state.step = 0;
    } else {
      const UsualStep step = StepAt(word << used, kPeeked - used, state.RiceBits(), nearly);
      if (step.bits == 0) break;
      used += step.bits;
      const uint64_t next = state.Expected(number) + UnZigZag(step.zigzag);
      state.Learn(next - static_cast<uint64_t>(number));
      number = static_cast<int64_t>(next);
      value = ValueOf(state.mode, number, step.ulps);
    }
    if (other_delta) delta += UnZigZag(word << 3 >> 57);
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
