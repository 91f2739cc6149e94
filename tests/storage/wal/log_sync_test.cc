// SPDX-License-Identifier: Apache-2.0
// When records are on the disk: who syncs, what a sync covers, who learns that it failed.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <thread>

#include "storage/wal/log_writer.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

class LogSyncTest : public testing::Test {
 protected:
  LogSyncTest() {
    directory_ = testing::TempDir() + "/outrider_log_sync_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
  }
  ~LogSyncTest() override { fs::remove_all(directory_); }

  std::unique_ptr<LogWriter> Open(std::function<int(int)> sync, uint64_t segment_bytes = 1 << 20) {
    auto writer = LogWriter::Open({.directory = directory_,
                                   .segment_bytes = segment_bytes,
                                   .min_free_bytes = 0,
                                   .salt = 42,
                                   .clock = &clock_,
                                   .sync_file = std::move(sync)});
    EXPECT_TRUE(writer.ok()) << Message(writer.status());
    return *std::move(writer);
  }
  static void Append(LogWriter* writer) {
    ASSERT_TRUE(
        writer->Append({.type = RecordType::kInternal, .sender = {}, .body = "some bytes"}).ok());
  }

  std::string directory_;
  FakeClock clock_;
};

TEST_F(LogSyncTest, NothingWrittenNothingSynced) {
  int syncs = 0;
  const auto writer = Open([&](int) {
    clock_.Advance(3);
    ++syncs;
    return 0;
  });
  ASSERT_TRUE(writer->Sync().ok());
  EXPECT_EQ(syncs, 0);
  Append(writer.get());
  Append(writer.get());
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(writer->Sync().ok());
  EXPECT_EQ(syncs, 1);
  EXPECT_EQ(writer->Stats().syncs, 1U);
  EXPECT_EQ(writer->Stats().sync_nanos, 3 * kNanosPerMilli);
}

TEST_F(LogSyncTest, ASyncCoversTheSegmentsThatEndedBefore) {
  std::map<ino_t, off_t> synced;
  const auto writer = Open(
      [&](int fd) {
        struct stat info{};
        fstat(fd, &info);
        synced[info.st_ino] = info.st_size;
        return 0;
      },
      300);
  for (int i = 0; i < 50; ++i) {
    Append(writer.get());
    if (i % 17 == 0) {
      ASSERT_TRUE(writer->Sync().ok());
    }
  }
  ASSERT_TRUE(writer->Sync().ok());
  EXPECT_GT(synced.size(), 3U);
  for (const auto& file : fs::directory_iterator(directory_)) {
    struct stat info{};
    ASSERT_EQ(stat(file.path().c_str(), &info), 0);
    EXPECT_EQ(synced[info.st_ino], info.st_size) << file.path();
  }
}

TEST_F(LogSyncTest, WhoAppendsDuringASyncSharesTheNext) {
  constexpr uint64_t kWriters = 8;
  LogWriter* log = nullptr;
  std::atomic<int> syncs{0};
  const auto writer = Open([&](int) {
    ++syncs;
    while (log->Stats().records < kWriters) std::this_thread::yield();
    return 0;
  });
  log = writer.get();
  std::vector<std::jthread> threads;
  for (uint64_t i = 0; i < kWriters; ++i) {
    threads.emplace_back([&] {
      const uint64_t failures = log->SyncFailures();
      Append(log);
      EXPECT_TRUE(log->SyncSince(failures).ok());
    });
  }
  threads.clear();
  EXPECT_LE(syncs, 2);
}

TEST_F(LogSyncTest, AFailureIsToldToAllWhoseRecordsItMayHaveCost) {
  bool fails = true;
  const auto writer = Open([&](int) {
    errno = EIO;
    return fails ? -1 : 0;
  });
  const uint64_t before = writer->SyncFailures();
  Append(writer.get());
  Append(writer.get());
  const Status first = writer->SyncSince(before);
  EXPECT_NE(Message(first).find("cannot sync: Input/output error"), std::string::npos) << first;
  fails = false;
  // The other's record was in the failed sync, the kernel says no more of it.
  EXPECT_FALSE(writer->SyncSince(before).ok());
  const uint64_t after = writer->SyncFailures();
  Append(writer.get());
  EXPECT_TRUE(writer->SyncSince(after).ok());
  EXPECT_EQ(writer->Stats().sync_failures, 1U);
  EXPECT_EQ(writer->Stats().syncs, 2U);
}

TEST_F(LogSyncTest, AFailedSyncIsTriedAgain) {
  int syncs = 0;
  const auto writer = Open([&](int) { return ++syncs == 1 ? -1 : 0; });
  Append(writer.get());
  EXPECT_FALSE(writer->Sync().ok());
  EXPECT_TRUE(writer->Sync().ok());
  EXPECT_TRUE(writer->Sync().ok());
  EXPECT_EQ(syncs, 2);
}

}  // namespace
}  // namespace outrider
