// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_ledger.h"

#include <gtest/gtest.h>

#include "storage/state/memory_store.h"

namespace outrider {
namespace {

constexpr Timestamp kNoon = 1'764'590'400'000;  // 2025-12-01 12:00:00 UTC

CostItem Item(const std::string& workload, const std::string& pod, const std::string& node,
              NanoUnits cpu) {
  CostItem item;
  item.key.cluster = "c";
  item.key.namespace_name = "shop";
  item.key.workload_kind = "Deployment";
  item.key.workload = workload;
  item.key.container = "app";
  item.key.pod = pod;
  item.key.node = node;
  item.amounts.cost[0] = cpu;
  item.amounts.time = kMinute;
  item.amounts.held[0] = 0.25;
  return item;
}

NanoUnits Total(const CostRead& read) {
  NanoUnits sum = 0;
  for (const auto& [key, amounts] : read.cells) sum += amounts.Total();
  return sum;
}

// A minute's cost of three pods, every minute of [from, to).
void Fill(CostLedger* ledger, Timestamp from, Timestamp to) {
  for (Timestamp at = from; at < to; at += kMinute) {
    ASSERT_TRUE(ledger
                    ->Add(at, at + kMinute,
                          {Item("web", "web-1", "n1", 100), Item("web", "web-2", "n2", 11),
                           Item("db", "db-1", "n1", 7)})
                    .ok());
  }
}

TEST(CostLedger, Spans) {
  EXPECT_EQ(SpanOf(CostTier::kHours, kNoon + 59 * kMinute).begin, kNoon);
  EXPECT_EQ(SpanOf(CostTier::kDays, kNoon).begin, kNoon - 12 * kHour);
  EXPECT_EQ(SpanOf(CostTier::kMonths, kNoon).begin, kNoon - 12 * kHour);
  EXPECT_EQ(SpanOf(CostTier::kMonths, kNoon).end, kNoon - 12 * kHour + 31 * kDay);
  EXPECT_EQ(SpanOf(CostTier::kMonths, 951'782'400'000).end, 951'868'800'000);  // 2000-02-29
}

TEST(CostLedger, ReadsHoursDaysAndPartsOfThem) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  const Timestamp end = kNoon + 30 * kHour;
  Fill(&ledger, kNoon, end);
  const auto read = [&](Timestamp from, Timestamp to, CostGrain grain) {
    const auto result = ledger.Read(from, to, grain, end);
    EXPECT_TRUE(result.ok()) << result.status();
    return *result;
  };
  const CostRead all = read(kNoon, end, CostGrain::kWorkloads);
  EXPECT_EQ(Total(all), 30 * 60 * 118);
  EXPECT_EQ(all.cells.size(), 2U);  // web and db
  EXPECT_EQ(all.watched, 30 * kHour);
  EXPECT_EQ(Total(read(kNoon, end, CostGrain::kNodes)), 30 * 60 * 118);
  EXPECT_EQ(read(kNoon, end, CostGrain::kNodes).cells.size(), 2U);
  EXPECT_EQ(read(kNoon, end, CostGrain::kPods).cells.size(), 3U);
  // Half an hour out of hours that were watched in full.
  EXPECT_EQ(Total(read(kNoon + 90 * kMinute, kNoon + 2 * kHour, CostGrain::kPods)), 30 * 118);
  // Before and after what was watched.
  EXPECT_EQ(Total(read(kNoon - kDay, end + kDay, CostGrain::kWorkloads)), 30 * 60 * 118);
  EXPECT_EQ(Total(read(end, end + kHour, CostGrain::kWorkloads)), 0);
}

TEST(CostLedger, SurvivesARestartAndForgets) {
  MemoryStore store;
  Timestamp now = kNoon;
  {
    CostLedger ledger(store);
    ASSERT_TRUE(ledger.Restore(kNoon).ok());
    Fill(&ledger, kNoon, kNoon + 90 * kMinute);
    ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
    now = kNoon + 90 * kMinute;
  }
  {
    CostLedger ledger(store);
    ASSERT_TRUE(ledger.Restore(now).ok());
    Fill(&ledger, now, now + kHour);
    now += kHour;
    const auto read = ledger.Read(kNoon, now, CostGrain::kPods, now);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(Total(*read), 150 * 118);
    // Four days with a bit of cost each.
    for (int day = 1; day <= 4; ++day) Fill(&ledger, now + day * kDay, now + day * kDay + kHour);
    now += 4 * kDay + kHour;
    const auto old = ledger.Read(kNoon, now, CostGrain::kPods, now);
    EXPECT_FALSE(old.ok());
    EXPECT_NE(Message(old.status()).find("last 48 hours"), std::string::npos);
    // By workload, days tell it.
    const auto days = ledger.Read(kNoon - 12 * kHour, now, CostGrain::kWorkloads, now);
    ASSERT_TRUE(days.ok());
    EXPECT_EQ(Total(*days), (150 + 240) * 118);
    ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  }
  size_t hours = 0;
  ASSERT_TRUE(store
                  .Scan(Family::kCost, "bh", "bh",
                        [&](const Row&) {
                          ++hours;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(hours, 5U);  // of the last two days; ten more were there
}

TEST(CostLedger, DamagedRowsBeginAnew) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  Fill(&ledger, kNoon, kNoon + kHour);
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  std::vector<Row> rows;
  ASSERT_TRUE(store
                  .Scan(Family::kCost, "b", "b",
                        [&](const Row& row) {
                          rows.push_back(row);
                          return true;
                        })
                  .ok());
  ASSERT_FALSE(rows.empty());
  for (const Row& row : rows) {
    Batch batch;
    batch.Put(Family::kCost, row.key, row.value.substr(0, row.value.size() / 2));
    ASSERT_TRUE(store.Commit(batch, Durability::kSynced).ok());
  }
  CostLedger again(store);
  ASSERT_TRUE(again.Restore(kNoon + kMinute).ok());
  EXPECT_EQ(again.open_cells(), 0U);
  Fill(&again, kNoon, kNoon + kMinute);
  const auto read = again.Read(kNoon, kNoon + kHour, CostGrain::kWorkloads, kNoon + kHour);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Total(*read), 118);
}

// A question that meets a damaged hour is answered with the others.
TEST(CostLedger, DamagedPastIsLeftOut) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  Fill(&ledger, kNoon, kNoon + 3 * kHour);
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  Batch batch;
  batch.Put(Family::kCost, "bh" + BigEndian64(static_cast<uint64_t>(kNoon)) + "w" + BigEndian64(0),
            "\x01junk");
  ASSERT_TRUE(store.Commit(batch, Durability::kSynced).ok());
  const Timestamp now = kNoon + 3 * kHour;
  const auto read = ledger.Read(kNoon, now, CostGrain::kPods, now);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Total(*read), 2 * 60 * 118);
  EXPECT_EQ(read->watched, 2 * kHour);
}

}  // namespace
}  // namespace outrider
