// SPDX-License-Identifier: Apache-2.0
// A stream of bits, most significant first, and the codes that chunks are made of:
//   time      zigzag delta-of-delta: 0 | 10 + 7 | 110 + 14 | 1110 + 20 | 1111 + 64
//   XOR       0 | 10 + bits in the window before | 11 + 5 leading zeros + 6 (significant bits - 1)
//             + bits; what a window was is kept by the caller, one for each row of values
//   number    0 | 10 + 3 | 110 + 6 | 1110 + 10 | 11110 + 16 | 111110 + 24 | 1111110 + 36
//             | 1111111 + 64
// The reader never reads beyond its bytes, whatever they hold.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace outrider {

inline uint64_t ZigZag(uint64_t v) { return (v << 1) ^ (0 - (v >> 63)); }
inline uint64_t UnZigZag(uint64_t v) { return (v >> 1) ^ (0 - (v & 1)); }

// Of one row of XORed values.
struct XorWindow {
  uint8_t leading = 0;
  uint8_t significant = 0;  // 0: none yet
};

namespace bit_stream_internal {
inline constexpr uint32_t kTimeBits[] = {7, 14, 20, 64};
inline constexpr uint32_t kNumberBits[] = {3, 6, 10, 16, 24, 36, 64};
inline constexpr uint32_t kWindowHeaderBits = 11;
inline constexpr uint32_t kMaxLeading = 31;

inline uint64_t SwapToBigEndian(uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}
}  // namespace bit_stream_internal

class BitWriter {
 public:
  // 0 < bits <= 64; `value` has no others set.
  void Put(uint64_t value, uint32_t bits) {
    if (bits > 56) {  // more may not fit in one word behind a partly filled byte
      Put(value >> 32, bits - 32);
      value &= 0xffffffffU;
      bits = 32;
    }
    const size_t byte = bits_ / 8;
    if (byte + sizeof(uint64_t) > data_.size()) Grow();
    uint64_t word = 0;
    std::memcpy(&word, data_.data() + byte, sizeof word);
    word |= bit_stream_internal::SwapToBigEndian(value << (64 - bits_ % 8 - bits));
    std::memcpy(data_.data() + byte, &word, sizeof word);
    bits_ += bits;
  }
  void PutTime(uint64_t delta_of_delta) {
    PutClassed(ZigZag(delta_of_delta), bit_stream_internal::kTimeBits);
  }
  void PutNumber(uint64_t value) { PutClassed(value, bit_stream_internal::kNumberBits); }
  void PutXor(uint64_t bits_xor, XorWindow* window);

  size_t bits() const { return bits_; }
  std::span<const uint8_t> bytes() const { return {data_.data(), (bits_ + 7) / 8}; }
  size_t capacity() const { return data_.capacity(); }

 private:
  void Grow() {
    const size_t wanted = std::max<size_t>(64, (data_.size() + data_.size() / 2 + 15) / 16 * 16);
    data_.reserve(wanted);  // resize alone would double
    data_.resize(wanted);
  }
  // 0, or i + 1 ones, a zero (not behind the last class) and classes[i] bits.
  void PutClassed(uint64_t value, std::span<const uint32_t> classes) {
    if (value == 0) return Put(0, 1);
    uint32_t i = 0;
    while (i + 1 < classes.size() && value >> classes[i] != 0) ++i;
    const uint32_t ones = i + 1;
    const bool last = ones == classes.size();
    Put(((uint64_t{1} << ones) - 1) << (last ? 0 : 1), ones + (last ? 0 : 1));
    Put(value, classes[i]);
  }

  std::vector<uint8_t> data_;  // zeros behind bits_
  size_t bits_ = 0;
};

inline void BitWriter::PutXor(uint64_t bits_xor, XorWindow* window) {
  using bit_stream_internal::kMaxLeading;
  using bit_stream_internal::kWindowHeaderBits;
  if (bits_xor == 0) return Put(0, 1);
  const auto leading =
      std::min<uint32_t>(static_cast<uint32_t>(std::countl_zero(bits_xor)), kMaxLeading);
  const auto trailing = static_cast<uint32_t>(std::countr_zero(bits_xor));
  const uint32_t significant = 64 - leading - trailing;
  const uint32_t window_trailing = 64U - window->leading - window->significant;
  // Staying in a much wider window would cost more than a new one's header.
  if (window->significant != 0 && leading >= window->leading && trailing >= window_trailing &&
      window->significant <= significant + kWindowHeaderBits) {
    Put(0b10, 2);
    return Put(bits_xor >> window_trailing, window->significant);
  }
  window->leading = static_cast<uint8_t>(leading);
  window->significant = static_cast<uint8_t>(significant);
  Put(0b11U << kWindowHeaderBits | leading << 6 | (significant - 1), 2 + kWindowHeaderBits);
  Put(bits_xor >> trailing, significant);
}

// Once ok() is false, what is returned means nothing.
class BitReader {
 public:
  explicit BitReader(std::span<const uint8_t> bytes)
      : data_(bytes.data()), total_bits_(bytes.size() * 8) {}

  // 0 < bits <= 64.
  uint64_t Get(uint32_t bits) {
    if (bits > 56) {
      const uint64_t high = Get(bits - 32);
      return high << 32 | Get(32);
    }
    if (bits > left()) {
      Fail();
      return 0;
    }
    const uint64_t word = Load(at_ / 8) << (at_ % 8) >> 1 >> (63 - bits);  // none for no bits
    at_ += bits;
    return word;
  }
  uint64_t GetTime() { return UnZigZag(GetClassed(bit_stream_internal::kTimeBits)); }
  uint64_t GetNumber() { return GetClassed(bit_stream_internal::kNumberBits); }
  uint64_t GetXor(XorWindow* window);

  size_t left() const { return total_bits_ - at_; }
  bool ok() const { return ok_; }
  void Fail() { ok_ = false; }

 private:
  uint64_t Load(size_t byte) const {
    uint64_t word = 0;
    const size_t bytes = total_bits_ / 8 - byte;
    std::memcpy(&word, data_ + byte, bytes >= sizeof word ? sizeof word : bytes);
    return bit_stream_internal::SwapToBigEndian(word);
  }
  uint64_t GetClassed(std::span<const uint32_t> classes) {
    if (Get(1) == 0) return 0;
    size_t i = 0;
    while (i + 1 < classes.size() && Get(1) == 1) ++i;
    return Get(classes[i]);
  }

  const uint8_t* data_;
  size_t total_bits_;
  size_t at_ = 0;
  bool ok_ = true;
};

inline uint64_t BitReader::GetXor(XorWindow* window) {
  if (Get(1) == 0) return 0;
  if (Get(1) == 1) {
    window->leading = static_cast<uint8_t>(Get(5));
    window->significant = static_cast<uint8_t>(Get(6) + 1);
  }
  // Never so in what we wrote: a window before the first one, or one wider than a value.
  if (window->significant == 0 || window->leading + window->significant > 64) {
    Fail();
    return 0;
  }
  return Get(window->significant) << (64 - window->leading - window->significant);
}

}  // namespace outrider
