// SPDX-License-Identifier: Apache-2.0
// Nothing acked is lost. A crash is a copy of the directory (what kill -9 leaves), or a copy cut
// off somewhere (what a dying machine leaves of what was not synced).
#include "exporter/ingest/ingest_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/base/random.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

constexpr Timestamp kNow = 1'800'000'000'000;
using Contents = std::map<std::string, std::vector<std::pair<Timestamp, double>>>;

Contents Read(const IngestStore& store) {
  SeriesSet set;
  EXPECT_TRUE(store.windows().Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  Contents contents;
  for (const auto& row : set.rows) {
    auto& samples = contents[row.labels.All().ToString()];
    for (size_t i = row.begin; i < row.end; ++i) samples.emplace_back(set.times[i], set.values[i]);
  }
  return contents;
}

class IngestStoreTest : public testing::Test {
 protected:
  IngestStoreTest() {
    base_ = testing::TempDir() + "/outrider_store_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    options_.min_free_bytes = 0;
    options_.path = base_ + "/data";
  }
  ~IngestStoreTest() override { fs::remove_all(base_); }

  std::unique_ptr<IngestStore> Open(const std::string& path) {
    IngestStoreOptions options = options_;
    options.path = path;
    auto store = IngestStore::Open(options, clock_, random_);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    return *std::move(store);
  }
  std::unique_ptr<IngestStore> OpenAndLoad(const std::string& path) {
    auto store = Open(path);
    const Status status = store->Load({});
    EXPECT_TRUE(status.ok()) << Message(status);
    return store;
  }
  std::string Copy() {
    const std::string copy = base_ + "/copy";
    fs::remove_all(copy);
    fs::copy(options_.path, copy, fs::copy_options::recursive);
    return copy;
  }
  // What a start after a crash would find.
  Contents AfterCrash() { return Read(*OpenAndLoad(Copy())); }

  // One scrape of `series` series at `step`; true when it was acked whole.
  int Scrape(IngestStore* store, int series, int step) {
    std::vector<std::string> names;
    for (int i = 0; i < series; ++i) names.push_back("m" + std::to_string(i));
    std::vector<RawSeries> all;
    const Timestamp time = kNow + step * 15 * kSecond;
    for (const std::string& name : names) {
      all.push_back({{{"__name__", name}, {"job", "test"}}, {{time, step * 0.5}}});
    }
    clock_.Set(time * kNanosPerMilli);
    FakeRequest request(Body(all));
    return store->receiver().Handle(request).status;
  }
  void Record(IngestStore* store, int step) {
    const LabeledSample sample{Labels{{"__name__", "recorded"}},
                               {kNow + step * 15 * kSecond, step * 2.0}};
    EXPECT_EQ(
        store->appender().AppendBatch({&sample, 1}, Origin::kLocal, sample.sample.time).accepted,
        1U);
  }

  std::string base_;
  IngestStoreOptions options_;
  FakeClock clock_{kNow * kNanosPerMilli};
  SeededRandom random_{7};
};

TEST_F(IngestStoreTest, EverySampleSurvivesACrashBetweenAnyTwoOperations) {
  options_.segment_bytes = 2000;
  options_.checkpoint_bytes = 3000;
  auto store = OpenAndLoad(options_.path);
  for (int step = 0; step < 260; ++step) {
    ASSERT_EQ(Scrape(store.get(), 3, step), 204);
    if (step % 3 == 0) Record(store.get(), step);
    if (step % 5 == 0) {
      ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
    }
    if (step % 4 == 0 || step > 240) {
      ASSERT_EQ(AfterCrash(), Read(*store)) << "step " << step;
    }
  }
  const IngestStoreStats stats = store->Stats();
  EXPECT_GT(stats.checkpoints, 3U);
  EXPECT_LT(stats.wal.disk_bytes, 4 * options_.checkpoint_bytes);  // the log stays short
  EXPECT_EQ(stats.windows.samples, 3U * 260 + 87);
}

TEST_F(IngestStoreTest, RestartsInARowLoseNothingAndKeepTheLogShort) {
  options_.segment_bytes = 2000;
  options_.checkpoint_bytes = 2000;
  Contents want;
  for (int run = 0; run < 30; ++run) {
    auto store = OpenAndLoad(options_.path);
    EXPECT_EQ(Read(*store), want) << "run " << run;
    for (int step = run * 10; step < run * 10 + 10; ++step) {
      ASSERT_EQ(Scrape(store.get(), 4, step), 204);
      Record(store.get(), step);
      if (step % 7 == 0) {
        ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
      }
    }
    want = Read(*store);
    EXPECT_LT(store->Stats().wal.disk_bytes, 5 * options_.checkpoint_bytes);
  }
}

TEST_F(IngestStoreTest, ALogCutAnywhereGivesAPrefix) {
  std::vector<Contents> prefixes = {{}};
  {
    auto store = OpenAndLoad(options_.path);
    for (int step = 0; step < 8; ++step) {
      ASSERT_EQ(Scrape(store.get(), 2, step), 204);
      prefixes.push_back(Read(*store));
    }
  }
  const std::string wal = "/wal/" + SegmentFileName(1);
  const auto size = fs::file_size(options_.path + wal);
  size_t seen = 0;
  for (uintmax_t cut = 0; cut <= size; cut += cut < 64 ? 1 : 7) {
    const std::string copy = Copy();
    fs::resize_file(copy + wal, cut);
    const Contents got = Read(*OpenAndLoad(copy));
    const auto at = std::find(prefixes.begin(), prefixes.end(), got);
    ASSERT_NE(at, prefixes.end()) << "cut at " << cut;
    EXPECT_GE(static_cast<size_t>(at - prefixes.begin()), seen);
    seen = static_cast<size_t>(at - prefixes.begin());
  }
}

TEST_F(IngestStoreTest, ChunkFilesNotYetCoveredByACheckpointMayBeCutAnywhere) {
  auto store = OpenAndLoad(options_.path);
  // Of two shards, so two blocks.
  for (int step = 0; step < 130; ++step) ASSERT_EQ(Scrape(store.get(), 70, step), 204);
  ASSERT_TRUE(
      store->Maintain(clock_.Now()).ok());  // full chunks go to a file; the log still has them
  const std::string file = "/chunks/" + SegmentFileName(1);
  const auto size = fs::file_size(options_.path + file);
  ASSERT_GT(size, 400U);
  const Contents all = Read(*store);
  for (uintmax_t cut = 0; cut < size; cut += size / 30) {
    const std::string copy = Copy();
    fs::resize_file(copy + file, cut);
    ASSERT_EQ(Read(*OpenAndLoad(copy)), all) << "cut at " << cut;
  }
}

TEST_F(IngestStoreTest, WritesDuringReplayAreAckedAndAppliedBeforeReady) {
  {
    auto store = OpenAndLoad(options_.path);
    for (int step = 0; step < 50; ++step) ASSERT_EQ(Scrape(store.get(), 2, step), 204);
  }
  auto store = Open(options_.path);
  EXPECT_FALSE(store->Ready());
  EXPECT_EQ(Scrape(store.get(), 2, 50), 204);
  EXPECT_TRUE(Read(*store).empty());
  EXPECT_EQ(AfterCrash().begin()->second.size(), 51U);  // acked, so already safe
  ASSERT_TRUE(store->Load({}).ok());
  EXPECT_TRUE(store->Ready());
  EXPECT_EQ(Read(*store).begin()->second.size(), 51U);
  EXPECT_EQ(Scrape(store.get(), 2, 51), 204);
  EXPECT_EQ(Read(*store).begin()->second.size(), 52U);
  EXPECT_EQ(store->Stats().replay.records, 51U);
}

TEST_F(IngestStoreTest, WritersDuringReplayFromOtherThreads) {
  {
    auto store = OpenAndLoad(options_.path);
    for (int step = 0; step < 200; ++step) ASSERT_EQ(Scrape(store.get(), 3, step), 204);
  }
  auto store = Open(options_.path);
  {
    const std::jthread writer([&] {
      for (int step = 200; step < 400; ++step) EXPECT_EQ(Scrape(store.get(), 3, step), 204);
    });
    ASSERT_TRUE(store->Load({}).ok());
  }
  for (const auto& [labels, samples] : Read(*store)) EXPECT_EQ(samples.size(), 400U) << labels;
}

TEST_F(IngestStoreTest, WithoutSyncIntervalWhatIsAckedIsOnTheDisk) {
  off_t synced = 0;
  int syncs = 0;
  options_.sync_writes = true;
  options_.sync_file = [&](int fd) {
    struct stat info{};
    fstat(fd, &info);
    synced = info.st_size;
    ++syncs;
    return 0;
  };
  const auto wal_size = [&] {
    return static_cast<off_t>(fs::file_size(options_.path + "/wal/" + SegmentFileName(1)));
  };
  auto store = Open(options_.path);
  EXPECT_EQ(Scrape(store.get(), 2, 0), 204);  // during replay too
  EXPECT_EQ(synced, wal_size());
  ASSERT_TRUE(store->Load({}).ok());
  EXPECT_EQ(Scrape(store.get(), 2, 1), 204);
  EXPECT_EQ(synced, wal_size());
  Record(store.get(), 1);
  EXPECT_LT(synced, wal_size());  // nobody was promised
  ASSERT_TRUE(store->SyncLog().ok());
  EXPECT_EQ(synced, wal_size());
  EXPECT_EQ(syncs, 3);
}

TEST_F(IngestStoreTest, WithASyncIntervalRequestsDoNotWait) {
  int syncs = 0;
  options_.sync_file = [&](int) { return syncs++ * 0; };
  auto store = OpenAndLoad(options_.path);
  EXPECT_EQ(Scrape(store.get(), 2, 1), 204);
  ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
  EXPECT_EQ(syncs, 0);
  ASSERT_TRUE(store->SyncLog().ok());
  EXPECT_EQ(syncs, 1);
}

TEST_F(IngestStoreTest, WhatTheDiskDoesNotConfirmIsNotAcked) {
  bool fails = true;
  options_.sync_writes = true;
  options_.sync_file = [&](int) {
    errno = EIO;
    return fails ? -1 : 0;
  };
  auto store = OpenAndLoad(options_.path);
  clock_.Set(kNow * kNanosPerMilli);
  FakeRequest request(Body({{{{"__name__", "m"}}, {{kNow, 1}}}}));
  const HttpResponse refused = store->receiver().Handle(request);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("stored but not safe, send it again"), std::string::npos)
      << refused.body;
  fails = false;
  FakeRequest again(Body({{{{"__name__", "m"}}, {{kNow, 1}}}}));
  EXPECT_EQ(store->receiver().Handle(again).status, 204);
  EXPECT_EQ(store->Stats().wal.records, 2U);
  EXPECT_EQ(store->Stats().wal.sync_failures, 1U);
  FakeRequest more(Body({{{{"__name__", "m"}}, {{kNow + 15 * kSecond, 2}}}}));
  EXPECT_EQ(store->receiver().Handle(more).status, 204);
  // The power fails, and what was not confirmed is not there: the others do not lean on it.
  const std::string path = Copy();
  ASSERT_EQ(std::remove((path + "/wal/" + SegmentFileName(1)).c_str()), 0);
  const auto after = OpenAndLoad(path);
  EXPECT_EQ(Read(*after), Read(*store));
  EXPECT_EQ(after->windows().Stats().samples, 2U);
}

TEST_F(IngestStoreTest, AStartThatIsGivenUpEndsSoon) {
  ASSERT_EQ(Scrape(OpenAndLoad(options_.path).get(), 1, 0), 204);
  auto store = IngestStore::Open(options_, clock_, random_);
  ASSERT_TRUE(store.ok());
  (*store)->GiveUp();
  EXPECT_TRUE(absl::IsAborted((*store)->Load({})));
  EXPECT_FALSE((*store)->Ready());
}

TEST_F(IngestStoreTest, RefusedSamplesDoNotComeBackByReplay) {
  auto store = OpenAndLoad(options_.path);
  ASSERT_EQ(Scrape(store.get(), 1, 0), 204);
  FakeRequest mixed(Body({{{{"__name__", "m0"}, {"job", "test"}}, {{kNow + kHour, 1}}},
                          {{{"__name__", "outrider_x"}}, {{kNow, 1}}},
                          {{{"job", "nameless"}}, {{kNow, 1}}},
                          {{{"__name__", "fine"}}, {{kNow, 1}}}}));
  EXPECT_EQ(store->receiver().Handle(mixed).status, 400);
  clock_.Advance(kDay);  // by today's clock the sample from the future would pass
  EXPECT_EQ(AfterCrash(), Read(*store));
  EXPECT_EQ(Read(*store).size(), 2U);
}

TEST_F(IngestStoreTest, ClaimsOfRulesSurviveACrash) {
  auto store = OpenAndLoad(options_.path);
  Record(store.get(), 1);
  store = OpenAndLoad(Copy());
  FakeRequest request(Body({{{{"__name__", "recorded"}}, {{kNow + 2 * 15 * kSecond, 9}}}}));
  clock_.Set((kNow + kMinute) * kNanosPerMilli);
  EXPECT_EQ(store->receiver().Handle(request).status, 204);
  EXPECT_EQ(store->Stats().remote_write.local_wins, 1U);
}

TEST_F(IngestStoreTest, OldChunkFilesAreDeleted) {
  options_.retention = 4 * kHour;
  options_.unreferenced_retention = 4 * kHour;
  options_.checkpoint_interval = 30 * kMinute;
  auto store = OpenAndLoad(options_.path);
  for (int step = 0; step < 30 * 240; step += 4) {  // 30 h of a scrape a minute
    ASSERT_EQ(Scrape(store.get(), 1, step), 204);
    if (step % 40 == 0) {
      ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
    }
  }
  const IngestStoreStats stats = store->Stats();
  EXPECT_LE(stats.chunk_files.segments, 6U);
  EXPECT_LE(stats.windows.samples, 4U * 60 + 2 * kMaxChunkSamples);
  store->windows().Expire();
  EXPECT_EQ(AfterCrash(), Read(*store));
}

TEST_F(IngestStoreTest, DamageIsCountedAndTheRestIsRead) {
  {
    auto store = OpenAndLoad(options_.path);
    for (int step = 0; step < 10; ++step) ASSERT_EQ(Scrape(store.get(), 1, step), 204);
  }
  const std::string wal = options_.path + "/wal/" + SegmentFileName(1);
  std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<long>(fs::file_size(wal) / 2));
  file << "XXXX";
  file.close();
  auto store = OpenAndLoad(options_.path);
  EXPECT_EQ(Read(*store).begin()->second.size(), 9U);
  EXPECT_EQ(store->Stats().damaged_log_places, 1U);
}

TEST_F(IngestStoreTest, AFullDiskKeepsRulesGoing) {
  options_.min_free_bytes = 1ULL << 60;
  auto store = OpenAndLoad(options_.path);
  EXPECT_EQ(Scrape(store.get(), 1, 0), 503);
  Record(store.get(), 1);
  EXPECT_EQ(store->Stats().unlogged_batches, 1U);
  EXPECT_EQ(Read(*store).size(), 1U);
}

}  // namespace
}  // namespace outrider
