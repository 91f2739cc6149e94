// SPDX-License-Identifier: Apache-2.0
// The bytes of a log: the write-ahead log of request bodies and the chunk files share this framing.
// The page for readers is docs/formats.md; change both together, and raise kLogVersion when old
// readers would misread.
//
// All integers are little-endian.
//   segment  = segment header, record*
//   segment header (32) = magic (8) version (4) segment number (4) salt (8) checksum of the 24
//   before (8) record   = magic (4) length of sender + body (4) checksum (8) | time ms (8) type (1)
//   verdict (1)
//              sender length (2) zero (4) | sender | body
// The checksum is XXH3-64 over everything behind it, seeded with the segment's salt, part by part,
// so that bytes a sender chose can never pass for a record of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

inline constexpr std::string_view kLogMagic = "OUTRLOG\n";
// Written; older ones are read. 2: records of type kRows and verdict kNumbering.
inline constexpr uint32_t kLogVersion = 2;
inline constexpr uint32_t kOldestLogVersion = 1;
inline constexpr uint32_t kRecordMagic = 0x4352'4f57;  // "WORC"
inline constexpr size_t kSegmentHeaderBytes = 32;
inline constexpr size_t kRecordHeaderBytes = 32;
inline constexpr uint32_t kMaxRecordBytes = 64U << 20;  // sender + body

// What a record's body is. Numbers are on disk: never reuse one.
enum class RecordType : uint8_t {
  kWriteV1 = 1,   // remote write 1.0 body as it came (snappy + protobuf)
  kWriteV2 = 2,   // remote write 2.0 body as it came
  kOtlp = 3,      // OTLP body as it came
  kInternal = 4,  // rule outputs, in the form of kWriteV1
  kChunks = 5,    // chunk files: a block of sealed chunks; `time` is its newest sample
  kNumbered = 6,  // derived series by number (exporter/ingest/numbered_rows.h), all at `time`
  kRows = 7,      // plain samples of a sender, by number (exporter/ingest/rows_by_number.h)
};

// What was decided when the record came; replay does not decide again. Edited: the body stands
// behind what it is stored without (exporter/ingest/row_edits.h). Numbering: admitted; the body
// stands behind the number of its first row (exporter/ingest/rows_by_number.h).
enum class Admission : uint8_t { kAdmitted = 0, kRefused = 1, kEdited = 2, kNumbering = 3 };

// One record. Views belong to the caller (writing) or to the reader until its next call.
struct LogRecord {
  RecordType type = RecordType::kWriteV1;
  Admission verdict = Admission::kAdmitted;
  Timestamp time = 0;       // when it was received
  std::string_view sender;  // who sent it, at most 65,535 bytes; longer is cut
  std::string_view body;
  uint32_t segment = 0;  // written: the only segment it may go to, 0: any; read: 0
};

// `00000042.log`
std::string SegmentFileName(uint32_t segment);

namespace log_format {
template <typename T>
void Put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <typename T>
T Get(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
void EncodeSegmentHeader(uint32_t segment, uint64_t salt, char out[kSegmentHeaderBytes]);
// The segment's salt. DataLoss when the bytes are no segment header, FailedPrecondition when
// another version wrote it.
StatusOr<uint64_t> DecodeSegmentHeader(std::string_view bytes);
// Fills the header with its checksum. Record parts must fit kMaxRecordBytes.
void EncodeRecordHeader(const LogRecord& record, uint64_t salt, char out[kRecordHeaderBytes]);
enum class Parse { kRecord, kShort, kBad };
// One record at the start of `bytes`; `*size` receives its length on disk.
Parse DecodeRecord(std::string_view bytes, uint64_t salt, LogRecord* record, size_t* size);
}  // namespace log_format

}  // namespace outrider
