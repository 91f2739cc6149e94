// SPDX-License-Identifier: Apache-2.0
// Derived series in the log by number: what a crash leaves is what was written, whatever segment
// the definitions stand in.
#include "exporter/ingest/numbered_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "exporter/ingest/ingest_store.h"
#include "storage/base/random.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Pair;

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr uint64_t kSeed = 3;

KnownSeries Named(const std::string& name, uint32_t number) {
  KnownSeries series(Labels({{"__name__", name}, {"job", "test"}}));
  series.number = number;
  return series;
}

struct Row {
  std::string labels;
  double value;
  friend bool operator==(const Row&, const Row&) = default;
};

std::vector<Row> RowsOf(const NumberedRows& rows) {
  std::vector<Row> all;
  IncomingSeries series;
  for (uint32_t i = 0; i < rows.rows().size(); ++i) {
    EXPECT_TRUE(rows.Decode(i, &series).ok());
    EXPECT_EQ(series.samples.size(), 1U);
    EXPECT_EQ(series.samples[0].time, kNow);
    all.push_back({Labels::FromSorted(series.labels).ToString(), series.samples[0].value});
  }
  return all;
}

TEST(NumberedRows, LabelsStandInASegmentOnce) {
  KnownSeries a = Named("a", 1);
  KnownSeries b = Named("b", 300);
  const KnownSample samples[] = {{&a, 1.5}, {&b, -2}};
  std::string first;
  EncodeNumbered(samples, 7, &first);
  a.told_in = b.told_in = 7;
  std::string second;
  EncodeNumbered(samples, 7, &second);
  EXPECT_EQ(second.size(), 1U + (1 + 8) + (2 + 8));

  NumberedSeries known;
  NumberedRows rows;
  for (const std::string& body : {first, second}) {
    ASSERT_TRUE(rows.Parse(body, 7, kNow, kSeed, &known).ok());
    EXPECT_THAT(RowsOf(rows),
                ElementsAre(Row{R"(a{job="test"})", 1.5}, Row{R"(b{job="test"})", -2}));
  }
  // In another segment the numbers mean nothing yet.
  EXPECT_TRUE(absl::IsDataLoss(rows.Parse(second, 8, kNow, kSeed, &known)));
  EncodeNumbered(samples, 8, &second);
  ASSERT_TRUE(rows.Parse(second, 8, kNow, kSeed, &known).ok());
  EXPECT_EQ(rows.rows().size(), 2U);
}

TEST(NumberedRows, WhatADamagedPlaceDefinedIsLeftOut) {
  KnownSeries a = Named("a", 1);
  KnownSeries b = Named("b", 2);
  a.told_in = 7;
  const KnownSample samples[] = {{&a, 1}, {&b, 2}};
  std::string body;
  EncodeNumbered(samples, 7, &body);
  NumberedSeries known;
  NumberedRows rows;
  ASSERT_TRUE(rows.Parse(body, 7, kNow, kSeed, &known).ok());
  EXPECT_THAT(RowsOf(rows), ElementsAre(Row{R"(b{job="test"})", 2}));
}

TEST(NumberedRows, BytesThatAreNoBody) {
  KnownSeries a = Named("a", 1);
  const KnownSample samples[] = {{&a, 1}};
  std::string body;
  EncodeNumbered(samples, 7, &body);
  for (size_t size = 0; size < body.size(); ++size) {
    NumberedSeries known;
    NumberedRows rows;
    EXPECT_FALSE(rows.Parse(body.substr(0, size), 7, kNow, kSeed, &known).ok()) << size;
  }
}

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

class NumberedLogTest : public testing::Test {
 protected:
  NumberedLogTest() {
    base_ = testing::TempDir() + "/outrider_numbered_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(base_);
    options_.path = base_ + "/data";
    options_.min_free_bytes = 0;
    clock_.Set(kNow * kNanosPerMilli);
  }
  ~NumberedLogTest() override { fs::remove_all(base_); }

  std::unique_ptr<IngestStore> Open(const std::string& path) {
    IngestStoreOptions options = options_;
    options.path = path;
    auto store = IngestStore::Open(options, clock_, random_);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    EXPECT_TRUE((*store)->Load({}).ok());
    return *std::move(store);
  }
  Contents AfterCrash() {
    const std::string copy = base_ + "/copy";
    fs::remove_all(copy);
    fs::copy(options_.path, copy, fs::copy_options::recursive);
    const auto store = Open(copy);
    EXPECT_EQ(store->Stats().replay.unreadable, 0U);
    return Read(*store);
  }
  AppendCounts Write(IngestStore* store, int step) {
    const Timestamp now = kNow + step * 15 * kSecond;
    clock_.Set(now * kNanosPerMilli);
    std::vector<KnownSample> samples;
    for (size_t i = 0; i < series_.size(); ++i) {
      samples.push_back({&series_[i], static_cast<double>(step) + 0.25 * static_cast<double>(i)});
    }
    return store->appender().AppendKnown(samples, now);
  }

  std::string base_;
  IngestStoreOptions options_;
  FakeClock clock_{0};
  SeededRandom random_{5};
  std::vector<KnownSeries> series_ = {Named("x", 0), Named("y", 0), Named("z", 0)};
};

TEST_F(NumberedLogTest, ACrashLosesNothingInAnySegment) {
  options_.segment_bytes = 256;      // a few records each
  options_.checkpoint_bytes = 1500;  // older segments go, and the definitions in them
  const auto store = Open(options_.path);
  for (int step = 0; step < 300; ++step) {
    const AppendCounts counts = Write(store.get(), step);
    EXPECT_EQ(counts.accepted, 3U);
    EXPECT_EQ(counts.new_series, step == 0 ? 3U : 0U);
    ASSERT_TRUE(store->Maintain(clock_.Now() / kNanosPerMilli).ok());
    if (step % 37 == 0) {
      EXPECT_EQ(AfterCrash(), Read(*store)) << step;
    }
  }
  EXPECT_GT(store->Stats().checkpoints, 3U);
  const Contents contents = Read(*store);
  ASSERT_EQ(contents.size(), 3U);
  EXPECT_EQ(contents.at(R"(y{job="test"})").size(), 300U);
  EXPECT_EQ(contents.at(R"(y{job="test"})").back().second, 299.25);
  EXPECT_EQ(AfterCrash(), contents);
}

TEST_F(NumberedLogTest, TheyAreOursAsBefore) {
  auto store = Open(options_.path);
  Write(store.get(), 0);
  const LabelView labels[] = {{"__name__", "x"}, {"job", "test"}};
  const Sample sample{kNow + 1, 7};
  EXPECT_EQ(store->windows().Append(labels, {&sample, 1}, Origin::kRemote, kNow + 1).local_wins,
            1U);
  store.reset();
  store = Open(options_.path);
  EXPECT_EQ(store->windows().Append(labels, {&sample, 1}, Origin::kRemote, kNow + 1).local_wins,
            1U);
  EXPECT_THAT(Read(*store).at(R"(x{job="test"})"), ElementsAre(Pair(kNow, 0)));
}

}  // namespace
}  // namespace outrider
