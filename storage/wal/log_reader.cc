// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/log_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "fmt/format.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

constexpr size_t kMaxProblems = 20;
// Read at once: a segment as a whole would push everything else out of the caches.
constexpr size_t kReadPiece = 1U << 20;

// Appends what a file has from `offset` on, up to a piece. NotFound when there is no such file.
Status AppendPiece(const std::string& path, uint64_t offset, std::string* out) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string text = fmt::format("{}: cannot open: {}", path, ErrnoText(errno));
    return errno == ENOENT ? NotFound(text) : Internal(text);
  }
  const size_t size = out->size();
  out->resize(size + kReadPiece);
  ssize_t n = 0;
  do {
    n = ::pread(fd, out->data() + size, kReadPiece, static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  const int error = n < 0 ? errno : 0;
  ::close(fd);
  out->resize(size + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (error == 0) return absl::OkStatus();
  return Internal(fmt::format("{}: cannot read: {}", path, ErrnoText(error)));
}

}  // namespace

StatusOr<std::vector<uint32_t>> ListSegments(const std::string& directory) {
  std::vector<uint32_t> segments;
  if (!FileExists(directory)) return segments;
  for (const std::string& name : TRY(ListDirectory(directory))) {
    uint32_t segment = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), segment);
    if (error == std::errc() && name == SegmentFileName(segment)) segments.push_back(segment);
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

void LogReader::Problem(uint64_t offset, const std::string& text) {
  if (report_.problems.size() >= kMaxProblems) return;
  report_.problems.push_back(
      fmt::format("{}/{}: at byte {}: {}", directory_, SegmentFileName(segment_), offset, text));
}

StatusOr<bool> LogReader::Refill() {
  buffer_.erase(0, used_);
  used_ = 0;
  const size_t before = buffer_.size();
  const Status status =
      AppendPiece(directory_ + "/" + SegmentFileName(segment_), offset_ + before, &buffer_);
  if (absl::IsNotFound(status)) return false;
  TRY(status);
  return buffer_.size() > before;
}

void LogReader::EndSegment() {
  const uint64_t left = buffer_.size() - used_;
  if (left == 0) return;
  ++report_.torn_segments;
  report_.lost_bytes += left;
  Problem(offset_, fmt::format("the last {} bytes are not a whole record", left));
}

void LogReader::End() {
  if (!opened_ || unreadable_) return;
  EndSegment();
  buffer_.clear();
  used_ = 0;
}

StatusOr<bool> LogReader::NextSegment() {
  const std::vector<uint32_t> segments = TRY(ListSegments(directory_));
  const auto next = opened_ ? std::upper_bound(segments.begin(), segments.end(), segment_)
                            : std::lower_bound(segments.begin(), segments.end(), segment_);
  if (next == segments.end()) return false;
  if (opened_) {
    // Its last records may have come between our look at the file and the look at the directory.
    while (!unreadable_ && TRY(Refill())) {
      LogRecord probe;
      size_t size = 0;
      if (offset_ == 0 ||
          log_format::DecodeRecord(buffer_, salt_, &probe, &size) == log_format::Parse::kRecord) {
        return true;
      }
    }
    if (!unreadable_) EndSegment();
  }
  segment_ = *next;
  opened_ = true;
  unreadable_ = false;
  offset_ = 0;
  buffer_.clear();
  used_ = 0;
  return true;
}

StatusOr<bool> LogReader::StartSegment() {
  if (offset_ > 0) return true;
  if (unreadable_ || buffer_.size() < kSegmentHeaderBytes) return false;
  const StatusOr<uint64_t> salt = log_format::DecodeSegmentHeader(buffer_);
  if (absl::IsFailedPrecondition(salt.status())) {
    return Annotate(salt.status(), directory_ + "/" + SegmentFileName(segment_));
  }
  if (!salt.ok()) {
    unreadable_ = true;
    ++report_.damaged_places;
    report_.lost_bytes += buffer_.size();
    Problem(0, Message(salt.status()));
    return false;
  }
  salt_ = *salt;
  used_ = offset_ = kSegmentHeaderBytes;
  return true;
}

bool LogReader::Parse(LogRecord* record) {
  size_t size = 0;
  const std::string_view bytes = std::string_view(buffer_).substr(used_);
  size_t at = 0;
  while (log_format::DecodeRecord(bytes.substr(at), salt_, record, &size) !=
         log_format::Parse::kRecord) {
    // Torn or damaged. Only a whole record further on tells: its salted checksum cannot be there by
    // chance.
    char magic[sizeof kRecordMagic];
    log_format::Put(magic, kRecordMagic);
    at = bytes.find(std::string_view(magic, sizeof magic), at + 1);
    if (at == std::string_view::npos) return false;
  }
  if (at > 0) {
    ++report_.damaged_places;
    report_.lost_bytes += at;
    Problem(offset_, fmt::format("{} damaged bytes skipped", at));
  }
  used_ += at + size;
  offset_ += at + size;
  ++report_.records;
  report_.bytes += size;
  return true;
}

StatusOr<bool> LogReader::Next(LogRecord* record) {
  while (true) {
    if (opened_ && TRY(StartSegment()) && used_ < buffer_.size() && Parse(record)) return true;
    if (opened_ && !unreadable_ && TRY(Refill())) continue;
    if (!TRY(NextSegment())) return false;
  }
}

}  // namespace outrider
