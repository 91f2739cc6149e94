// SPDX-License-Identifier: Apache-2.0
// The log under everything that happens to files: torn tails at every byte, damage in the middle, a
// full disk, several writers.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/base/file.h"
#include "storage/base/hash.h"
#include "storage/wal/log_reader.h"
#include "storage/wal/log_writer.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

class LogTest : public testing::Test {
 protected:
  LogTest() {
    directory_ = testing::TempDir() + "/outrider_log_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
  }
  ~LogTest() override { fs::remove_all(directory_); }

  std::unique_ptr<LogWriter> Open(uint64_t segment_bytes = 1 << 20) {
    auto writer = LogWriter::Open(
        {.directory = directory_, .segment_bytes = segment_bytes, .min_free_bytes = 0, .salt = 42});
    EXPECT_TRUE(writer.ok()) << Message(writer.status());
    return *std::move(writer);
  }
  static LogRecord Record(std::string_view body, Timestamp time = 7) {
    return {.type = RecordType::kInternal,
            .verdict = Admission::kAdmitted,
            .time = time,
            .sender = "10.0.0.1",
            .body = body};
  }
  std::vector<std::string> Bodies(LogReadReport* report = nullptr) {
    LogReader reader(directory_);
    LogRecord record;
    std::vector<std::string> bodies;
    while (*reader.Next(&record)) bodies.emplace_back(record.body);
    reader.End();
    if (report != nullptr) *report = reader.report();
    return bodies;
  }
  std::string Path(uint32_t segment) const { return directory_ + "/" + SegmentFileName(segment); }
  void Overwrite(uint32_t segment, const std::string& bytes) const {
    std::ofstream(Path(segment), std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string directory_;
};

TEST_F(LogTest, RoundTripOfEveryField) {
  auto writer = Open();
  const std::string body("\0\1\2binary", 9);
  ASSERT_TRUE(writer
                  ->Append({.type = RecordType::kWriteV1,
                            .verdict = Admission::kRefused,
                            .time = -5,
                            .sender = "me",
                            .body = body})
                  .ok());
  ASSERT_TRUE(writer->Append(Record("")).ok());
  LogReader reader(directory_);
  LogRecord record;
  ASSERT_TRUE(*reader.Next(&record));
  EXPECT_EQ(record.type, RecordType::kWriteV1);
  EXPECT_EQ(record.verdict, Admission::kRefused);
  EXPECT_EQ(record.time, -5);
  EXPECT_EQ(record.sender, "me");
  EXPECT_EQ(record.body, body);
  ASSERT_TRUE(*reader.Next(&record));
  EXPECT_EQ(record.body, "");
  EXPECT_FALSE(*reader.Next(&record));
  EXPECT_EQ(reader.report().records, 2U);
  EXPECT_EQ(reader.report().torn_segments, 0U);
}

TEST_F(LogTest, SegmentsBySizeAreReadInOrderAndDropped) {
  auto writer = Open(100);
  std::vector<std::string> want;
  for (int i = 0; i < 10; ++i) {
    want.emplace_back(60, static_cast<char>('a' + i));
    ASSERT_TRUE(writer->Append(Record(want.back())).ok());
  }
  EXPECT_EQ(Bodies(), want);
  EXPECT_EQ(writer->Stats().segments, 10U);
  ASSERT_TRUE(writer->DropBefore(4).ok());
  EXPECT_EQ(Bodies(), std::vector<std::string>(want.begin() + 3, want.end()));
  ASSERT_TRUE(writer->DropBefore(1000).ok());  // never the current one
  EXPECT_EQ(Bodies(), std::vector<std::string>(want.end() - 1, want.end()));
}

TEST_F(LogTest, RotateLeavesAnEmptySegmentAlone) {
  auto writer = Open();
  EXPECT_EQ(*writer->Rotate(), 1U);
  ASSERT_TRUE(writer->Append(Record("x")).ok());
  EXPECT_EQ(*writer->Rotate(), 2U);
  EXPECT_EQ(*writer->Rotate(), 2U);
  EXPECT_EQ(writer->CurrentSegment(), 2U);
}

TEST_F(LogTest, NewWriterNeverContinuesAnOldSegment) {
  ASSERT_TRUE(Open()->Append(Record("one")).ok());
  ASSERT_TRUE(Open()->Append(Record("two")).ok());
  EXPECT_EQ(Bodies(), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(ListSegments(directory_)->size(), 2U);
}

TEST_F(LogTest, CutAtEveryByteKeepsWholeRecordsAndLaterSegments) {
  const std::vector<std::string> bodies = {"first", "second one", "third"};
  std::vector<size_t> ends = {kSegmentHeaderBytes};
  {
    auto writer = Open();
    for (const std::string& body : bodies) {
      ASSERT_TRUE(writer->Append(Record(body)).ok());
      ends.push_back(ends.back() + kRecordHeaderBytes + 8 + body.size());
    }
    ASSERT_EQ(*writer->Rotate(), 2U);
    ASSERT_TRUE(writer->Append(Record("later")).ok());
  }
  const std::string whole = *ReadFile(Path(1));
  ASSERT_EQ(whole.size(), ends.back());
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    Overwrite(1, whole.substr(0, cut));
    std::vector<std::string> want;
    for (size_t i = 0; i < bodies.size(); ++i) {
      if (ends[i + 1] <= cut) want.push_back(bodies[i]);
    }
    want.emplace_back("later");
    LogReadReport report;
    EXPECT_EQ(Bodies(&report), want) << "cut at " << cut;
    const bool clean = cut == 0 || std::find(ends.begin(), ends.end(), cut) != ends.end();
    EXPECT_EQ(report.torn_segments, clean ? 0U : 1U) << "cut at " << cut;
    EXPECT_EQ(report.damaged_places, 0U) << "cut at " << cut;
  }
}

TEST_F(LogTest, AStartWritesNothingBeforeItsFirstRecord) {
  const auto first = Open();
  EXPECT_TRUE(ListSegments(directory_)->empty());
  const auto second =
      Open();  // a start that went wrong meanwhile leaves the first one its segments
  ASSERT_TRUE(first->Append(Record("x")).ok());
  EXPECT_EQ(*ListSegments(directory_), std::vector<uint32_t>{1});
  EXPECT_EQ(*first->Rotate(), 2U);
  EXPECT_EQ(*Open()->Rotate(), 3U);
  EXPECT_TRUE(second->Sync().ok());
}

TEST_F(LogTest, EveryDamagedByteLosesAtMostItsRecord) {
  {
    auto writer = Open();
    for (const char* body : {"aaaa", "bbbb", "cccc"})
      ASSERT_TRUE(writer->Append(Record(body)).ok());
  }
  const std::string whole = *ReadFile(Path(1));
  const size_t size = kRecordHeaderBytes + 8 + 4;
  for (size_t at = kSegmentHeaderBytes; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    Overwrite(1, bytes);
    std::vector<std::string> want = {"aaaa", "bbbb", "cccc"};
    const size_t hit = (at - kSegmentHeaderBytes) / size;
    want.erase(want.begin() + static_cast<long>(hit));
    LogReadReport report;
    EXPECT_EQ(Bodies(&report), want) << "byte " << at;
    EXPECT_EQ(report.damaged_places + report.torn_segments, 1U) << "byte " << at;
    EXPECT_FALSE(report.problems.empty());
  }
}

// The reader reads in pieces of a megabyte.
TEST_F(LogTest, RecordsMayBeLargerThanWhatIsReadAtOnce) {
  const std::vector<std::string> bodies = {std::string(3'500'000, 'a'), "b",
                                           std::string(2'100'000, 'c'), "d"};
  auto writer = Open(64U << 20);
  LogReader following(directory_);
  LogRecord record;
  for (const std::string& body : bodies) {
    ASSERT_TRUE(writer->Append(Record(body)).ok());
    ASSERT_TRUE(*following.Next(&record));
    EXPECT_EQ(record.body, body);
  }
  EXPECT_FALSE(*following.Next(&record));
  EXPECT_EQ(Bodies(), bodies);
  writer = Open();
  std::string damaged = *ReadFile(Path(1));
  damaged[2'000'000] = 'x';
  Overwrite(1, damaged);
  LogReadReport report;
  EXPECT_EQ(Bodies(&report), std::vector<std::string>(bodies.begin() + 1, bodies.end()));
  EXPECT_EQ(report.damaged_places, 1U);
  EXPECT_EQ(report.lost_bytes, kRecordHeaderBytes + 8 + bodies[0].size());
}

TEST_F(LogTest, UnreadableSegmentsAreNamedAndPassedOver) {
  struct Case {
    const char* what;
    std::string bytes;
    const char* problem;
  };
  char future[kSegmentHeaderBytes];
  log_format::EncodeSegmentHeader(1, 1, future);
  std::string damaged(future, sizeof future);
  damaged[20] ^= 1;
  for (const Case& one : {Case{"not ours", std::string(100, 'x'), "not a log segment"},
                          Case{"damaged header", damaged, "header is damaged"}}) {
    fs::remove_all(directory_);
    auto writer = Open();
    ASSERT_TRUE(writer->Append(Record("x")).ok());
    ASSERT_TRUE(writer->Rotate().ok());
    ASSERT_TRUE(writer->Append(Record("later")).ok());
    Overwrite(1, one.bytes);
    LogReadReport report;
    EXPECT_EQ(Bodies(&report), std::vector<std::string>{"later"}) << one.what;
    ASSERT_EQ(report.problems.size(), 1U) << one.what;
    EXPECT_NE(report.problems[0].find(one.problem), std::string::npos) << report.problems[0];
  }
}

TEST_F(LogTest, AnotherVersionsSegmentIsAnErrorNotALoss) {
  ASSERT_TRUE(Open()->Append(Record("x")).ok());
  std::string bytes = *ReadFile(Path(1));
  log_format::Put(bytes.data() + 8, kLogVersion + 1);
  log_format::Put(bytes.data() + 24, Hash64(std::string_view(bytes).substr(0, 24)));
  Overwrite(1, bytes);
  LogReader reader(directory_);
  LogRecord record;
  const auto result = reader.Next(&record);
  ASSERT_TRUE(absl::IsFailedPrecondition(result.status()));
  EXPECT_NE(Message(result.status()).find(Path(1)), std::string::npos) << Message(result.status());
}

TEST_F(LogTest, ForgedHeadersInATornBodyCostNothing) {
  // Headers that each claim the rest of the file: hashing for every one of them would take hours.
  std::string body;
  char header[kRecordHeaderBytes];
  log_format::EncodeRecordHeader(Record("forged"), /*salt=*/1, header);
  log_format::Put(header + 4, uint32_t{1 << 20});
  while (body.size() < (8U << 20)) body.append(header, sizeof header);
  ASSERT_TRUE(Open()->Append(Record(body)).ok());
  const std::string whole = *ReadFile(Path(1));
  Overwrite(1, whole.substr(0, whole.size() - 1));
  LogReadReport report;
  EXPECT_TRUE(Bodies(&report).empty());
  EXPECT_EQ(report.torn_segments, 1U);
}

TEST_F(LogTest, AForgedRecordInsideABodyIsNotFoundAfterDamage) {
  // A sender who knows the format but not the salt puts a whole record into a body.
  char header[kRecordHeaderBytes];
  log_format::EncodeRecordHeader(Record("forged"), /*salt=*/1, header);
  const std::string body = "xx" + std::string(header, sizeof header) + "10.0.0.1forged";
  ASSERT_TRUE(Open()->Append(Record(body)).ok());
  std::string bytes = *ReadFile(Path(1));
  bytes[kSegmentHeaderBytes] ^= 1;
  Overwrite(1, bytes);
  EXPECT_TRUE(Bodies().empty());
}

TEST_F(LogTest, FollowsALogThatIsWritten) {
  auto writer = Open(200);
  LogReader reader(directory_);
  LogRecord record;
  EXPECT_FALSE(*reader.Next(&record));
  for (int i = 0; i < 20; ++i) {
    const std::string body(50, static_cast<char>('a' + i));
    ASSERT_TRUE(writer->Append(Record(body)).ok());
    ASSERT_TRUE(*reader.Next(&record)) << i;
    EXPECT_EQ(record.body, body);
    EXPECT_EQ(reader.segment(), writer->CurrentSegment());
    EXPECT_FALSE(*reader.Next(&record));
  }
}

TEST_F(LogTest, RefusesWhenTheDiskIsNearlyFullAndSaysSo) {
  auto writer = LogWriter::Open(
      {.directory = directory_, .segment_bytes = 1 << 20, .min_free_bytes = 1ULL << 60, .salt = 1});
  ASSERT_TRUE(writer.ok());
  const auto result = (*writer)->Append(Record("x"));
  ASSERT_TRUE(absl::IsResourceExhausted(result.status()));
  EXPECT_NE(Message(result.status()).find("storage.min_free"), std::string::npos);
  EXPECT_EQ((*writer)->Stats().failures, 1U);
  EXPECT_TRUE(Bodies().empty());
}

TEST_F(LogTest, AShortWriteLeavesNothingBehind) {
  auto writer = Open();
  ASSERT_TRUE(writer->Append(Record("one")).ok());
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t room :
       {0, 1, 20, 40, 50}) {  // the file may grow by so much, then the write ends
    struct rlimit limit = before;
    limit.rlim_cur = fs::file_size(Path(1)) + room;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    const auto result = writer->Append(Record(std::string(1000, 'x')));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_FALSE(result.ok()) << room;
    EXPECT_NE(Message(result.status()).find(Path(1)), std::string::npos)
        << Message(result.status());
  }
  std::signal(SIGXFSZ, SIG_DFL);
  ASSERT_TRUE(writer->Append(Record("two")).ok());
  LogReadReport report;
  EXPECT_EQ(Bodies(&report), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(report.damaged_places + report.torn_segments, 0U);
}

TEST_F(LogTest, ErrorsNameThePath) {
  std::ofstream(directory_) << "a file in the way";
  const auto writer = LogWriter::Open({.directory = directory_ + "/wal"});
  ASSERT_FALSE(writer.ok());
  EXPECT_NE(Message(writer.status()).find(directory_), std::string::npos)
      << Message(writer.status());
}

TEST_F(LogTest, OversizedRecordIsRefused) {
  auto writer = Open();
  const std::string body(kMaxRecordBytes, 'x');
  EXPECT_TRUE(absl::IsInvalidArgument(writer->Append(Record(body)).status()));
  EXPECT_TRUE(writer->Append(Record("fine")).ok());
  EXPECT_EQ(Bodies(), std::vector<std::string>{"fine"});
}

TEST_F(LogTest, SeveralWritersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  auto writer = Open(4096);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string body(static_cast<size_t>(i), static_cast<char>('a' + t));
          EXPECT_TRUE(writer->Append(Record(body, i)).ok());
        }
      });
    }
  }
  LogReadReport report;
  EXPECT_EQ(Bodies(&report).size(), static_cast<size_t>(kThreads * kEach));
  EXPECT_EQ(report.damaged_places + report.torn_segments, 0U);
}

}  // namespace
}  // namespace outrider
