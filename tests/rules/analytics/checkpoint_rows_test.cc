// SPDX-License-Identifier: Apache-2.0
// Rows of detectors' state in a store: taken over from another one, marked, swept.
#include <gtest/gtest.h>

#include "rules/analytics/checkpoint.h"
#include "storage/state/memory_store.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr Hash128 kEntry = {.low = 1, .high = 2};
constexpr Hash128 kOther = {.low = 3, .high = 4};

CheckpointRow RowOf(const Hash128& entry, uint64_t series, Timestamp time) {
  return {CheckpointKey(entry, {.low = series, .high = 0}),
          BigEndian64(static_cast<uint64_t>(time)) + "state"};
}

void Put(StateStore& store, const CheckpointRow& row) {
  ASSERT_TRUE(Checkpoints(store).Write({&row, 1}).ok());
}

std::string At(const StateStore& store, const CheckpointRow& row) {
  return store.Get(Family::kAnalytics, row.key).value().value_or(Row()).value;
}

TEST(CheckpointRows, CopiesAnEntryButNotOverNewerStates) {
  MemoryStore from;
  MemoryStore to;
  const CheckpointRow fresh = RowOf(kEntry, 1, 200);
  const CheckpointRow old = RowOf(kEntry, 2, 200);
  Put(from, fresh);
  Put(from, old);
  Put(from, RowOf(kOther, 1, 200));
  Put(to, RowOf(kEntry, 1, 100));
  Put(to, RowOf(kEntry, 2, 300));
  Checkpoints checkpoints(to);
  const std::vector<Hash128> entries = {kEntry};
  const auto kept = checkpoints.CopyFrom(from, entries, NewerStates::kKeep).value();
  EXPECT_EQ(kept.taken, 1U);
  EXPECT_EQ(kept.kept, 1U);
  EXPECT_EQ(At(to, fresh), fresh.value);
  EXPECT_NE(At(to, old), old.value);
  EXPECT_FALSE(checkpoints.Knows(kOther).value());
  const auto all = checkpoints.CopyFrom(from, entries, NewerStates::kReplace).value();
  EXPECT_EQ(all.taken, 2U);
  EXPECT_EQ(At(to, old), old.value);
}

TEST(CheckpointRows, MarksStayAsLongAsTheirEntryHasRows) {
  MemoryStore store;
  Checkpoints checkpoints(store);
  EXPECT_EQ(checkpoints.Mark(kEntry).value(), std::nullopt);
  EXPECT_FALSE(checkpoints.Knows(kEntry).value());
  ASSERT_TRUE(checkpoints.SetMark(kEntry, WarmUpMark::kWanted, 100).ok());
  ASSERT_TRUE(checkpoints.SetMark(kOther, WarmUpMark::kWanted, 100).ok());
  EXPECT_FALSE(checkpoints.Knows(kEntry).value()) << "a mark is no state";
  EXPECT_EQ(checkpoints.Mark(kEntry).value(), WarmUpMark::kWanted);
  ASSERT_TRUE(checkpoints.SetMark(kEntry, WarmUpMark::kDone, 100).ok());
  EXPECT_EQ(checkpoints.Mark(kEntry).value(), WarmUpMark::kDone);
  Put(store, RowOf(kEntry, 1, 500));
  EXPECT_TRUE(checkpoints.Knows(kEntry).value());
  EXPECT_EQ(checkpoints.Sweep(50).value(), 0U);
  EXPECT_EQ(checkpoints.Sweep(400).value(), 1U);
  EXPECT_EQ(checkpoints.Mark(kEntry).value(), WarmUpMark::kDone);
  EXPECT_EQ(checkpoints.Mark(kOther).value(), std::nullopt);
  EXPECT_EQ(checkpoints.Sweep(600).value(), 2U) << "the state and its mark";
  EXPECT_EQ(checkpoints.Mark(kEntry).value(), std::nullopt);
}

}  // namespace
}  // namespace outrider
