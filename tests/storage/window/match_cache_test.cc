// SPDX-License-Identifier: Apache-2.0
#include "storage/window/match_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/random.h"
#include "storage/window/series_index.h"

namespace outrider {
namespace {

using testing::ElementsAre;

std::vector<Matcher> Of(const std::string& name, const std::string& pattern) {
  return {Matcher::Equal("__name__", name), *Matcher::Create(MatchType::kRegex, "pod", pattern)};
}

TEST(MatchCache, KeysAreOfTypesNamesAndValues) {
  const std::vector<std::vector<Matcher>> all = {
      {},
      {Matcher::Equal("a", "b")},
      {*Matcher::Create(MatchType::kNotEqual, "a", "b")},
      {*Matcher::Create(MatchType::kRegex, "a", "b")},
      {*Matcher::Create(MatchType::kNotRegex, "a", "b")},
      {Matcher::Equal("ab", "")},
      {Matcher::Equal("", "ab")},
      {Matcher::Equal("a", "b"), Matcher::Equal("c", "d")},
      {Matcher::Equal("c", "d"), Matcher::Equal("a", "b")}};
  std::set<std::string> keys;
  for (const auto& matchers : all) keys.insert(MatchCache::KeyOf(matchers));
  EXPECT_EQ(keys.size(), all.size());
  EXPECT_EQ(MatchCache::KeyOf(Of("m", "x|y")), MatchCache::KeyOf(Of("m", "x|y")));
}

TEST(MatchCache, TellsWhatChangedSince) {
  MatchCache cache;
  EXPECT_FALSE(cache.Find("k"));
  cache.NoteChange(1);
  cache.Put("k", std::vector<uint32_t>{1, 5});
  EXPECT_THAT(cache.Find("k")->ids, ElementsAre(1, 5));
  EXPECT_TRUE(cache.Find("k")->changed.empty());
  for (const uint32_t id : {7, 2, 7, 5}) cache.NoteChange(id);
  EXPECT_THAT(cache.Find("k")->changed, ElementsAre(2, 5, 7));
  cache.Put("k", std::vector<uint32_t>{1, 7});
  EXPECT_THAT(cache.Find("k")->ids, ElementsAre(1, 7));
  EXPECT_TRUE(cache.Find("k")->changed.empty());
  for (uint32_t id = 0; id < 4096; ++id) cache.NoteChange(id);
  EXPECT_EQ(cache.Find("k")->changed.size(), 4096U);
  cache.NoteChange(0);
  EXPECT_FALSE(cache.Find("k"));  // more than is remembered
}

TEST(MatchCache, LongListsAreNotKept) {
  MatchCache cache;
  cache.Put("k", std::vector<uint32_t>(MatchCache::kMostIds));
  EXPECT_TRUE(cache.Find("k"));
  cache.Put("k", std::vector<uint32_t>(MatchCache::kMostIds + 1));
  EXPECT_FALSE(cache.Find("k"));
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(MatchCache, WhatIsAskedForStaysWithinTheBytes) {
  MatchCache cache;
  const std::vector<uint32_t> ids(1000);
  cache.Put("often", ids);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(cache.Find("often")) << i;
    if (i % 100 == 0) {  // brought up to date
      cache.NoteChange(1);
      cache.Put("often", ids);
    }
    cache.Put("once " + std::to_string(i), ids);
    ASSERT_LE(cache.bytes(), MatchCache::kMostBytes);
  }
  EXPECT_TRUE(cache.Find("once 9999"));  // only one stayed at each sweep
  EXPECT_FALSE(cache.Find("once 0"));
  for (int i = 9000; i < 10'000; ++i) EXPECT_TRUE(cache.Find("once " + std::to_string(i))) << i;
  const size_t full = cache.bytes();
  for (int i = 0; i < 10'000; ++i) cache.Put("late " + std::to_string(i), ids);
  EXPECT_LE(cache.bytes(), MatchCache::kMostBytes);
  EXPECT_GE(cache.bytes(), full / 2);
}

// The index's answers follow series that come, go, and take the number of one that went.
TEST(MatchCache, AnswersAreThoseOfTheSeriesThereAre) {
  SeededRandom random(7);
  SeriesIndex index;
  std::map<uint32_t, Labels> there;
  const std::vector<std::vector<Matcher>> selectors = {
      Of("m0", "p1.*"),
      Of("m1", "p1|p2|p33"),
      Of("m1", ""),
      Of("m2", ".*"),
      {Matcher::Equal("__name__", "m0"), Matcher::Equal("zone", "z1"), Matcher::Equal("pod", "p4")},
      {Matcher::Equal("__name__", "m2"), *Matcher::Create(MatchType::kNotEqual, "zone", "z0")},
      {*Matcher::Create(MatchType::kRegex, "__name__", "m.")}};
  for (int round = 0; round < 3000; ++round) {
    // Now and then more changes at once than are remembered.
    const uint64_t changes = round % 500 == 499 ? 6000 : random.Next() % 4;
    for (uint64_t i = 0; i < changes; ++i) {
      const auto id = static_cast<uint32_t>(random.Next() % 300);
      if (there.erase(id) > 0) {
        index.Remove(id);
        continue;
      }
      Labels labels{{"__name__", "m" + std::to_string(random.Next() % 3)},
                    {"pod", "p" + std::to_string(random.Next() % 40)},
                    {"zone", "z" + std::to_string(random.Next() % 2)}};
      index.Add(id, std::vector<LabelView>(labels.begin(), labels.end()));
      there.emplace(id, std::move(labels));
    }
    const auto& selector = selectors[random.Next() % selectors.size()];
    std::vector<uint32_t> want;
    for (const auto& [id, labels] : there) {
      if (MatchesAll(selector, labels)) want.push_back(id);
    }
    std::vector<uint32_t> got = index.Match(selector);
    std::ranges::sort(got);
    ASSERT_EQ(got, want) << round;
  }
}

}  // namespace
}  // namespace outrider
