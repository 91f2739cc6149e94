// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/log_format.h"

#include <bit>

#include "fmt/format.h"
#include "storage/base/hash.h"

namespace outrider {

static_assert(std::endian::native == std::endian::little,
              "the log is written with plain copies of little-endian integers");

std::string SegmentFileName(uint32_t segment) { return fmt::format("{:08}.log", segment); }

namespace log_format {
namespace {

constexpr size_t kChecked = 16;  // a record's checksum covers what stands behind this offset

uint64_t RecordChecksum(std::string_view header_rest, std::string_view sender,
                        std::string_view body, uint64_t salt) {
  return Hash64(body, Hash64(sender, Hash64(header_rest, salt)));
}

uint32_t HeaderCheck(std::string_view header, uint64_t salt) {
  const uint64_t hash = Hash64(header.substr(kChecked, 12), Hash64(header.substr(0, 8), salt));
  return static_cast<uint32_t>(hash);
}

}  // namespace

void EncodeSegmentHeader(uint32_t segment, uint64_t salt, char out[kSegmentHeaderBytes]) {
  std::memcpy(out, kLogMagic.data(), kLogMagic.size());
  Put(out + 8, kLogVersion);
  Put(out + 12, segment);
  Put(out + 16, salt);
  Put(out + 24, Hash64(std::string_view(out, 24)));
}

StatusOr<uint64_t> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kLogMagic.size()) != kLogMagic) {
    return absl::DataLossError("not a log segment");
  }
  if (Get<uint64_t>(bytes, 24) != Hash64(bytes.substr(0, 24))) {
    return absl::DataLossError("the segment header is damaged");
  }
  const auto version = Get<uint32_t>(bytes, 8);
  if (version < kOldestLogVersion || version > kLogVersion) {
    return absl::FailedPreconditionError(fmt::format(
        "written by another version of Outrider (log format {}, this one reads {} to {})", version,
        kOldestLogVersion, kLogVersion));
  }
  return Get<uint64_t>(bytes, 16);
}

void EncodeRecordHeader(const LogRecord& record, uint64_t salt, char out[kRecordHeaderBytes]) {
  Put(out, kRecordMagic);
  Put(out + 4, static_cast<uint32_t>(record.sender.size() + record.body.size()));
  Put(out + 16, record.time);
  Put(out + 24, static_cast<uint8_t>(record.type));
  Put(out + 25, static_cast<uint8_t>(record.verdict));
  Put(out + 26, static_cast<uint16_t>(record.sender.size()));
  Put(out + 28, HeaderCheck(std::string_view(out, kRecordHeaderBytes), salt));
  const std::string_view rest(out + kChecked, kRecordHeaderBytes - kChecked);
  Put(out + 8, RecordChecksum(rest, record.sender, record.body, salt));
}

Parse DecodeRecord(std::string_view bytes, uint64_t salt, LogRecord* record, size_t* size) {
  if (bytes.size() < kRecordHeaderBytes) return Parse::kShort;
  if (Get<uint32_t>(bytes, 0) != kRecordMagic) return Parse::kBad;
  if (Get<uint32_t>(bytes, 28) != HeaderCheck(bytes, salt)) return Parse::kBad;
  const auto length = Get<uint32_t>(bytes, 4);
  const auto sender_length = Get<uint16_t>(bytes, 26);
  if (length > kMaxRecordBytes || sender_length > length) return Parse::kBad;
  if (bytes.size() - kRecordHeaderBytes < length) return Parse::kShort;
  const std::string_view rest = bytes.substr(kChecked, kRecordHeaderBytes - kChecked);
  record->sender = bytes.substr(kRecordHeaderBytes, sender_length);
  record->body = bytes.substr(kRecordHeaderBytes + sender_length, length - sender_length);
  if (Get<uint64_t>(bytes, 8) != RecordChecksum(rest, record->sender, record->body, salt)) {
    return Parse::kBad;
  }
  record->time = Get<int64_t>(bytes, 16);
  record->type = static_cast<RecordType>(bytes[24]);
  record->verdict = static_cast<Admission>(bytes[25]);
  *size = kRecordHeaderBytes + length;
  return Parse::kRecord;
}

}  // namespace log_format
}  // namespace outrider
