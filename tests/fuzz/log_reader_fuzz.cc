// SPDX-License-Identifier: Apache-2.0
// Records and segment headers that we did not write.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/wal/log_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  uint64_t salt = 0;
  std::string reason;
  (void)log_format::DecodeSegmentHeader(bytes, &salt, &reason);
  LogRecord record;
  size_t record_size = 0;
  if (log_format::DecodeRecord(bytes, salt, &record, &record_size) == log_format::Parse::kRecord &&
      record_size > size) {
    __builtin_trap();
  }
  // The input as a body must come out as it went in.
  const LogRecord written{.type = RecordType::kWriteV1,
                          .verdict = Admission::kAdmitted,
                          .time = 1,
                          .sender = "s",
                          .body = bytes};
  std::string whole(kRecordHeaderBytes, '\0');
  log_format::EncodeRecordHeader(written, 7, whole.data());
  whole.append(written.sender).append(written.body);
  if (log_format::DecodeRecord(whole, 7, &record, &record_size) != log_format::Parse::kRecord ||
      record.body != bytes) {
    __builtin_trap();
  }
  return 0;
}
