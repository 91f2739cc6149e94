// SPDX-License-Identifier: Apache-2.0
// The Sample message of remote write as nearly every sender writes it, without a look at each byte.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "exporter/ingest/wire_reader.h"
#include "storage/model/sample.h"

namespace outrider {

// The seven bits of each of the eight bytes, put together.
inline uint64_t JoinSevens(uint64_t bytes) {
  bytes &= 0x7f7f7f7f7f7f7f7fULL;
  bytes = (bytes & 0x007f007f007f007fULL) | (bytes & 0x7f007f007f007f00ULL) >> 1U;
  bytes = (bytes & 0x00003fff00003fffULL) | (bytes & 0x3fff00003fff0000ULL) >> 2U;
  return (bytes & 0x000000000fffffffULL) | (bytes & 0x0fffffff00000000ULL) >> 4U;
}

// The value (8 bytes) and the time (a varint of at most 8 bytes), in this order and nothing else.
// False: the message is another one and to be read field by field.
inline bool ReadUsualSample(const char* message, size_t size, Sample* sample) {
  constexpr size_t kBeforeTime = 1 + sizeof(double) + 1;
  if constexpr (std::endian::native != std::endian::little) return false;
  if (size <= kBeforeTime || size > kBeforeTime + sizeof(uint64_t)) return false;
  if (static_cast<uint8_t>(message[0]) != WireTag(1, kWireDouble) ||
      static_cast<uint8_t>(message[kBeforeTime - 1]) != WireTag(2, kWireVarint)) {
    return false;
  }
  // The time is all the rest: the last of its bytes has no mark, each before has one.
  const size_t unused = 8 * (kBeforeTime + sizeof(uint64_t) - size);  // bits
  uint64_t time = 0;
  std::memcpy(&time, message + size - sizeof time, sizeof time);
  time >>= unused;
  if ((time & 0x8080808080808080ULL) != 0x0080808080808080ULL >> unused) return false;
  sample->time = static_cast<Timestamp>(JoinSevens(time));
  // NOLINTNEXTLINE(bugprone-not-null-terminated-result)
  std::memcpy(&sample->value, message + 1, sizeof sample->value);
  return true;
}

}  // namespace outrider
