// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/allocation_query.h"

#include <gtest/gtest.h>

#include <random>

#include "rules/cost/allocation.h"
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
  // Nobody is left to take it.
  query.filter = {};
  query.shared_namespaces = {"kube-system", "shop"};
  EXPECT_EQ(Totals(Aggregate(Cells(), query)), (Expected{{"__shared__", 700}}));
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
  auto sets = RunAllocation(ledger, query, query.to);
  ASSERT_TRUE(sets.ok()) << sets.status();
  ASSERT_EQ(sets->size(), 3U);
  EXPECT_EQ(Totals((*sets)[1]), (Expected{{"shop", 660}}));
  query.accumulate = true;
  sets = RunAllocation(ledger, query, query.to);
  ASSERT_TRUE(sets.ok());
  ASSERT_EQ(sets->size(), 1U);
  EXPECT_EQ(Totals(sets->front()), (Expected{{"shop", 1980}}));
  query.accumulate = false;
  query.step = kSecond;
  EXPECT_EQ(RunAllocation(ledger, query, query.to).status().code(),
            absl::StatusCode::kInvalidArgument);
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
