// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"
#include "storage/state/migration.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

Batch PutOne(const std::string& key) {
  Batch batch;
  batch.Put(Family::kOutbox, key, "v");
  return batch;
}
bool Has(const StateStore& store, const std::string& key) {
  return store.Get(Family::kOutbox, key).value().has_value();
}

TEST(MemoryStore, ForgetsWhatWasNotSynced) {
  MemoryStore store;
  ASSERT_TRUE(store.Commit(PutOne("old"), Durability::kSynced).ok());
  Batch change;
  change.Delete(Family::kOutbox, "old");
  change.Put(Family::kOutbox, "new", "v");
  ASSERT_TRUE(store.Commit(change, Durability::kBuffered).ok());
  store.DropUnsynced();
  EXPECT_TRUE(Has(store, "old"));
  EXPECT_FALSE(Has(store, "new"));
}

TEST(MemoryStore, ASyncCoversEarlierCommits) {
  MemoryStore store;
  ASSERT_TRUE(store.Commit(PutOne("first"), Durability::kBuffered).ok());
  ASSERT_TRUE(store.Commit(PutOne("second"), Durability::kSynced).ok());
  store.DropUnsynced();
  EXPECT_TRUE(Has(store, "first"));
}

TEST(FaultyStore, FailsAsPlanned) {
  struct Case {
    StoreFault fault;
    uint64_t at;
    uint64_t until;
    std::vector<bool> answers;  // of commits 1, 2, 3, 4
    std::vector<bool> written;
  };
  const Case cases[] = {
      {StoreFault::kFailOnce, 2, 0, {true, false, true, true}, {true, false, true, true}},
      {StoreFault::kFailFrom, 3, 0, {true, true, false, false}, {true, true, false, false}},
      {StoreFault::kFailBetween, 2, 3, {true, false, false, true}, {true, false, false, true}},
      {StoreFault::kCrashAfter, 2, 0, {true, false, false, false}, {true, true, false, false}},
      {StoreFault::kCrashBefore, 2, 0, {true, false, false, false}, {true, false, false, false}},
  };
  for (const Case& c : cases) {
    MemoryStore below;
    StoreFaultPlan plan;
    plan.fault = c.fault;
    plan.at = c.at;
    plan.until = c.until;
    FaultyStore store(below, plan);
    for (size_t i = 0; i < c.answers.size(); ++i) {
      const std::string key = std::to_string(i);
      EXPECT_EQ(store.Commit(PutOne(key), Durability::kBuffered).ok(), c.answers[i]) << i;
      EXPECT_EQ(Has(below, key), c.written[i]) << i;
    }
  }
}

TEST(Schema, TimersSortByDueWithinTheirBucket) {
  const TimerKey early{.due = 5, .kind = TimerKind::kEscalate, .id = "x"};
  const TimerKey late{.due = 1'000'000'000'000, .kind = TimerKind::kGroupFlush, .id = "x"};
  EXPECT_LT(EncodeTimerKey(early), EncodeTimerKey(late));
  EXPECT_EQ(DecodeTimerKey(EncodeTimerKey(late)).value(), late);
  EXPECT_FALSE(DecodeTimerKey("short").ok());
  EXPECT_FALSE(DecodeTimerKey(std::string("\0\0\0\0\0\0\0\0\0\x7fid", 12)).ok());
}

TEST(Migration, RunsTheMissingSteps) {
  MemoryStore store;
  ASSERT_TRUE(MigrateSchema(store, 1, {}).ok());
  const Migration steps[] = {{1,
                              [](const StateStore&, Batch* batch) {
                                batch->Put(Family::kMeta, "one", "");
                                return absl::OkStatus();
                              }},
                             {2, [](const StateStore&, Batch* batch) {
                                batch->Put(Family::kMeta, "two", "");
                                return absl::OkStatus();
                              }}};
  EXPECT_FALSE(MigrateSchema(store, 3, {}).ok()) << "a step is missing";
  ASSERT_TRUE(MigrateSchema(store, 3, steps).ok());
  EXPECT_TRUE(store.Get(Family::kMeta, "two").value().has_value());
  const Status older = MigrateSchema(store, 2, steps);
  EXPECT_TRUE(absl::IsFailedPrecondition(older)) << older;
}

TEST(RowCodec, GivesBackWhatWasWritten) {
  const std::string bytes = RowWriter(1)
                                .U64(300)
                                .I64(-5)
                                .I64(INT64_MIN)
                                .Bool(true)
                                .Double(-1.5)
                                .Text(std::string("a\0b", 3))
                                .Texts({{"k", "v"}})
                                .Numbers({1, UINT64_MAX})
                                .Take();
  RowReader in(bytes, 1, "a test");
  EXPECT_EQ(in.U64(), 300U);
  EXPECT_EQ(in.I64(), -5);
  EXPECT_EQ(in.I64(), INT64_MIN);
  EXPECT_TRUE(in.Bool());
  EXPECT_EQ(in.Double(), -1.5);
  EXPECT_EQ(in.Text(), std::string("a\0b", 3));
  EXPECT_EQ(in.Texts(), (std::map<std::string, std::string>{{"k", "v"}}));
  EXPECT_EQ(in.Numbers(), (std::set<uint64_t>{1, UINT64_MAX}));
  EXPECT_TRUE(in.Finish().ok());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    RowReader part(std::string_view(bytes).substr(0, cut), 1, "a test");
    part.U64();
    part.I64();
    part.I64();
    part.Bool();
    part.Double();
    part.Text();
    part.Texts();
    part.Numbers();
    EXPECT_FALSE(part.Finish().ok()) << cut;
  }
  EXPECT_FALSE(RowReader("\x02", 1, "a newer row").Finish().ok());
}

}  // namespace
}  // namespace outrider
