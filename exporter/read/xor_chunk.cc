// SPDX-License-Identifier: Apache-2.0
// The first sample whole, the second with its time's delta, the rest with the delta's change;
// values XORed with the one before.
#include "exporter/read/xor_chunk.h"

#include "exporter/read/prom_bits.h"

namespace outrider {
namespace {

void PutDeltaOfDelta(int64_t change, BitWriter* out) {
  struct Class {
    uint32_t bits;
    uint64_t prefix;
    uint32_t prefix_bits;
  };
  constexpr Class kClasses[] = {{14, 0b10, 2}, {17, 0b110, 3}, {20, 0b1110, 4}};
  if (change == 0) return out->Put(0, 1);
  for (const Class& one : kClasses) {
    if (!FitsPromRange(change, one.bits)) continue;
    out->Put(one.prefix, one.prefix_bits);
    return out->Put(LowBits(change, one.bits), one.bits);
  }
  out->Put(0b1111, 4);
  out->Put(static_cast<uint64_t>(change), 64);
}

}  // namespace

std::string EncodeXorChunk(std::span<const Timestamp> times, std::span<const double> values) {
  BitWriter out;
  PromXorWindow window;
  uint64_t delta = 0;  // unsigned, so that whatever times there are wrap like Go's
  for (size_t i = 0; i < times.size(); ++i) {
    if (i == 0) {
      PutVarint(times[0], &out);
      PutDouble(values[0], &out);
      continue;
    }
    const uint64_t next = static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(times[i - 1]);
    if (i == 1) {
      PutUvarint(next, &out);
    } else {
      PutDeltaOfDelta(static_cast<int64_t>(next - delta), &out);
    }
    delta = next;
    PutPromXor(values[i], values[i - 1], &window, &out);
  }
  return ChunkBytes(SampleCount(times.size()), out);
}

}  // namespace outrider
