// SPDX-License-Identifier: Apache-2.0
// Protobuf off the wire without a copy, an allocation or an exception, for the decoders of hot
// bodies:
//     WireError error;
//     WireReader reader(message, &error);
//     while (reader.Next()) {
//       switch (reader.tag()) {
//         case WireTag(1, kWireDouble): value = reader.Double(); break;
//         default: reader.SkipUnknown("Sample", 3);
//       }
//     }
//     if (error.what != nullptr) …
// After an error every reader that shares the WireError is at its end at its next step, so a caller
// may look at it once, at the end. Groups (gone from protobuf since long) are errors.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

enum WireType : uint8_t { kWireVarint = 0, kWireDouble = 1, kWireBytes = 2, kWireFixed32 = 5 };
constexpr uint32_t WireTag(uint32_t field, WireType type) { return field << 3U | type; }

// The first thing that is wrong with a message.
struct WireError {
  const char* what = nullptr;  // nullptr: nothing
  const char* message = "";    // with field > 0: the field of which message
  uint32_t field = 0;

  // OK, or InvalidArgument with "protobuf: …".
  Status ToStatus() const;
};

class WireReader {
 public:
  WireReader(std::string_view bytes, WireError* error)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()), error_(error) {}

  // Goes to the next field, whose value is then to be read or skipped; false at the end and after
  // an error.
  bool Next() {
    if (next_ == end_ || error_->what != nullptr) return false;
    const char* start = next_;
    const uint64_t tag = Varint();
    tag_ = static_cast<uint32_t>(tag);
    // No tag needs more than five bytes, and other readers take no more.
    if (tag > UINT32_MAX || tag >> 3U == 0 || next_ - start > 5) Fail("field number out of range");
    return error_->what == nullptr;
  }
  uint32_t tag() const { return tag_; }
  uint32_t field() const { return tag_ >> 3U; }
  const char* position() const { return next_; }
  bool AtEnd() const { return next_ == end_ || error_->what != nullptr; }

  // Values; zero or empty after an error.
  uint64_t Varint() {
    if (next_ != end_ && static_cast<uint8_t>(*next_) < 0x80) return static_cast<uint8_t>(*next_++);
    if (Left() >= 2 && static_cast<uint8_t>(next_[1]) < 0x80) {  // most lengths of a series
      const uint32_t low = static_cast<uint8_t>(next_[0]) & 0x7fU;
      const uint32_t high = static_cast<uint8_t>(next_[1]);
      next_ += 2;
      return high << 7U | low;
    }
    return LongVarint();
  }
  uint32_t Uint32() { return static_cast<uint32_t>(Varint()); }
  int64_t Int64() { return static_cast<int64_t>(Varint()); }
  int64_t Sint64() {
    const uint64_t value = Varint();
    return static_cast<int64_t>(value >> 1U ^ (0 - (value & 1U)));
  }
  int32_t Sint32() {
    const uint32_t value = Uint32();
    return static_cast<int32_t>(value >> 1U ^ (0 - (value & 1U)));
  }
  double Double() {
    uint64_t bits = 0;
    if (Left() < sizeof(bits)) {
      Fail("cut off");
      return 0;
    }
    std::memcpy(&bits, next_, sizeof(bits));  // NOLINT(bugprone-not-null-terminated-result)
    next_ += sizeof(bits);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    return std::bit_cast<double>(bits);
  }
  std::string_view Bytes() {
    const uint64_t size = Varint();
    if (size > Left()) {
      Fail("cut off");
      return {};
    }
    const std::string_view bytes(next_, static_cast<size_t>(size));
    next_ += size;
    return bytes;
  }
  WireReader Message() { return {Bytes(), error_}; }

  void Skip();
  // For the default of a switch: fields up to `known` have met a wrong type, others are from the
  // future.
  void SkipUnknown(const char* message, uint32_t known) {
    if (field() <= known) {
      FailType(message);
    } else {
      Skip();
    }
  }
  void FailType(const char* message);
  void Fail(const char* what) {
    if (error_->what == nullptr) error_->what = what;
    next_ = end_;
  }

 private:
  size_t Left() const { return static_cast<size_t>(end_ - next_); }
  uint64_t LongVarint();

  const char* next_;
  const char* end_;
  WireError* error_;
  uint32_t tag_ = 0;
};

}  // namespace outrider
