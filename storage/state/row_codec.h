// SPDX-License-Identifier: Apache-2.0
// Bytes of a row: a format byte, then fields in a fixed order: varints, zig-zag for signed numbers,
// strings with their length. A reader that runs short remembers it; ask Finish() once at the end.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

class RowWriter {
 public:
  explicit RowWriter(uint8_t format) { bytes_.push_back(static_cast<char>(format)); }
  void Reserve(size_t bytes) { bytes_.reserve(bytes); }
  RowWriter& U64(uint64_t value);
  RowWriter& I64(int64_t value);
  RowWriter& Bool(bool value) { return U64(value ? 1 : 0); }
  RowWriter& Double(double value);
  RowWriter& Text(std::string_view value);
  RowWriter& Texts(const std::map<std::string, std::string>& value);
  RowWriter& Numbers(const std::set<uint64_t>& value);  // fixed 8 bytes each: they are hashes
  template <typename E>
  RowWriter& Enum(E value) {
    return U64(static_cast<uint64_t>(value));
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class RowReader {
 public:
  // `what` names the row in errors; formats above `newest` are refused.
  RowReader(std::string_view bytes, uint8_t newest, std::string what);
  uint8_t format() const { return format_; }
  uint64_t U64();
  int64_t I64();
  bool Bool() { return U64() != 0; }
  double Double();
  std::string Text();
  std::map<std::string, std::string> Texts();
  std::set<uint64_t> Numbers();
  // Values above `last` make the row corrupt.
  template <typename E>
  E Enum(E last) {
    const uint64_t value = U64();
    if (value > static_cast<uint64_t>(last)) Fail();
    return static_cast<E>(ok_ ? value : 0);
  }
  // How many items follow; bounded by the bytes left, so that a corrupt count allocates nothing.
  uint64_t Count();
  Status Finish() const;
  // For a reader of fields whose value cannot be: the row is corrupt, the rest reads as zeros.
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view rest_;
  std::string what_;
  uint8_t format_ = 0;
  bool ok_ = true;
};

// Big-endian numbers for keys.
std::string BigEndian64(uint64_t value);
uint64_t ReadBigEndian64(std::string_view eight_bytes);

}  // namespace outrider
