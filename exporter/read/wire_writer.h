// SPDX-License-Identifier: Apache-2.0
// Protobuf onto the wire: one field after the other, messages as ready bytes. Defaults (zero,
// empty) are the caller's to leave out.
#pragma once

#include <cstdint>
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
  void Bytes(uint32_t field, std::string_view bytes) {
    Varint(WireTag(field, kWireBytes));
    Varint(bytes.size());
    *out_ += bytes;
  }

 private:
  std::string* out_;
};

}  // namespace outrider
