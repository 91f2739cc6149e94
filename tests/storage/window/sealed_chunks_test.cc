// SPDX-License-Identifier: Apache-2.0
#include "storage/window/sealed_chunks.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

namespace outrider {
namespace {

struct Kept {
  std::vector<uint8_t> data;
  uint16_t count = 0;
  bool persisted = false;
  Timestamp start = 0;
  Timestamp end = 0;
  friend bool operator==(const Kept&, const Kept&) = default;
};

Kept CopyOf(const ChunkView& chunk) {
  return {
      {chunk.data.begin(), chunk.data.end()}, chunk.count, chunk.persisted, chunk.start, chunk.end};
}

ChunkView ViewOf(const Kept& kept) {
  return {.data = kept.data,
          .count = kept.count,
          .persisted = kept.persisted,
          .start = kept.start,
          .end = kept.end};
}

std::deque<Kept> AllOf(const SealedChunks& chunks) {
  std::deque<Kept> all;
  for (const ChunkView& chunk : chunks.All()) all.push_back(CopyOf(chunk));
  return all;
}

TEST(SealedChunks, EmptyHasNothing) {
  SealedChunks chunks;
  EXPECT_TRUE(chunks.empty());
  EXPECT_FALSE(chunks.HasUnwritten());
  chunks.DropBefore(INT64_MAX);
  chunks.MarkPersisted(INT64_MAX);
  EXPECT_EQ(AllOf(chunks).size(), 0U);
  for (const ChunkView& chunk : chunks.Since(0)) FAIL() << chunk.start;
}

TEST(SealedChunks, KeepsTimesOfAnyDistance) {
  SealedChunks chunks;
  const std::vector<Kept> all = {
      {{1, 2, 3}, 2, false, INT64_MIN, INT64_MIN + 1},
      {{}, 1, true, -5, -5},
      {{7}, UINT16_MAX, false, 0, INT64_MAX - 1},
      {{8}, 1, false, INT64_MAX, INT64_MAX},
  };
  for (const Kept& one : all) chunks.Append(ViewOf(one));
  EXPECT_EQ(AllOf(chunks), std::deque<Kept>(all.begin(), all.end()));
  EXPECT_TRUE(chunks.HasUnwritten());
}

TEST(SealedChunks, MovesWithItsSeries) {
  SealedChunks chunks;
  chunks.Append(ViewOf({{1}, 1, false, 10, 20}));
  SealedChunks other = std::move(chunks);
  EXPECT_EQ(AllOf(other).size(), 1U);
  other.Clear();
  EXPECT_TRUE(other.empty());
}

// Small chunks, some that fill a pack, and some larger than one; beside a list that is simple.
class RandomChunks : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomChunks, AreAsInAList) {
  std::mt19937 random(GetParam());
  const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  SealedChunks chunks;
  std::deque<Kept> list;
  Timestamp time = -1000;
  for (int step = 0; step < 2000; ++step) {
    switch (below(8)) {
      case 0: {
        const Timestamp cutoff = time - below(40'000);
        chunks.DropBefore(cutoff);
        while (!list.empty() && list.front().end < cutoff) list.pop_front();
        break;
      }
      case 1: {
        const Timestamp end = time - below(20'000);
        chunks.MarkPersisted(end);
        for (Kept& one : list) one.persisted |= one.end <= end;
        break;
      }
      default: {
        constexpr uint32_t kSizes[] = {40, 900, 5000};
        Kept one;
        one.data.resize(below(kSizes[below(3)]));
        for (uint8_t& byte : one.data) byte = static_cast<uint8_t>(random());
        one.count = static_cast<uint16_t>(1 + below(200));
        one.persisted = below(2) == 0;
        one.start = time + 1 + below(1000);
        one.end = one.start + below(2000);
        time = one.end;
        chunks.Append(ViewOf(one));
        list.push_back(one);
      }
    }
    ASSERT_EQ(AllOf(chunks), list) << step;
    ASSERT_EQ(chunks.HasUnwritten(), !list.empty() && !list.back().persisted) << step;
    const Timestamp from = time - below(40'000);
    std::deque<Kept> since;
    for (const ChunkView& chunk : chunks.Since(from)) {
      if (chunk.end >= from) since.push_back(CopyOf(chunk));
    }
    std::deque<Kept> wanted;
    for (const Kept& one : list) {
      if (one.end >= from) wanted.push_back(one);
    }
    ASSERT_EQ(since, wanted) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChunks, testing::Range(1U, 9U));

}  // namespace
}  // namespace outrider
