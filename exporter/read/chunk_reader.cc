// SPDX-License-Identifier: Apache-2.0
// The first sample whole, the second with its time's delta, the rest with the delta's change;
// values XORed with the one before.
#include "exporter/read/chunk_reader.h"

#include <bit>

#include "storage/window/bit_stream.h"

namespace outrider {
namespace {

constexpr size_t kHeadBytes = 2;  // the number of samples, big-endian

uint64_t GetUvarint(BitReader* in) {
  uint64_t value = 0;
  for (uint32_t shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = in->Get(8);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  in->Fail();
  return 0;
}

// Unsigned, so that whatever times there are wrap like Go's.
uint64_t GetDeltaOfDelta(BitReader* in) {
  constexpr uint32_t kBits[] = {14, 17, 20};
  if (in->Get(1) == 0) return 0;
  for (const uint32_t bits : kBits) {
    if (in->Get(1) != 0) continue;
    const uint64_t value = in->Get(bits);
    // The range reaches one further up than two's complement does.
    return value > uint64_t{1} << (bits - 1) ? value - (uint64_t{1} << bits) : value;
  }
  return in->Get(64);
}

class XorValues {
 public:
  explicit XorValues(uint64_t first) : bits_(first) {}
  double Next(BitReader* in) {
    if (in->Get(1) == 0) return Value();
    if (in->Get(1) != 0) {
      leading_ = static_cast<uint32_t>(in->Get(5));
      significant_ = static_cast<uint32_t>(in->Get(6));
      if (significant_ == 0) significant_ = 64;
    }
    if (significant_ == 0 || leading_ + significant_ > 64) {
      in->Fail();
      return 0;
    }
    bits_ ^= in->Get(significant_) << (64 - leading_ - significant_);
    return Value();
  }
  double Value() const { return std::bit_cast<double>(bits_); }

 private:
  uint64_t bits_;
  uint32_t leading_ = 0;
  uint32_t significant_ = 0;  // 0: no window yet
};

}  // namespace

Status DecodeXorChunk(std::string_view bytes, Timestamp from, Timestamp to,
                      std::vector<Sample>* out) {
  if (bytes.size() < kHeadBytes) return InvalidArgument("a chunk without a head");
  const size_t count = static_cast<size_t>(static_cast<uint8_t>(bytes[0])) << 8U |
                       static_cast<size_t>(static_cast<uint8_t>(bytes[1]));
  if (count == 0) return absl::OkStatus();
  const std::string_view body = bytes.substr(kHeadBytes);
  BitReader in({reinterpret_cast<const uint8_t*>(body.data()), body.size()});
  uint64_t time = UnZigZag(GetUvarint(&in));
  XorValues values(in.Get(64));
  uint64_t delta = 0;
  for (size_t i = 0; i < count; ++i) {
    double value = values.Value();
    if (i > 0) {
      delta = i == 1 ? GetUvarint(&in) : delta + GetDeltaOfDelta(&in);
      time += delta;
      value = values.Next(&in);
    }
    if (!in.ok()) return InvalidArgument("a chunk that is cut off or damaged");
    const auto at = static_cast<Timestamp>(time);
    if (at >= from && at <= to) out->push_back({at, value});
  }
  return absl::OkStatus();
}

}  // namespace outrider
