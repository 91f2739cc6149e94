// SPDX-License-Identifier: Apache-2.0
// Protobuf onto the wire: one field after the other, messages as ready bytes. Defaults (zero,
// empty) are the caller's to leave out.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "exporter/ingest/wire_reader.h"

namespace outrider {

class WireWriter {
 public:
  explicit WireWriter(std::string* out) : out_(out) {}

  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_->push_back(static_cast<char>(value | 0x80));
    out_->push_back(static_cast<char>(value));
  }
  void Int(uint32_t field, int64_t value) {
    Varint(WireTag(field, kWireVarint));
    Varint(static_cast<uint64_t>(value));
  }
  void Sint(uint32_t field, int64_t value) {
    Varint(WireTag(field, kWireVarint));
    Varint(ZigZag(value));
  }
  void Double(uint32_t field, double value) {
    Varint(WireTag(field, kWireDouble));
    RawDouble(value);
  }
  void RawDouble(double value) {
    auto bits = std::bit_cast<uint64_t>(value);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    char bytes[sizeof bits];
    std::memcpy(bytes, &bits, sizeof bits);
    out_->append(bytes, sizeof bytes);
  }
  void Bytes(uint32_t field, std::string_view bytes) {
    Varint(WireTag(field, kWireBytes));
    Varint(bytes.size());
    *out_ += bytes;
  }
  static uint64_t ZigZag(int64_t value) {
    return (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63);
  }

 private:
  std::string* out_;
};

}  // namespace outrider
