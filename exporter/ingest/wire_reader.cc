// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/wire_reader.h"

#include "fmt/format.h"

namespace outrider {

Status WireError::ToStatus() const {
  if (what == nullptr) return absl::OkStatus();
  if (field == 0) return InvalidArgument(fmt::format("protobuf: {}", what));
  return InvalidArgument(fmt::format("protobuf: field {} of {} {}", field, message, what));
}

uint64_t WireReader::LongVarint() {
  uint64_t value = 0;
  for (uint32_t shift = 0; shift < 70; shift += 7) {
    if (next_ == end_) {
      Fail("cut off");
      return 0;
    }
    const auto byte = static_cast<uint8_t>(*next_++);
    value |= static_cast<uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return value;
  }
  Fail("varint too long");
  return 0;
}

void WireReader::Skip() {
  switch (tag_ & 7U) {
    case kWireVarint:
      Varint();
      break;
    case kWireDouble:
      Double();
      break;
    case kWireBytes:
      Bytes();
      break;
    case kWireFixed32:
      if (Left() < 4) {
        Fail("cut off");
      } else {
        next_ += 4;
      }
      break;
    default:
      Fail("unknown wire type");
  }
}

void WireReader::FailType(const char* message) {
  if (error_->what == nullptr) {
    error_->message = message;
    error_->field = field();
  }
  Fail("has a wrong type");
}

}  // namespace outrider
