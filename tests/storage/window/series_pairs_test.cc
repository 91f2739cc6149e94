// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace outrider {
namespace {

using testing::IsEmpty;

std::vector<PairId> All(const PairList& list) { return {list.begin(), list.end()}; }

TEST(SeriesPairs, NeighboursShareAList) {
  struct Case {
    const char* what;
    uint32_t place;  // at which the neighbour differs
    bool shares;
  };
  for (const Case& one : {Case{"as the first", 0, true}, Case{"in the middle", 1, false},
                          Case{"at the end", 2, false}}) {
    SCOPED_TRACE(one.what);
    SeriesPairs pairs;
    const std::vector<PairId> first = {10, 20, 30};
    pairs.Set(7, first, 0);
    std::vector<PairId> want = first;
    for (const uint32_t id : {8U, 9U}) {
      want[one.place] = 40 + id;
      pairs.SetLike(id, id - 1, one.place, 40 + id);
      EXPECT_EQ(All(pairs.Of(id)), want);
    }
    EXPECT_EQ(All(pairs.Of(7)), first);
    // The list goes with the last that has it.
    PairId* const of_first = pairs.Remove(7);
    EXPECT_EQ(of_first == nullptr, one.shares);
    EXPECT_FALSE(pairs.Has(7));
    EXPECT_EQ(All(pairs.Of(9)), want);
    EXPECT_EQ(pairs.Remove(8), nullptr);
    PairId* const last = pairs.Remove(9);
    ASSERT_NE(last, nullptr);
    pairs.GiveBack(last);
    if (of_first != nullptr) pairs.GiveBack(of_first);
  }
}

TEST(SeriesPairs, AnyNumberOfLabels) {
  SeriesPairs pairs;
  std::vector<std::vector<PairId>> all;
  for (const size_t size : {0U, 1U, 2U, 126U, 127U, 500U}) {
    std::vector<PairId> one(size);
    for (size_t i = 0; i < size; ++i) one[i] = static_cast<PairId>(1000 * size + i);
    pairs.Set(static_cast<uint32_t>(all.size()), one, 0);
    all.push_back(one);
  }
  for (uint32_t id = 0; id < all.size(); ++id) {
    EXPECT_TRUE(pairs.Has(id));
    EXPECT_EQ(pairs.Of(id).size(), all[id].size());
    EXPECT_EQ(All(pairs.Of(id)), all[id]);
  }
  EXPECT_THAT(All(pairs.Of(5000)), IsEmpty());
  for (uint32_t id = 0; id < all.size(); ++id) pairs.GiveBack(pairs.Remove(id));
  EXPECT_THAT(All(pairs.Of(2)), IsEmpty());
}

}  // namespace
}  // namespace outrider
