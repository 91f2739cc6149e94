// SPDX-License-Identifier: Apache-2.0
// A positive number in 16 bits: 2^-20 to 2^44 (a millionth of a core to 16 TiB), within 0.05 %.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace outrider {

class Level16 {
 public:
  Level16() = default;
  // 0 stays 0; what is smaller or larger than the range is its end.
  explicit Level16(float value) {
    if (!(value > 0)) return;
    // The exponent and the first ten bits of the fraction, rounded.
    const auto bits = static_cast<int64_t>((std::bit_cast<uint32_t>(value) + (1U << 12)) >> 13);
    code_ = static_cast<uint16_t>(std::clamp<int64_t>(bits - kOffset, 1, UINT16_MAX));
  }
  static Level16 FromCode(uint16_t code) {
    Level16 level;
    level.code_ = code;
    return level;
  }
  float Value() const {
    if (code_ == 0) return 0;
    return std::bit_cast<float>(static_cast<uint32_t>(code_ + kOffset) << 13);
  }
  uint16_t code() const { return code_; }

 private:
  static constexpr int64_t kOffset = (127 - 20) << 10;
  uint16_t code_ = 0;
};

}  // namespace outrider
