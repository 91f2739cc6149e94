// SPDX-License-Identifier: Apache-2.0
// Eight bytes of a text looked at as one number. In what these return the lowest marked byte is
// one of those looked for; bytes above it may be marked by a borrow.
#pragma once

#include <cstdint>
#include <cstring>

namespace outrider {

constexpr uint64_t EachByte(uint8_t byte) { return 0x0101010101010101ULL * byte; }

// The highest bit of bytes that are 0.
constexpr uint64_t ZeroBytes(uint64_t word) {
  return (word - EachByte(1)) & ~word & EachByte(0x80);
}
// Of control characters and other bytes below a blank.
constexpr uint64_t BytesBelowBlank(uint64_t word) {
  return (word - EachByte(0x20)) & ~word & EachByte(0x80);
}
constexpr uint64_t BytesBeyondAscii(uint64_t word) { return word & EachByte(0x80); }

inline uint64_t LoadWord(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace outrider
