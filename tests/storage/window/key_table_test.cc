// SPDX-License-Identifier: Apache-2.0
#include "storage/window/key_table.h"

#include <gtest/gtest.h>

#include <map>

#include "storage/base/random.h"

namespace outrider {
namespace {

TEST(KeyTable, EmptyAndNoKey) {
  KeyTable table;
  EXPECT_EQ(table.Find({1, 2}), kNoSeries);
  table.Set(3, {1, 2});
  EXPECT_EQ(table.Find({1, 2}), 3U);
  EXPECT_EQ(table.Find({}), kNoSeries);
  EXPECT_EQ(table.Guess({}), kNoSeries);
  EXPECT_EQ(table.KeyOf(3), (Hash128{1, 2}));
  EXPECT_EQ(table.KeyOf(4), Hash128());
  table.Erase(77);
  EXPECT_EQ(table.size(), 1U);
}

TEST(KeyTable, AnotherKeyTakesThePlaceOfTheFirst) {
  KeyTable table;
  table.Set(0, {5, 5});
  table.Set(0, {6, 6});
  EXPECT_EQ(table.Find({5, 5}), kNoSeries);
  EXPECT_EQ(table.Find({6, 6}), 0U);
  EXPECT_EQ(table.size(), 1U);
}

TEST(KeyTable, KeysOfOneTagAreTold) {
  KeyTable table;
  table.Set(1, {7, 42});
  table.Set(2, {7, 42 | uint64_t{1} << 40});  // the same slot, the same tag
  EXPECT_EQ(table.Find({7, 42}), 1U);
  EXPECT_EQ(table.Find({7, 42 | uint64_t{1} << 40}), 2U);
  table.Erase(1);
  EXPECT_EQ(table.Find({7, 42}), kNoSeries);
  EXPECT_EQ(table.Find({7, 42 | uint64_t{1} << 40}), 2U);
}

TEST(KeyTable, IdsWithoutTheirKeys) {
  KeyTable table;
  const Hash128 key{7, 1};
  table.SetBare(3, key);
  table.SetBare(2000, {7, 2});  // the same tag
  EXPECT_EQ(table.Find(key), kNoSeries);
  EXPECT_EQ(table.KeyOf(3), Hash128());
  EXPECT_EQ(table.FindBare(key, [](uint32_t id) { return id == 3; }), 3U);
  EXPECT_EQ(table.FindBare(key, [](uint32_t) { return false; }), kNoSeries);
  EXPECT_EQ(table.FindBare({8, 1}, [](uint32_t) { return true; }), kNoSeries);
  table.Erase(3);  // it has no key
  EXPECT_EQ(table.size(), 2U);
  table.Keep(3, key);
  EXPECT_EQ(table.Find(key), 3U);
  EXPECT_EQ(table.FindBare(key, [](uint32_t id) { return id == 3; }), kNoSeries);
  table.ForgetKeys();
  EXPECT_EQ(table.Find(key), kNoSeries);
  EXPECT_EQ(table.FindBare(key, [](uint32_t id) { return id == 3; }), 3U);
  table.EraseBare(3, key);
  EXPECT_EQ(table.FindBare(key, [](uint32_t id) { return id == 3; }), kNoSeries);
  EXPECT_EQ(table.size(), 1U);
}

// Against a map, with keys that crowd in few slots so that chains are long and wrap around.
TEST(KeyTable, ChurnAgreesWithAMap) {
  SeededRandom random(3);
  KeyTable table;
  std::map<uint32_t, Hash128> model;
  for (int round = 0; round < 20'000; ++round) {
    const auto id = static_cast<uint32_t>(random.Next() % 300);
    if (random.Next() % 3 == 0) {
      table.Erase(id);
      model.erase(id);
    } else {
      const Hash128 key{random.Next() % 16 == 0 ? UINT64_MAX : random.Next() % 64,
                        id + (random.Next() % 4 << 32) + 1};
      table.Set(id, key);
      model[id] = key;
    }
    if (round % 50 != 0) continue;
    ASSERT_EQ(table.size(), model.size());
    for (const auto& [known, key] : model) ASSERT_EQ(table.Find(key), known) << "round " << round;
    for (uint32_t i = 0; i < 300; ++i) {
      if (!model.contains(i)) {
        ASSERT_EQ(table.KeyOf(i), Hash128());
      }
    }
  }
}

}  // namespace
}  // namespace outrider
