// SPDX-License-Identifier: Apache-2.0
// NumberSet against std::set, with copies that must not see each other's changes.
#include "storage/base/number_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace outrider {
namespace {

std::set<uint64_t> AsSet(const NumberSet& numbers) { return {numbers.begin(), numbers.end()}; }

TEST(NumberSet, IsLikeAStdSet) {
  std::mt19937_64 random(7);
  for (const uint64_t range : {1ULL, 2ULL, 3ULL, 10ULL, 500ULL, 5000ULL}) {
    NumberSet numbers;
    std::set<uint64_t> truth;
    std::vector<std::pair<NumberSet, std::set<uint64_t>>> copies;
    for (int step = 0; step < 20'000; ++step) {
      const uint64_t number = random() % range;
      // Waves, so that chunks split and join.
      if (random() % 100 < (step / 4000 % 2 == 0 ? 70U : 25U)) {
        EXPECT_EQ(numbers.insert(number), truth.insert(number).second);
      } else {
        EXPECT_EQ(numbers.erase(number), truth.erase(number));
      }
      ASSERT_EQ(numbers.size(), truth.size());
      ASSERT_EQ(numbers.contains(number), truth.contains(number));
      if (step % 1000 == 0) copies.emplace_back(numbers, truth);
    }
    EXPECT_EQ(AsSet(numbers), truth);
    for (const auto& [copy, set] : copies) EXPECT_EQ(AsSet(copy), set);
    EXPECT_EQ(NumberSet::FromSorted(numbers.ToVector()), numbers);
  }
}

TEST(NumberSet, Includes) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    NumberSet all;
    const uint64_t count = round % 3 == 0 ? random() % 4 : random() % 700;
    for (uint64_t i = 0; i < count; ++i) all.insert(random() % 2000);
    NumberSet some = all;
    for (uint64_t i = random() % 50; i > 0; --i) {
      some.erase(random() % 2000);
      if (random() % 40 == 0) some.insert(random() % 2000);
    }
    const std::vector<uint64_t> a = all.ToVector();
    const std::vector<uint64_t> b = some.ToVector();
    EXPECT_EQ(all.Includes(some), std::ranges::includes(a, b));
    EXPECT_EQ(some.Includes(all), std::ranges::includes(b, a));
    EXPECT_TRUE(all.Includes(all));
    EXPECT_TRUE(all.Includes({}));
    EXPECT_EQ(all == some, a == b);
  }
}

TEST(NumberSet, WhatIsBeyondAnotherOne) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 300; ++round) {
    NumberSet before;
    const uint64_t range = round % 2 == 0 ? 4 : 3000;
    for (uint64_t i = random() % range; i > 0; --i) before.insert(random() % range);
    NumberSet after = before;
    for (uint64_t i = random() % 9; i > 0; --i) after.insert(random() % range);
    for (uint64_t i = random() % 9; i > 0; --i) after.erase(random() % range);
    const std::vector<uint64_t> a = after.ToVector();
    const std::vector<uint64_t> b = before.ToVector();
    std::vector<uint64_t> wanted;
    std::ranges::set_difference(a, b, std::back_inserter(wanted));
    std::vector<uint64_t> got;
    after.ForEachBeyond(before, [&](uint64_t number) { got.push_back(number); });
    EXPECT_EQ(got, wanted);
  }
}

TEST(NumberSet, OneNumberTakesNoChunk) {
  EXPECT_LE(sizeof(NumberSet), 40U);
  NumberSet one{7};
  NumberSet moved = std::move(one);
  EXPECT_EQ(moved, NumberSet::FromSorted(std::vector<uint64_t>{7}));
  EXPECT_EQ(moved.ToVector(), std::vector<uint64_t>{7});
  EXPECT_FALSE(moved.insert(7));
  EXPECT_EQ(moved.erase(7), 1U);
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(moved.begin(), moved.end());
}

TEST(NumberSet, AMovedOneIsEmpty) {
  NumberSet numbers{3, 1, 2, 2};
  EXPECT_EQ(numbers.ToVector(), (std::vector<uint64_t>{1, 2, 3}));
  NumberSet taken = std::move(numbers);
  numbers.clear();
  EXPECT_TRUE(numbers.empty());
  EXPECT_EQ(numbers.begin(), numbers.end());
  EXPECT_EQ(taken.size(), 3U);
  numbers = std::move(taken);
  EXPECT_EQ(numbers.size(), 3U);
}

}  // namespace
}  // namespace outrider
