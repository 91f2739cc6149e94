// SPDX-License-Identifier: Apache-2.0
// What both sides of the float codec (chunk_float.h) are made of. Not for anybody else.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "storage/window/chunk_float.h"

namespace outrider::chunk_float_internal {

inline constexpr uint32_t kMaxOnes = 8;  // of a Rice code; then an escape follows
inline constexpr uint32_t kModeBits = 5;
inline constexpr uint32_t kLiteral = 62;  // in place of a length
inline constexpr uint32_t kOtherMode = 63;
inline constexpr int kFirstAverage = 16;
inline constexpr int kMaxAverage = 4 * 61;

inline uint64_t LoadBigEndian(const uint8_t* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

inline uint64_t ZigZag(uint64_t v) { return (v << 1) ^ (0 - (v >> 63)); }
inline uint64_t UnZigZag(uint64_t v) { return (v >> 1) ^ (0 - (v & 1)); }
inline uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }
inline uint32_t LengthOf(uint64_t zigzag) {
  return static_cast<uint32_t>(std::bit_width(zigzag | 1));
}

}  // namespace outrider::chunk_float_internal

namespace outrider {

inline void ValueState::Begin(NumberMode new_mode) {
  *this = ValueState();
  mode = new_mode;
  if (mode != kNoNumber) average = chunk_float_internal::kFirstAverage;
}

// Inlined, so that the state of a whole chunk stays in registers.
[[gnu::always_inline]] inline void ValueState::Learn(uint64_t new_step) {
  using chunk_float_internal::LengthOf;
  using chunk_float_internal::ZigZag;
  const auto plain = static_cast<int>(LengthOf(ZigZag(new_step)));
  const auto of_steps =
      static_cast<int>(LengthOf(ZigZag(new_step - static_cast<uint64_t>(int64_t{step}))));
  const int used = 4 * (score > 0 ? of_steps : plain);
  average = static_cast<uint8_t>(
      std::min(average + (used - average) / 4, chunk_float_internal::kMaxAverage));
  score = static_cast<int8_t>(std::clamp(score + plain - of_steps, -32, 32));
  const auto narrow = static_cast<int32_t>(new_step);
  step = static_cast<uint64_t>(int64_t{narrow}) == new_step ? narrow : 0;
}

}  // namespace outrider
