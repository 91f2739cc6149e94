// SPDX-License-Identifier: Apache-2.0
// Protobuf messages by hand, for tests of the decoders: any field with any type, in any order.
//     Wire().Bytes(4, "").Bytes(5, Wire().Packed(1, {1, 2}))
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outrider {

class Wire {
 public:
  Wire& Varint(uint32_t field, uint64_t value) {
    Tag(field, 0);
    Raw(value);
    return *this;
  }
  Wire& Zigzag(uint32_t field, int64_t value) { return Varint(field, ZigzagOf(value)); }
  Wire& Int64(uint32_t field, int64_t value) { return Varint(field, static_cast<uint64_t>(value)); }
  Wire& Double(uint32_t field, double value) {
    Tag(field, 1);
    RawDouble(value);
    return *this;
  }
  Wire& Fixed32(uint32_t field) {
    Tag(field, 5);
    bytes_ += "abcd";
    return *this;
  }
  Wire& Bytes(uint32_t field, std::string_view bytes) {
    Tag(field, 2);
    Raw(bytes.size());
    bytes_ += bytes;
    return *this;
  }
  Wire& Bytes(uint32_t field, const Wire& message) { return Bytes(field, message.bytes_); }
  Wire& Packed(uint32_t field, const std::vector<uint64_t>& values) {
    Wire packed;
    for (const uint64_t value : values) packed.Raw(value);
    return Bytes(field, packed);
  }
  Wire& PackedZigzag(uint32_t field, const std::vector<int64_t>& values) {
    Wire packed;
    for (const int64_t value : values) packed.Raw(ZigzagOf(value));
    return Bytes(field, packed);
  }
  Wire& PackedDouble(uint32_t field, const std::vector<double>& values) {
    Wire packed;
    for (const double value : values) packed.RawDouble(value);
    return Bytes(field, packed);
  }
  Wire& Tag(uint32_t field, uint32_t type) {
    Raw(uint64_t{field} << 3U | type);
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  static uint64_t ZigzagOf(int64_t value) {
    return static_cast<uint64_t>(value) << 1U ^ static_cast<uint64_t>(value >> 63);
  }
  void Raw(uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  void RawDouble(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    for (uint32_t i = 0; i < 64; i += 8) bytes_ += static_cast<char>(bits >> i);
  }
  std::string bytes_;
};

}  // namespace outrider
