// SPDX-License-Identifier: Apache-2.0
// The codes that Prometheus' chunks are made of, on the bit stream of our own: they differ from
// those of bit_stream.h in the classes of numbers and in when a window of XORed bits is kept.
// Source: Prometheus' tsdb/docs/format/chunks.md.
#pragma once

#include <cstdint>
#include <string>

#include "storage/window/bit_stream.h"

namespace outrider {

// Of one row of XORed values.
struct PromXorWindow {
  uint32_t leading = 0;
  uint32_t trailing = 0;
  bool set = false;
};

// What `value` is XORed with what stood before it.
void PutPromXor(double value, double before, PromXorWindow* window, BitWriter* out);
// varbit_int and varbit_uint: prefix and 3 to 64 bits.
void PutVarbitInt(int64_t value, BitWriter* out);
void PutVarbitUint(uint64_t value, BitWriter* out);
void PutDouble(double value, BitWriter* out);
// Whole bytes of seven bits each, as in protobuf.
void PutUvarint(uint64_t value, BitWriter* out);
void PutVarint(int64_t value, BitWriter* out);
// Whether two's complement in so many bits is what Prometheus would choose: its ranges reach one
// further up than down.
inline bool FitsPromRange(int64_t value, uint32_t bits) {
  return -((int64_t{1} << (bits - 1)) - 1) <= value && value <= int64_t{1} << (bits - 1);
}
inline uint64_t LowBits(int64_t value, uint32_t bits) {
  return static_cast<uint64_t>(value) & (~uint64_t{0} >> (64 - bits));
}

// The bytes of a chunk: its head and what was written.
std::string ChunkBytes(std::string head, const BitWriter& bits);
// Two bytes, big-endian: how chunks begin.
std::string SampleCount(size_t samples);

}  // namespace outrider
