// SPDX-License-Identifier: Apache-2.0
// Segments that we did not write: the input behind a proper segment header, and as a whole file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "storage/wal/log_reader.h"

namespace {

using namespace outrider;  // NOLINT(google-build-using-namespace)

constexpr uint64_t kSalt = 7;

void WriteSegment(const std::string& directory, uint32_t segment, std::string_view bytes) {
  std::ofstream(directory + "/" + SegmentFileName(segment), std::ios::binary | std::ios::trunc)
      << bytes;
}

std::string MakeDirectory() {
  std::string name = "/tmp/log_reader_fuzz_XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string directory = MakeDirectory();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string segment(kSegmentHeaderBytes, '\0');
  log_format::EncodeSegmentHeader(1, kSalt, segment.data());
  const std::string header = segment;
  segment += bytes;
  // Behind whatever the input is, a whole record must be found.
  const LogRecord written{.type = RecordType::kWriteV1,
                          .verdict = Admission::kAdmitted,
                          .time = 1,
                          .sender = "s",
                          .body = bytes};
  std::string record_header(kRecordHeaderBytes, '\0');
  log_format::EncodeRecordHeader(written, kSalt, record_header.data());
  segment.append(record_header).append(written.sender).append(written.body);
  WriteSegment(directory, 1, segment);
  WriteSegment(directory, 2, bytes);
  LogReader reader(directory);
  LogRecord record;
  bool found = false;
  while (true) {
    const auto more = reader.Next(&record);
    if (!more.ok() || !*more) break;  // an input may be the header of another version
    found |= record.body == bytes;
  }
  if (!found) __builtin_trap();
  return 0;
}
