// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/memory_limit.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <filesystem>

#include "exporter/ingest/ingest_store.h"
#include "storage/base/random.h"
#include "tests/support/append_row.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using enum MemoryVerdict;

TEST(MemoryLimit, Decisions) {
  constexpr DurationMs kSix = 6 * kHour;
  const struct {
    const char* what;
    MemoryState state;  // used, limit, current, configured, since_change
    MemoryDecision want;
  } kCases[] = {
      {"fits", {900, 1000, kSix, kSix, kDay}, {kFits, kSix}},
      {"exactly full", {1000, 1000, kSix, kSix, kDay}, {kFits, kSix}},
      {"over", {1001, 1000, kSix, kSix, kDay}, {kShortened, 3 * kHour}},
      {"over again at once", {1001, 1000, 3 * kHour, kSix, 0}, {kShortened, 90 * kMinute}},
      {"not below the floor", {2000, 1000, 8 * kMinute, kSix, 0}, {kShortened, 5 * kMinute}},
      {"at the floor", {2000, 1000, 5 * kMinute, kSix, 0}, {kCannotHold, 5 * kMinute}},
      {"configured below the floor", {2000, 1000, kMinute, kMinute, 0}, {kCannotHold, kMinute}},
      {"nothing is kept anyway", {2000, 1000, 0, 0, 0}, {kCannotHold, 0}},
      {"a little room", {800, 1000, kHour, kSix, kDay}, {kFits, kHour}},
      {"room", {799, 1000, kHour, kSix, kDay}, {kLengthened, 2 * kHour}},
      {"room, but not full yet", {799, 1000, kHour, kSix, kHour - 1}, {kFits, kHour}},
      {"room and just full", {799, 1000, kHour, kSix, kHour}, {kLengthened, 2 * kHour}},
      {"never beyond what is configured", {1, 1000, 4 * kHour, kSix, kDay}, {kLengthened, kSix}},
      {"room and nothing to give", {1, 1000, kSix, kSix, kDay}, {kFits, kSix}},
      {"no limit", {UINT64_MAX, 0, kSix, kSix, kDay}, {kFits, kSix}},
      {"a huge limit", {1, UINT64_MAX, kHour, kSix, kDay}, {kLengthened, 2 * kHour}},
  };
  for (const auto& one : kCases) {
    const MemoryDecision got = DecideMemory(one.state);
    EXPECT_EQ(got.verdict, one.want.verdict) << one.what;
    EXPECT_EQ(got.next, one.want.next) << one.what;
  }
}

// Series as a cluster has them: some labels shared by all, one value in two labels of every fourth.
TEST(MemoryLimit, TheEstimateIsNearTheHeap) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "mallinfo2 knows only glibc's own heap";
#endif
  constexpr Timestamp kTime = 1'800'000'000'000;
  constexpr int kSeries = 40'000;
  const size_t before = mallinfo2().uordblks;
  Windows windows({.retention = kDay, .unreferenced_retention = kDay, .seed = 1});
  for (int i = 0; i < kSeries; ++i) {
    const std::string pod = "web-7d4b9c6f5-" + std::to_string(i / 4);
    const Labels labels{{"__name__", "container_metric_" + std::to_string(i % 4)},
                        {"cluster", "demo"},
                        {"container", "web"},
                        {"id", "/kubepods/burstable/" + pod},
                        {"instance", "10.0." + std::to_string(i % 50) + ".1:10250"},
                        {"job", "kubelet"},
                        {"namespace", "shop"},
                        {"pod", pod}};
    const std::vector<LabelView> views(labels.begin(), labels.end());
    const Hash128 key{static_cast<uint64_t>(i + 1) * 0x9e3779b97f4a7c15, 1};
    std::vector<Sample> samples;
    for (int s = 0; s < 60; ++s) samples.push_back({kTime + s * 15 * kSecond, s * 0.5});
    AppendRow(&windows, {.labels = views, .samples = samples, .key = key}, samples.back().time);
  }
  const auto heap = static_cast<double>(mallinfo2().uordblks - before);
  const auto estimate = static_cast<double>(MemoryOf(windows.Stats()));
  EXPECT_NEAR(estimate / heap, 1, 0.25)
      << "heap " << heap / kSeries << " a series, chunks " << windows.Stats().chunk_bytes / kSeries;
}

class MemoryLimitStoreTest : public testing::Test {
 protected:
  static constexpr Timestamp kStart = 1'800'000'000'000;

  MemoryLimitStoreTest() {
    options_.path = testing::TempDir() + "/outrider_memory_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(options_.path);
    options_.min_free_bytes = 0;
  }
  ~MemoryLimitStoreTest() override { std::filesystem::remove_all(options_.path); }

  void Open() {
    store_.reset();
    auto store = IngestStore::Open(options_, clock_, random_);
    ASSERT_TRUE(store.ok()) << Message(store.status());
    store_ = *std::move(store);
    ASSERT_TRUE(
        store_->Load({{.matchers = {Matcher::Equal("__name__", "needed")}, .horizon = 3 * kHour}})
            .ok());
  }
  // A sample a minute of `series` series that nobody refers to and of one that a rule needs.
  void Feed(int series, DurationMs time) {
    for (const Timestamp end = clock_.Now() + time; clock_.Now() < end;) {
      clock_.Advance(kMinute);
      const Timestamp now = clock_.Now();
      std::vector<LabeledSample> samples;
      samples.push_back({Labels{{"__name__", "needed"}}, {now, 1}});
      for (int i = 0; i < series; ++i) {
        const double value = static_cast<double>((now + i) * 7919 % 1000003) / 3;
        samples.push_back({Labels{{"__name__", "m"}, {"i", std::to_string(i)}}, {now, value}});
      }
      store_->appender().AppendBatch(samples, Origin::kRemote, now);
      ASSERT_TRUE(store_->Maintain(now).ok());
    }
  }
  // How far back there are samples of the series.
  DurationMs Reach(const char* name) const {
    SeriesSet set;
    const Matcher matcher = Matcher::Equal("__name__", name);
    EXPECT_TRUE(store_->windows().Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
    return set.times.empty() ? 0 : clock_.Now() - *std::ranges::min_element(set.times);
  }
  KeptSince Kept(const char* name) const {
    const Matcher matcher = Matcher::Equal("__name__", name);
    return store_->windows().KeptSinceOf({&matcher, 1});
  }

  IngestStoreOptions options_;
  FakeClock clock_{kStart * kNanosPerMilli};
  SeededRandom random_{7};
  std::unique_ptr<IngestStore> store_;
};

TEST_F(MemoryLimitStoreTest, ShortensWhatNobodyRefersToAndSaysSo) {
  options_.memory_limit = 640'000;
  Open();
  Feed(400, 4 * kHour);
  const MemoryStats stats = store_->Stats().memory;
  EXPECT_LT(stats.used, options_.memory_limit);
  EXPECT_TRUE(stats.held);
  EXPECT_GE(stats.shortened, 2U);
  EXPECT_LE(stats.unreferenced_retention, 90 * kMinute);
  EXPECT_LE(Reach("m"), stats.unreferenced_retention + 2 * kHour);  // whole chunks
  EXPECT_GE(Reach("needed"), 3 * kHour);
  EXPECT_EQ(Kept("m").setting, "storage.memory_limit");
  EXPECT_GE(Kept("m").time, clock_.Now() - stats.unreferenced_retention);
  EXPECT_EQ(Kept("needed").setting, "storage.memory_limit");  // of 6h are left the 3 it needs
  EXPECT_EQ(Kept("needed").time, clock_.Now() - 3 * kHour);
}

TEST_F(MemoryLimitStoreTest, GivesBackWhatItTook) {
  options_.memory_limit = 560'000;
  Open();
  Feed(400, 3 * kHour);
  ASSERT_LT(store_->Stats().memory.unreferenced_retention, 6 * kHour);
  Feed(5, 13 * kHour);
  EXPECT_EQ(store_->Stats().memory.unreferenced_retention, 6 * kHour);
  EXPECT_GE(Reach("m"), 6 * kHour);
  EXPECT_EQ(Kept("m").setting, "storage.unreferenced_retention");
}

TEST_F(MemoryLimitStoreTest, WhatWasDroppedIsNotClaimedToBeThere) {
  options_.memory_limit = 560'000;
  Open();
  Feed(400, 3 * kHour);
  const DurationMs shortened = store_->Stats().memory.unreferenced_retention;
  Feed(5, shortened + 40 * kMinute);  // lengthened by now, but the past does not come back
  ASSERT_GT(store_->Stats().memory.unreferenced_retention, shortened);
  EXPECT_EQ(Kept("m").setting, "storage.memory_limit");
  EXPECT_LE(clock_.Now() - Kept("m").time, Reach("m"));
}

TEST_F(MemoryLimitStoreTest, SaysWhenItCannotBeHeld) {
  options_.memory_limit = 1000;
  Open();
  Feed(10, 20 * kMinute);
  EXPECT_FALSE(store_->Stats().memory.held);
  EXPECT_EQ(store_->Stats().memory.unreferenced_retention, 5 * kMinute);
  EXPECT_EQ(store_->Stats().windows.series, 11U);  // nothing is refused
}

TEST_F(MemoryLimitStoreTest, AStartIsNotOverTheLimitForLong) {
  Open();
  Feed(400, 4 * kHour);
  options_.memory_limit = 640'000;
  Open();
  EXPECT_LT(store_->Stats().memory.used, options_.memory_limit);
  EXPECT_LT(store_->Stats().memory.unreferenced_retention, 6 * kHour);
}

TEST_F(MemoryLimitStoreTest, WithoutALimitNothingIsShortened) {
  Open();
  Feed(100, 2 * kHour);
  EXPECT_EQ(store_->Stats().memory.unreferenced_retention, 6 * kHour);
  EXPECT_GT(store_->Stats().memory.used, 0U);
}

}  // namespace
}  // namespace outrider
