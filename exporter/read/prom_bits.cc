// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/prom_bits.h"

#include <algorithm>
#include <bit>

namespace outrider {
namespace {

constexpr uint32_t kMaxLeading = 31;  // in five bits
constexpr uint32_t kVarbitBits[] = {3, 6, 9, 12, 18, 25, 56};

// i + 1 ones, then a zero unless it is the last class, then the value in `bits`.
void PutClass(size_t i, bool last, uint64_t value, uint32_t bits, BitWriter* out) {
  const auto ones = static_cast<uint32_t>(i + 1);
  if (last) {
    out->Put((uint64_t{1} << ones) - 1, ones);
  } else {
    out->Put(((uint64_t{1} << ones) - 1) << 1U, ones + 1);
  }
  out->Put(value, bits);
}

}  // namespace

void PutPromXor(double value, double before, PromXorWindow* window, BitWriter* out) {
  const uint64_t delta = std::bit_cast<uint64_t>(value) ^ std::bit_cast<uint64_t>(before);
  if (delta == 0) return out->Put(0, 1);
  const auto leading =
      std::min<uint32_t>(static_cast<uint32_t>(std::countl_zero(delta)), kMaxLeading);
  const auto trailing = static_cast<uint32_t>(std::countr_zero(delta));
  if (window->set && leading >= window->leading && trailing >= window->trailing) {
    out->Put(0b10, 2);
    return out->Put(delta >> window->trailing, 64 - window->leading - window->trailing);
  }
  *window = {.leading = leading, .trailing = trailing, .set = true};
  const uint32_t significant = 64 - leading - trailing;
  out->Put(0b11, 2);
  out->Put(leading, 5);
  out->Put(significant & 63U, 6);  // 64 is written as 0
  out->Put(delta >> trailing, significant);
}

void PutVarbitInt(int64_t value, BitWriter* out) {
  if (value == 0) return out->Put(0, 1);
  for (size_t i = 0; i < std::size(kVarbitBits); ++i) {
    if (FitsPromRange(value, kVarbitBits[i]))
      return PutClass(i, false, LowBits(value, kVarbitBits[i]), kVarbitBits[i], out);
  }
  PutClass(std::size(kVarbitBits), true, static_cast<uint64_t>(value), 64, out);
}

void PutVarbitUint(uint64_t value, BitWriter* out) {
  if (value == 0) return out->Put(0, 1);
  for (size_t i = 0; i < std::size(kVarbitBits); ++i) {
    if (value >> kVarbitBits[i] == 0) return PutClass(i, false, value, kVarbitBits[i], out);
  }
  PutClass(std::size(kVarbitBits), true, value, 64, out);
}

void PutDouble(double value, BitWriter* out) { out->Put(std::bit_cast<uint64_t>(value), 64); }

void PutUvarint(uint64_t value, BitWriter* out) {
  for (; value >= 0x80; value >>= 7U) out->Put((value & 0x7f) | 0x80, 8);
  out->Put(value, 8);
}

void PutVarint(int64_t value, BitWriter* out) {
  PutUvarint(ZigZag(static_cast<uint64_t>(value)), out);
}

std::string ChunkBytes(std::string head, const BitWriter& bits) {
  const std::span<const uint8_t> bytes = bits.bytes();
  head.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return head;
}

std::string SampleCount(size_t samples) {
  return {static_cast<char>(samples >> 8U), static_cast<char>(samples)};
}

}  // namespace outrider
