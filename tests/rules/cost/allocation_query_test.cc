// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/allocation_query.h"

#include <gtest/gtest.h>

#include <random>

#include "rules/cost/allocation.h"
#include "rules/cost/cost_ledger.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

constexpr Timestamp kNoon = 1'764'590'400'000;
const std::vector<std::string> kLabels = {"app"};

CostColumn Column(std::string_view name) {
  const auto column = FindCostColumn(name, kLabels);
  EXPECT_TRUE(column.ok()) << column.status();
  return *column;
}

CostItem Item(const std::string& namespace_name, const std::string& workload,
              const std::string& node, NanoUnits cpu, NanoUnits memory) {
  CostItem item;
  item.key.cluster = "c";
  item.key.namespace_name = namespace_name;
  item.key.workload_kind = "Deployment";
  item.key.workload = workload;
  item.key.container = "app";
  item.key.labels = {workload + "-app"};
  item.key.pod = workload + "-1";
  item.key.node = node;
  item.amounts.cost = {cpu, memory};
  return item;
}

CostItem Idle(const std::string& node, NanoUnits cpu, NanoUnits memory) {
  CostItem item;
  item.key = PseudoKey(kIdleName, "c", node);
  item.amounts.cost = {cpu, memory};
  return item;
}

StatusOr<std::vector<AllocationSet>> Ask(const CostLedger& ledger, const AllocationQuery& query) {
  const CostSnapshot snapshot = ledger.Snapshot(query.from, query.to);
  CostReader reader = snapshot.Reader();
  return RunAllocation(reader, query, query.to);
}

// Two nodes; only the first has idle CPU.
CostRead Cells() {
  CostRead read = {0, kHour, {}, kHour};
  CostItem web = Item("shop", "web", "n1", 300, 30);
  web.amounts.idle_share = {75, 0, 0};
  CostItem dns = Item("kube-system", "dns", "n1", 100, 10);
  dns.amounts.idle_share = {25, 0, 0};
  for (const CostItem& item :
       {web, dns, Item("shop", "db", "n2", 200, 60), Idle("n1", 100, 0), Idle("n2", 0, 0)}) {
    read.cells[item.key] = item.amounts;
  }
  return read;
}

std::map<std::string, NanoUnits> Totals(const AllocationSet& set) {
  std::map<std::string, NanoUnits> totals;
  for (const AllocationRow& row : set.rows) totals[row.name] = row.Total();
  return totals;
}
using Expected = std::map<std::string, NanoUnits>;

TEST(AllocationQuery, Aggregates) {
  AllocationQuery query;
  query.aggregate = {Column("namespace")};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"shop", 590}, {"kube-system", 110}}));
  query.aggregate = {Column("namespace"), Column("controller")};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)),
            (Expected{{"shop/web", 330}, {"shop/db", 260}, {"kube-system/dns", 110}}));
  query.aggregate = {Column("label:app")};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)),
            (Expected{{"web-app", 330}, {"db-app", 260}, {"dns-app", 110}}));
  query.aggregate = {Column("team")};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"__unallocated__", 700}}));
  query.aggregate = {};
  EXPECT_EQ(Aggregate(Cells(), query).rows.size(), 3U);
}

TEST(AllocationQuery, IdleApartOrShared) {
  AllocationQuery query;
  query.aggregate = {Column("namespace")};
  query.include_idle = true;
  EXPECT_EQ(Totals(Aggregate(Cells(), query)),
            (Expected{{"shop", 590}, {"kube-system", 110}, {"__idle__", 100}}));
  query.idle_by_node = true;
  EXPECT_EQ(
      Totals(Aggregate(Cells(), query)),
      (Expected{{"shop", 590}, {"kube-system", 110}, {"n1/__idle__", 100}, {"n2/__idle__", 0}}));
  query.share_idle = true;
  // n1's idle goes to what runs on n1.
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"shop", 665}, {"kube-system", 135}}));
  query.idle_by_node = false;
  // The cluster's: 500 of 600 CPU is of shop.
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"shop", 673}, {"kube-system", 127}}));
}

TEST(AllocationQuery, SharedNamespacesAndFilter) {
  AllocationQuery query;
  query.aggregate = {Column("controller")};
  query.shared_namespaces = {"kube-system"};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"web", 330 + 62}, {"db", 260 + 48}}));
  query.share_evenly = true;
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"web", 330 + 55}, {"db", 260 + 55}}));
  query.shared_namespaces = {};
  query.filter = *CostFilter::Parse("namespace:\"shop\"", kLabels);
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"web", 330}, {"db", 260}}));
  // A filter changes nothing about who bears what: web has 300 of it as without.
  query.filter = *CostFilter::Parse("controller:\"web\"", kLabels);
  query.shared_namespaces = {"kube-system"};
  query.share_evenly = false;
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"web", 330 + 62}}));
  query.share_evenly = true;
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"web", 330 + 55}}));
  // In rows of which it leaves a part: the name's share, by cost.
  query.aggregate = {Column("namespace")};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"shop", 330 + 62}}));
  query.filter = *CostFilter::Parse("controller:\"nothing\"", kLabels);
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), Expected());
  query.aggregate = {Column("controller")};
  // Nobody is left to take it.
  query.filter = {};
  query.shared_namespaces = {"kube-system", "shop"};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"__shared__", 700}}));
}

// A large namespace that the filter leaves out bears its part too.
TEST(AllocationQuery, WhatTheFilterLeavesOutBearsItsPart) {
  CostRead read = Cells();
  const CostItem big = Item("web", "front", "n2", 4000, 0);
  read.cells[big.key].Add(big.amounts);
  AllocationQuery query;
  query.aggregate = {Column("namespace")};
  query.shared_namespaces = {"kube-system"};
  const Expected all = Totals(Aggregate(read, query));
  EXPECT_EQ(all, (Expected{{"shop", 604}, {"web", 4096}}));
  query.filter = *CostFilter::Parse("namespace:\"shop\"", kLabels);
  EXPECT_EQ(Totals(Aggregate(read, query)), (Expected{{"shop", 604}}));
}

// However the steps are cut: never more rows than the answer may hold.
TEST(AllocationQuery, RowsAreBounded) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  std::vector<CostItem> items;
  for (int i = 0; i < 3000; ++i) {
    items.push_back(Item("shop", "w" + std::to_string(i), "n1", 1, 1));
  }
  ASSERT_TRUE(ledger.Add(kNoon, kNoon + kHour, items).ok());
  AllocationQuery query;
  query.from = kNoon;
  query.to = kNoon + kHour;
  query.step = kMinute;
  EXPECT_EQ(Ask(ledger, query)->size(), 60U);
  query.step = 10 * kSecond;
  const auto refused = Ask(ledger, query);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Message(refused.status()).find("200000 rows"), std::string::npos);
  query.aggregate = {Column("namespace")};
  EXPECT_EQ(Ask(ledger, query)->size(), 360U);
  // Times at the end of what a number holds.
  query.from = INT64_MIN;
  query.to = INT64_MAX;
  EXPECT_EQ(Ask(ledger, query).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(AllocationQuery, Grain) {
  AllocationQuery query;
  EXPECT_EQ(GrainOf(query), CostGrain::kWorkloads);
  query.aggregate = {Column("node")};
  EXPECT_EQ(GrainOf(query), CostGrain::kNodes);
  query.filter = *CostFilter::Parse("namespace:\"shop\"", kLabels);
  EXPECT_EQ(GrainOf(query), CostGrain::kPods);
  query.aggregate = {Column("pod")};
  EXPECT_EQ(GrainOf(query), CostGrain::kPods);
  query.aggregate = {Column("team")};
  EXPECT_EQ(GrainOf(query), CostGrain::kWorkloads);
}

TEST(AllocationQuery, StepsAndAccumulation) {
  MemoryStore store;
  CostLedger ledger(store);
  ASSERT_TRUE(ledger.Restore(kNoon).ok());
  for (Timestamp at = kNoon; at < kNoon + 3 * kHour; at += kMinute) {
    ASSERT_TRUE(ledger.Add(at, at + kMinute, {Item("shop", "web", "n1", 10, 1)}).ok());
  }
  AllocationQuery query;
  query.from = kNoon;
  query.to = kNoon + 3 * kHour;
  query.step = kHour;
  query.aggregate = {Column("namespace")};
  auto sets = Ask(ledger, query);
  ASSERT_TRUE(sets.ok()) << sets.status();
  ASSERT_EQ(sets->size(), 3U);
  EXPECT_EQ(Totals((*sets)[1]), (Expected{{"shop", 660}}));
  query.accumulate = true;
  sets = Ask(ledger, query);
  ASSERT_TRUE(sets.ok());
  ASSERT_EQ(sets->size(), 1U);
  EXPECT_EQ(Totals(sets->front()), (Expected{{"shop", 1980}}));
  query.accumulate = false;
  query.step = kSecond;
  EXPECT_EQ(Ask(ledger, query).status().code(), absl::StatusCode::kInvalidArgument);
}

// However it is cut and shared: the rows are the whole.
TEST(AllocationQueryProperty, RowsAreTheWhole) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    CostScene scene;
    const size_t nodes = 1 + random() % 4;
    for (size_t i = 0; i < nodes; ++i) {
      scene.nodes.push_back(
          {"c" + std::to_string(i % 2), "n" + std::to_string(i), {8, 64, 1}, {0.04, 0.005, 0.95}});
    }
    for (size_t i = random() % 40; i > 0; --i) {
      const size_t node = random() % nodes;
      CostItem item = Item("ns" + std::to_string(random() % 4), "w" + std::to_string(random() % 9),
                           "n" + std::to_string(node), 0, 0);
      item.key.cluster = "c" + std::to_string(node % 2);
      scene.holdings.push_back(
          {item.key,
           {static_cast<double>(random() % 3), static_cast<double>(random() % 9), 0},
           {static_cast<double>(random() % 3), static_cast<double>(random() % 9), 0}});
    }
    scene.overheads = {{"c0", 0.1}};
    CostRead read = {0, kHour, {}, kHour};
    NanoUnits whole = 0;
    for (const CostItem& item : Allocate(scene, kMinute)) {
      read.cells[item.key].Add(item.amounts);
      whole += item.amounts.Total();
    }
    for (const char* by : {"namespace", "controller", "pod", "node", "cluster", "label:app"}) {
      for (int choice = 0; choice < 8; ++choice) {
        AllocationQuery query;
        query.aggregate = {Column(by)};
        query.include_idle = true;
        query.share_idle = (choice & 1) != 0;
        query.idle_by_node = (choice & 2) != 0;
        if ((choice & 4) != 0) query.shared_namespaces = {"ns0", "__overhead__"};
        NanoUnits sum = 0;
        for (const AllocationRow& row : Aggregate(read, query).rows) {
          sum += row.Total();
          for (const NanoUnits idle : row.idle) ASSERT_GE(idle, 0);
        }
        ASSERT_EQ(sum, whole) << by << choice;
      }
    }
  }
}

}  // namespace
}  // namespace outrider
