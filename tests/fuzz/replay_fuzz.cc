// SPDX-License-Identifier: Apache-2.0
// Replay of a log that holds anything: the input is cut into records of any type, verdict and body,
// packed with snappy or not, and applied. What then stands in the windows must be readable, in
// order, and as much as other windows get of the same log.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "exporter/ingest/replay.h"
#include "exporter/ingest/snappy_body.h"
#include "storage/wal/log_format.h"
#include "storage/wal/log_reader.h"

namespace {

using namespace outrider;  // NOLINT(google-build-using-namespace)

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr uint64_t kSalt = 7;
constexpr size_t kHead = 3;  // type and verdict, two bytes of length

std::string MakeDirectory() {
  std::string name = "/dev/shm/replay_fuzz_XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

void AppendRecord(const LogRecord& record, std::string* segment) {
  char header[kRecordHeaderBytes];
  log_format::EncodeRecordHeader(record, kSalt, header);
  segment->append(header, sizeof header).append(record.sender).append(record.body);
}

// A record's head says what it is; with this bit: requests that number their rows, and samples by
// number.
constexpr uint8_t kByNumber = 0x40;

RecordType TypeOf(uint8_t head) {
  if ((head & kByNumber) == 0) return static_cast<RecordType>(1 + head % 6);
  return (head & 1U) != 0 ? RecordType::kRows : static_cast<RecordType>(1 + head / 2 % 6);
}

Admission VerdictOf(uint8_t head) {
  if ((head & kByNumber) == 0) return static_cast<Admission>(head / 8 % 3);
  return (head & 1U) != 0 ? Admission::kAdmitted : Admission::kNumbering;
}

// Not through LogWriter, which waits for the disk.
void WriteLog(const std::string& directory, std::string_view bytes) {
  std::string segment(kSegmentHeaderBytes, '\0');
  log_format::EncodeSegmentHeader(1, kSalt, segment.data());
  while (bytes.size() >= kHead) {
    const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    const size_t length = std::min<size_t>(at(1) | at(2) << 8U, bytes.size() - kHead);
    std::string body(bytes.substr(kHead, length));
    if ((at(0) & 0x80U) != 0) {
      const size_t in_front = VerdictOf(at(0)) == Admission::kNumbering ? kFirstNumberBytes : 0;
      const size_t begin = std::min(in_front, body.size());
      body = body.substr(0, begin) + SnappyCompress(body.substr(begin));
    }
    AppendRecord({.type = TypeOf(at(0)),
                  .verdict = VerdictOf(at(0)),
                  .time = kNow,
                  .sender = "s",
                  .body = body},
                 &segment);
    bytes.remove_prefix(kHead + length);
  }
  std::ofstream(directory + "/" + SegmentFileName(1), std::ios::binary | std::ios::trunc)
      << segment;
}

void Replay(const std::string& directory, Windows* windows) {
  LogReader reader(directory);
  ReplayStats stats;
  ReplayState state;
  windows->BeginReplay();
  if (!ReplayRest(&reader, {windows}, {}, &state, &stats).ok()) __builtin_trap();
  windows->EndReplay();
}

uint64_t CountAndCheck(const Windows& windows) {
  SeriesSet set;
  set.want_histograms = set.want_starts = true;
  constexpr Timestamp kFar = INT64_MAX / 4;
  if (!windows.Select({}, -kFar, kFar, SIZE_MAX, &set).ok()) __builtin_trap();
  for (const SeriesSet::Row& row : set.rows) {
    for (size_t i = row.begin + 1; i < row.end; ++i) {
      if (set.times[i] <= set.times[i - 1]) __builtin_trap();
    }
    for (size_t i = row.histograms_begin + 1; i < row.histograms_end; ++i) {
      if (set.histograms[i].time <= set.histograms[i - 1].time) __builtin_trap();
    }
  }
  if (windows.Stats().damaged_chunks != 0) __builtin_trap();
  return set.times.size() + set.histograms.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string directory = MakeDirectory();
  WriteLog(directory, {reinterpret_cast<const char*>(data), size});
  Windows windows({.late_window = 5 * kMinute, .seed = 1});
  Replay(directory, &windows);
  Windows again({.late_window = 5 * kMinute, .seed = 2});
  Replay(directory, &again);
  if (CountAndCheck(windows) != CountAndCheck(again)) __builtin_trap();
  return 0;
}
