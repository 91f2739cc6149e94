// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/log_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "fmt/format.h"
#include "storage/base/file.h"
#include "storage/wal/log_reader.h"

namespace outrider {
namespace {

constexpr uint64_t kRoomCheckEvery = 1U << 20;  // bytes written between two looks at the free space

// EINTR aside, a write to a local file is whole, or short when the disk fills up.
Status WriteAll(int fd, iovec* parts, int count, const std::string& path) {
  size_t wanted = 0;
  for (int i = 0; i < count; ++i) wanted += parts[i].iov_len;
  ssize_t written = 0;
  do {
    written = ::writev(fd, parts, count);
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(wanted)) return absl::OkStatus();
  const int error = written < 0 ? errno : ENOSPC;
  const std::string text = fmt::format("{}: cannot write: {}", path, ErrnoText(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(text) : Internal(text);
}

// So that a new or deleted name survives the machine.
Status SyncDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Internal(fmt::format("{}: cannot open: {}", path, ErrnoText(errno)));
  ::fsync(fd);
  ::close(fd);
  return absl::OkStatus();
}

constexpr uint32_t kMostTaken = 16;  // numbers of segments

}  // namespace

StatusOr<std::unique_ptr<LogWriter>> LogWriter::Open(const LogOptions& options) {
  TRY(MakeDirectories(options.directory));
  std::unique_ptr<LogWriter> writer(new LogWriter(options));
  const absl::MutexLock lock(&writer->mutex_);
  for (const uint32_t segment : TRY(ListSegments(options.directory))) {
    struct stat info{};
    ::stat((options.directory + "/" + SegmentFileName(segment)).c_str(), &info);
    writer->sizes_[segment] = static_cast<uint64_t>(info.st_size);
  }
  writer->segment_ = writer->sizes_.empty() ? 1 : writer->sizes_.rbegin()->first + 1;
  return writer;
}

LogWriter::~LogWriter() {
  const absl::MutexLock lock(&mutex_);
  if (fd_ >= 0) ::close(fd_);
  for (const int fd : retired_) ::close(fd);
}

Status LogWriter::OpenSegment(uint32_t segment) {
  const std::string path = options_.directory + "/" + SegmentFileName(segment);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    const int error = errno;
    const std::string why = fmt::format("{}: cannot create: {}", path, ErrnoText(error));
    return error == EEXIST ? absl::AlreadyExistsError(why) : Internal(why);
  }
  char header[kSegmentHeaderBytes];
  log_format::EncodeSegmentHeader(segment, options_.salt, header);
  iovec part{header, sizeof header};
  if (Status status = WriteAll(fd, &part, 1, path); !status.ok()) {
    ::close(fd);
    ::unlink(path.c_str());
    return status;
  }
  if (fd_ >= 0) retired_.push_back(fd_);  // appends do not wait for the disk here
  fd_ = fd;
  segment_ = segment;
  sizes_[segment] = sizeof header;
  return SyncDirectory(options_.directory);
}

Status LogWriter::ReachSegment() {
  if (fd_ >= 0 && !untrusted_ && sizes_[segment_] < options_.segment_bytes) return absl::OkStatus();
  uint32_t next = fd_ < 0 ? segment_ : segment_ + 1;
  Status opened = OpenSegment(next);
  // A process that was about to end made one since the directory was read.
  while (absl::IsAlreadyExists(opened) && next < segment_ + kMostTaken)
    opened = OpenSegment(++next);
  if (opened.ok()) untrusted_ = false;
  return opened;
}

Status LogWriter::CheckRoom(size_t bytes) {
  if (unchecked_bytes_ < kRoomCheckEvery) {
    unchecked_bytes_ += bytes;
    return absl::OkStatus();
  }
  unchecked_bytes_ = UINT64_MAX;  // until it is found sufficient
  const uint64_t free = TRY(FreeBytes(options_.directory));
  if (free < options_.min_free_bytes + bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: {} MiB free on the disk, storage.min_free keeps {} MiB",
                    options_.directory, free >> 20, options_.min_free_bytes >> 20));
  }
  unchecked_bytes_ = bytes;
  return absl::OkStatus();
}

Status LogWriter::WriteRecord(const LogRecord& record) {
  char header[kRecordHeaderBytes];
  log_format::EncodeRecordHeader(record, options_.salt, header);
  iovec parts[] = {{header, sizeof header},
                   {const_cast<char*>(record.sender.data()), record.sender.size()},
                   {const_cast<char*>(record.body.data()), record.body.size()}};
  uint64_t& size = sizes_[segment_];
  const std::string path = options_.directory + "/" + SegmentFileName(segment_);
  if (Status status = WriteAll(fd_, parts, 3, path); !status.ok()) {
    // What follows a part of a record could not be told from damage: take the part back.
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
      (void)OpenSegment(segment_ + 1);
    }
    unchecked_bytes_ = UINT64_MAX;
    return status;
  }
  const uint64_t bytes = kRecordHeaderBytes + record.sender.size() + record.body.size();
  size += bytes;
  stats_.bytes += bytes;
  ++stats_.records;
  return absl::OkStatus();
}

StatusOr<uint32_t> LogWriter::Append(const LogRecord& record) {
  LogRecord fitting = record;
  fitting.sender = fitting.sender.substr(0, UINT16_MAX);
  const size_t bytes = fitting.sender.size() + fitting.body.size();
  const absl::MutexLock lock(&mutex_);
  Status status;
  if (bytes > kMaxRecordBytes) {
    status =
        InvalidArgument(fmt::format("a record of {} bytes is over the limit of the log", bytes));
  }
  if (status.ok()) status = CheckRoom(bytes);
  if (status.ok()) status = ReachSegment();
  if (status.ok() && fitting.segment != 0 && fitting.segment != segment_) {
    return absl::AbortedError("the log went on to another segment");
  }
  if (status.ok()) status = WriteRecord(fitting);
  if (!status.ok()) {
    ++stats_.failures;
    return status;
  }
  return segment_;
}

StatusOr<uint32_t> LogWriter::Rotate() {
  const absl::MutexLock lock(&mutex_);
  if (fd_ >= 0 && sizes_[segment_] > kSegmentHeaderBytes) TRY(OpenSegment(segment_ + 1));
  return segment_;
}

uint64_t LogWriter::SyncFailures() const {
  const absl::MutexLock lock(&mutex_);
  return stats_.sync_failures;
}

Status LogWriter::Sync() { return SyncSince(SyncFailures()); }

Status LogWriter::SyncSince(uint64_t failures) {
  uint64_t wanted = 0;
  {
    const absl::MutexLock lock(&mutex_);
    wanted = stats_.records;
  }
  const absl::MutexLock turn(&sync_turn_);
  int current = -1;
  std::vector<int> retired;
  uint64_t reached = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (stats_.sync_failures != failures) return sync_error_;
    if (synced_records_ >= wanted) return absl::OkStatus();
    reached = stats_.records;
    current = fd_;
    retired.swap(retired_);
  }
  const int64_t begin = options_.clock == nullptr ? 0 : options_.clock->MonotonicNanos();
  const int error = SyncFiles(current, retired);
  const int64_t end = options_.clock == nullptr ? 0 : options_.clock->MonotonicNanos();
  const absl::MutexLock lock(&mutex_);
  ++stats_.syncs;
  stats_.sync_nanos += end - begin;
  if (error == 0) {
    synced_records_ = reached;
    return absl::OkStatus();
  }
  ++stats_.sync_failures;
  untrusted_ = true;  // what comes next must not lean on records that may not be there
  sync_error_ = Internal(fmt::format("{}: cannot sync: {}", options_.directory, ErrnoText(error)));
  return sync_error_;
}

int LogWriter::SyncFiles(int current, const std::vector<int>& retired) const {
  int error = 0;
  const auto sync = [&](int fd) {
    const int result = options_.sync_file ? options_.sync_file(fd) : ::fdatasync(fd);
    if (result != 0 && error == 0) error = errno;
  };
  for (const int fd : retired) {
    sync(fd);
    ::close(fd);  // after a failure too: another sync would tell nothing
  }
  sync(current);
  return error;
}

Status LogWriter::Remove(std::map<uint32_t, uint64_t>::iterator it) {
  const std::string path = options_.directory + "/" + SegmentFileName(it->first);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Internal(fmt::format("{}: cannot delete: {}", path, ErrnoText(errno)));
  }
  sizes_.erase(it);
  unchecked_bytes_ = UINT64_MAX;
  return absl::OkStatus();
}

Status LogWriter::DropBefore(uint32_t segment) {
  const absl::MutexLock lock(&mutex_);
  const uint32_t end = std::min(segment, segment_);
  while (!sizes_.empty() && sizes_.begin()->first < end) TRY(Remove(sizes_.begin()));
  return absl::OkStatus();
}

Status LogWriter::Drop(uint32_t segment) {
  const absl::MutexLock lock(&mutex_);
  const auto it = sizes_.find(segment);
  if (it == sizes_.end() || segment == segment_) return absl::OkStatus();
  return Remove(it);
}

uint32_t LogWriter::CurrentSegment() const {
  const absl::MutexLock lock(&mutex_);
  return segment_;
}

LogWriterStats LogWriter::Stats() const {
  const absl::MutexLock lock(&mutex_);
  LogWriterStats stats = stats_;
  stats.segments = sizes_.size();
  for (const auto& [segment, bytes] : sizes_) stats.disk_bytes += bytes;
  return stats;
}

}  // namespace outrider
