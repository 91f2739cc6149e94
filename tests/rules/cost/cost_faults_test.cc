// SPDX-License-Identifier: Apache-2.0
// What a disk that fails and a process that is killed leave of the sums.
#include <gtest/gtest.h>

#include "rules/cost/cost_ledger.h"
#include "storage/state/memory_store.h"
#include "tests/rules/cost/cost_world.h"

namespace outrider {
namespace {

constexpr Timestamp kNoon = 1'764'590'400'000;      // 2025-12-01 12:00:00 UTC
constexpr Timestamp kMonthEnd = 1'767'225'600'000;  // 2026-01-01 00:00:00 UTC

// Hands on to a store; while `broken`, commits fail; scans of single buckets whose rows begin with
// `blind` fail too (FaultyStore fails commits only).
class FlakyStore final : public StateStore {
 public:
  explicit FlakyStore(MemoryStore& store) : store_(store) {}
  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override {
    return store_.Get(family, key);
  }
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override {
    if (!blind.empty() && prefix.starts_with(blind) && prefix.size() > blind.size()) {
      return absl::UnavailableError("the disk does not answer");
    }
    return store_.Scan(family, prefix, from, visit);
  }
  Status Commit(const Batch& batch, Durability durability) override {
    if (broken) return absl::UnavailableError("the disk is full");
    return store_.Commit(batch, durability);
  }
  StoreStats Stats() const override { return store_.Stats(); }

  bool broken = false;
  std::string blind;

 private:
  MemoryStore& store_;
};

CostItem Item(const std::string& kind, const std::string& workload, NanoUnits cpu,
              const std::string& node = "n1") {
  CostItem item;
  item.key.cluster = "c";
  item.key.namespace_name = "shop";
  item.key.workload_kind = kind;
  item.key.workload = workload;
  item.key.container = "app";
  item.key.pod = workload + "-1";
  item.key.node = node;
  item.amounts.cost[0] = cpu;
  return item;
}

NanoUnits Total(const CostCells& cells) {
  NanoUnits sum = 0;
  for (const auto& [key, amounts] : cells) sum += amounts.Total();
  return sum;
}

NanoUnits Asked(const CostLedger& ledger, Timestamp from, Timestamp to, CostGrain grain) {
  const auto read = ledger.Read(from, to, grain, to);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? Total(read->cells) : -1;
}

// [from, to) minute by minute, one nano-unit each; what fails is tried again with the next minute,
// as the engine does. Returns up to when it is counted.
Timestamp Fill(CostLedger* ledger, Timestamp from, Timestamp to) {
  Timestamp last = from;
  for (Timestamp now = from + kMinute; now <= to; now += kMinute) {
    while (last < now) {
      const Timestamp end = std::min(now, SpanOf(CostTier::kHours, last).end);
      if (!ledger->Add(last, end, {Item("Deployment", "web", (end - last) / kMinute)}).ok()) break;
      last = end;
    }
  }
  return last;
}

TEST(CostFaults, ADiskThatFailsAtTheTurnOfTheHourLosesNothing) {
  MemoryStore disk;
  FlakyStore store(disk);
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  ASSERT_EQ(Fill(&ledger, kNoon, kNoon + 30 * kMinute), kNoon + 30 * kMinute);
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  ASSERT_EQ(Fill(&ledger, kNoon + 30 * kMinute, kNoon + kHour), kNoon + kHour);
  store.broken = true;
  Timestamp last = Fill(&ledger, kNoon + kHour, kNoon + kHour + 3 * kMinute);
  EXPECT_EQ(last, kNoon + kHour);
  store.broken = false;
  last = Fill(&ledger, last, kNoon + kHour + 10 * kMinute);
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  for (const CostGrain grain : {CostGrain::kPods, CostGrain::kWorkloads, CostGrain::kNodes}) {
    EXPECT_EQ(Asked(ledger, kNoon - kHour, last, grain), 70);
    EXPECT_EQ(Asked(ledger, kNoon - 12 * kHour, last, grain), 70);
  }
  CostLedger again(disk);
  ASSERT_TRUE(again.Restore(last).ok());
  EXPECT_EQ(Asked(again, kNoon, last, CostGrain::kPods), 70);
  EXPECT_EQ(Total(again.Open(CostTier::kDays)), 70);
  EXPECT_EQ(Total(again.Open(CostTier::kMonths)), 70);
}

// Killed at any minute around the turn of an hour, of a day, of a month: what is counted again is
// what was lost, in every sum alike.
TEST(CostFaults, KilledAtAnyMinuteNothingIsCountedTwice) {
  for (const Timestamp turn : {kNoon + kHour, kNoon + 12 * kHour, kMonthEnd}) {
    const Timestamp begin = turn - 30 * kMinute;
    const Timestamp end = turn + 30 * kMinute;
    for (int killed = 20; killed <= 45; ++killed) {
      MemoryStore store;
      Timestamp last = begin;
      {
        CostLedger ledger(store);
        ASSERT_TRUE(ledger.Restore(begin).ok());
        last = Fill(&ledger, begin, begin + 17 * kMinute);
        ASSERT_TRUE(ledger.Save(Durability::kBuffered).ok());
        Fill(&ledger, last, begin + killed * kMinute);
      }
      CostLedger again(store);
      ASSERT_TRUE(again.Restore(begin + killed * kMinute).ok());
      const auto until = again.CountedUntil(begin + killed * kMinute);
      ASSERT_TRUE(until.ok() && until->has_value());
      EXPECT_GE(**until, begin + 17 * kMinute);
      last = **until;
      Fill(&again, last, end);
      EXPECT_EQ(Asked(again, begin, end, CostGrain::kPods), 60) << turn << " " << killed;
      EXPECT_EQ(Asked(again, begin - 23 * kHour, end, CostGrain::kWorkloads), 60)
          << turn << " " << killed;
      EXPECT_EQ(Total(again.Open(CostTier::kMonths)), turn == kMonthEnd ? 30 : 60);
    }
  }
}

// The turn of a day: the hour's bucket could be turned, the day's could not.
TEST(CostFaults, AHalfDoneTurnAddsNothing) {
  MemoryStore disk;
  FlakyStore store(disk);
  const Timestamp midnight = kNoon + 12 * kHour;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(midnight - kHour).ok());
  Fill(&ledger, midnight - kHour, midnight);
  store.blind = "bd";
  EXPECT_EQ(Fill(&ledger, midnight, midnight + 5 * kMinute), midnight);
  store.blind.clear();
  EXPECT_EQ(Fill(&ledger, midnight, midnight + 10 * kMinute), midnight + 10 * kMinute);
  EXPECT_EQ(Asked(ledger, midnight, midnight + 10 * kMinute, CostGrain::kPods), 10);
  EXPECT_EQ(Total(ledger.Open(CostTier::kDays)), 10);
  EXPECT_EQ(Total(ledger.Open(CostTier::kMonths)), 70);
}

// Jobs that come and go: a month's sums stay bounded, and whole.
TEST(CostFaults, WhatEndedIsFoldedTogether) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  NanoUnits whole = 0;
  Timestamp at = kNoon;
  for (int hour = 0; hour < 30; ++hour, at += kHour) {
    std::vector<CostItem> items = {Item("Deployment", "web", 1)};  // cheap, but it runs
    for (int job = 0; job < 200; ++job) {
      const std::string name = "job-" + std::to_string(hour) + "-" + std::to_string(job);
      items.push_back(Item("Job", name, 1000 + job, "node-" + name));
    }
    for (const CostItem& item : items) whole += item.amounts.Total();
    ASSERT_TRUE(ledger.Add(at, at + kHour, items).ok());
  }
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  EXPECT_LT(ledger.Open(CostTier::kMonths).size(), 1000U);
  EXPECT_LT(ledger.open_cells(), 4000U);
  for (const CostGrain grain : {CostGrain::kWorkloads, CostGrain::kNodes}) {
    EXPECT_EQ(Asked(ledger, kNoon - 12 * kHour, at, grain), whole);
  }
  size_t web = 0;
  for (const auto& [key, amounts] : ledger.Open(CostTier::kMonths)) {
    web += key.workload == "web" ? 1 : 0;
    EXPECT_EQ(key.namespace_name, "shop");
  }
  EXPECT_EQ(web, 1U);
  // Rows of what was folded since are gone from the disk.
  CostLedger again(store);
  ASSERT_TRUE(again.Restore(at).ok());
  EXPECT_EQ(Total(again.Open(CostTier::kMonths)), whole);
  EXPECT_EQ(Asked(again, kNoon, at, CostGrain::kNodes), whole);
}

// Tens of thousands of sums: as many as are saved are read again.
TEST(CostFaults, ManySumsAreSavedAndRead) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  std::vector<CostItem> items;
  for (int i = 0; i < 25'000; ++i) {
    items.push_back(Item("Deployment", "w" + std::to_string(i), i, "n" + std::to_string(i % 500)));
  }
  ASSERT_TRUE(ledger.Add(kNoon, kNoon + kMinute, items).ok());
  const size_t cells = ledger.open_cells();
  EXPECT_GT(cells, 75'000U);
  ASSERT_TRUE(ledger.Save(Durability::kSynced).ok());
  CostLedger again(store);
  ASSERT_TRUE(again.Restore(kNoon + kMinute).ok());
  EXPECT_EQ(again.open_cells(), cells);
  EXPECT_EQ(again.Open(CostTier::kMonths), ledger.Open(CostTier::kMonths));
}

}  // namespace
}  // namespace outrider
