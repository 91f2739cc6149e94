// SPDX-License-Identifier: Apache-2.0
// Sealed chunks on their way out and in again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/window/windows.h"

namespace outrider {
namespace {

using testing::ElementsAre;

constexpr Timestamp kNow = 1'800'000'000'000;

class MemorySink final : public ChunkSink {
 public:
  Status Write(std::string_view block, Timestamp newest) override {
    if (failures_left > 0) {
      --failures_left;
      return absl::ResourceExhaustedError("full");
    }
    blocks.emplace_back(block);
    newest_seen = std::max(newest_seen, newest);
    return absl::OkStatus();
  }
  int failures_left = 0;
  std::vector<std::string> blocks;
  Timestamp newest_seen = 0;
};

Labels SeriesLabels(int series) { return Labels{{"__name__", "m"}, {"i", std::to_string(series)}}; }

void Fill(Windows* windows, int series, int from, int to, Origin origin = Origin::kRemote) {
  const Labels labels = SeriesLabels(series);
  for (int i = from; i < to; ++i) {
    const LabeledSample sample{labels, {kNow + i * 15'000, static_cast<double>(i)}};
    EXPECT_EQ(windows->AppendBatch({&sample, 1}, origin, kNow + i * 15'000).accepted, 1U);
  }
}

std::map<std::string, std::vector<double>> Contents(const Windows& windows) {
  SeriesSet set;
  EXPECT_TRUE(windows.Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  std::map<std::string, std::vector<double>> contents;
  for (const auto& row : set.rows) {
    contents[row.labels.All().ToString()] = {set.Values(row).begin(), set.Values(row).end()};
  }
  return contents;
}

TEST(WindowsChunks, FullChunksAreWrittenOnceAndLoadedAgain) {
  Windows windows({});
  MemorySink sink;
  Fill(&windows, 1, 0, 300);
  Fill(&windows, 2, 0, 100);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  EXPECT_EQ(windows.Stats().unwritten_chunks, 0U);
  ASSERT_EQ(sink.blocks.size(), 1U);  // two chunks of series 1
  EXPECT_EQ(sink.newest_seen, kNow + 239 * 15'000);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  EXPECT_EQ(sink.blocks.size(), 1U);
  Fill(&windows, 1, 300, 400);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  ASSERT_EQ(sink.blocks.size(), 2U);

  Windows other({.seed = 99});  // hashes are of a run, not of the files
  for (const std::string& block : sink.blocks) ASSERT_TRUE(other.LoadBlock(block).ok());
  for (const std::string& block : sink.blocks)
    ASSERT_TRUE(other.LoadBlock(block).ok());  // twice is once
  const auto contents = Contents(other);
  ASSERT_EQ(contents.size(), 1U);
  ASSERT_EQ(contents.begin()->second.size(), 360U);
  EXPECT_EQ(contents.begin()->second.back(), 359);
  // The series goes on where the chunks end.
  const LabeledSample repeat{SeriesLabels(1), {kNow + 359 * 15'000, 359}};
  EXPECT_EQ(other.AppendBatch({&repeat, 1}, Origin::kRemote, kNow + 360 * 15'000).accepted, 1U);
  const LabeledSample old{SeriesLabels(1), {kNow + 358 * 15'000, 358}};
  EXPECT_EQ(other.AppendBatch({&old, 1}, Origin::kRemote, kNow + 360 * 15'000).out_of_order, 1U);
  Fill(&other, 1, 360, 362);
  EXPECT_EQ(Contents(other).begin()->second.size(), 362U);
}

TEST(WindowsChunks, EpochsSealOnlyWhatWasOpenedBefore) {
  Windows windows({});
  MemorySink sink;
  Fill(&windows, 1, 0, 10);
  windows.BeginEpoch(5);
  Fill(&windows, 2, 0, 10);
  Fill(&windows, 1, 10, 20);  // still the chunk of before
  windows.SealOpenedBefore(5);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  Windows other({});
  for (const std::string& block : sink.blocks) ASSERT_TRUE(other.LoadBlock(block).ok());
  ASSERT_EQ(Contents(other).size(), 1U);
  EXPECT_EQ(Contents(other).begin()->second.size(), 20U);
  Fill(&windows, 1, 20, 21);
  EXPECT_EQ(Contents(windows)[SeriesLabels(1).ToString()].size(), 21U);
}

TEST(WindowsChunks, AFailingSinkGetsTheSameChunksAgain) {
  Windows windows({});
  MemorySink sink;
  for (int series = 0; series < 200; ++series) Fill(&windows, series, 0, 3);
  windows.SealOpenedBefore(1);
  sink.failures_left = 2;
  EXPECT_FALSE(windows.FlushSealed(&sink).ok());
  EXPECT_FALSE(windows.FlushSealed(&sink).ok());
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  Windows other({});
  for (const std::string& block : sink.blocks) ASSERT_TRUE(other.LoadBlock(block).ok());
  EXPECT_EQ(Contents(other), Contents(windows));
}

TEST(WindowsChunks, ClaimsOfRulesSurvive) {
  Windows windows({});
  MemorySink sink;
  Fill(&windows, 1, 0, 5, Origin::kLocal);
  windows.SealOpenedBefore(1);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  Windows other({});
  ASSERT_TRUE(other.LoadBlock(sink.blocks.at(0)).ok());
  const LabeledSample sample{SeriesLabels(1), {kNow + 100'000, 1}};
  EXPECT_EQ(other.AppendBatch({&sample, 1}, Origin::kRemote, kNow + 100'000).local_wins, 1U);
}

TEST(WindowsChunks, SeriesThatWentBeforeTheFlushDoNotDisturb) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 1});
  MemorySink sink;
  Fill(&windows, 1, 0, 130);
  Fill(&windows, 2, 2000, 2001);  // far later: series 1 expires with its unwritten chunk
  windows.Expire();
  EXPECT_EQ(windows.Stats().series, 1U);
  for (int series = 10; series < 400; ++series)
    Fill(&windows, series, 2001, 2125);  // some take its slot
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  EXPECT_EQ(windows.Stats().unwritten_chunks, 0U);
  Windows other({});
  for (const std::string& block : sink.blocks) ASSERT_TRUE(other.LoadBlock(block).ok());
  EXPECT_EQ(Contents(other).size(), 390U);
}

TEST(WindowsChunks, DamagedBlocksAreRefusedWithoutHarm) {
  Windows windows({});
  MemorySink sink;
  Fill(&windows, 1, 0, 130);
  ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  const std::string block = sink.blocks.at(0);
  for (size_t cut = 1; cut < block.size(); ++cut) {
    Windows other({});
    EXPECT_FALSE(other.LoadBlock(std::string_view(block).substr(0, cut)).ok()) << cut;
  }
  for (size_t at = 0; at < block.size(); ++at) {
    std::string damaged = block;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    Windows other({});
    (void)other.LoadBlock(damaged);
    SeriesSet set;
    (void)other.Select({}, INT64_MIN, INT64_MAX, SIZE_MAX, &set);
  }
}

}  // namespace
}  // namespace outrider
