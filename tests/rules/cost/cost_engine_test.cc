// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/rules/cost/cost_world.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'764'547'200'000;  // 2025-12-01 00:00:00 UTC, a Monday

std::map<std::string, double> ByNamespace(const CostWorld& world, Timestamp from, Timestamp to,
                                          bool idle = true) {
  AllocationQuery query;
  query.from = from;
  query.to = to;
  query.aggregate = {CostColumn{CostColumn::Field::kNamespace, 0}};
  query.include_idle = idle;
  const auto sets = world.engine->Allocation(query, world.now);
  EXPECT_TRUE(sets.ok()) << sets.status();
  std::map<std::string, double> totals;
  if (!sets.ok() || sets->empty()) return totals;
  for (const AllocationRow& row : sets->front().rows) totals[row.name] = ToUnits(row.Total());
  return totals;
}

TEST(CostEngine, CountsWhatRunsMinuteByMinute) {
  CostWorld world(kStart);
  world.book->AddNode("n1", 4, 16);
  world.inventory.Add("shop", "web", "n1", 1, 4);
  world.inventory.Add("kube-system", "dns", "n1", 0.5, 1).used_cores = 1;
  world.RunFor(2 * kHour);
  const auto totals = ByNamespace(world, kStart, world.now);
  // Two hours: web 0.04 + 4 * 0.005, dns 1 core used + 1 GiB, the rest of 4 cores and 16 GiB.
  EXPECT_NEAR(totals.at("shop"), 2 * 0.06, 1e-7);
  EXPECT_NEAR(totals.at("kube-system"), 2 * 0.045, 1e-7);
  EXPECT_NEAR(totals.at("__idle__"), 2 * (0.08 + 0.055), 1e-7);
  EXPECT_NEAR(totals.at("__overhead__"), 0.2, 1e-7);
  const auto series = world.Series();
  EXPECT_NEAR(series.at(R"(outrider_cost_idle_dollars_per_hour{node="n1", resource="cpu"})"), 0.08,
              1e-9);
  EXPECT_NEAR(series.at(R"(outrider_cost_cluster_dollars_per_hour)"), 0.34, 1e-9);
  EXPECT_NEAR(
      series.at(R"(outrider_cost_namespace_dollars_per_hour{namespace="shop", resource="memory"})"),
      0.02, 1e-9);
  EXPECT_NEAR(series.at(R"(outrider_cost_month_to_date_dollars{namespace="shop"})"), 0.12, 1e-7);
  EXPECT_NEAR(
      series.at(R"(outrider_cost_efficiency_ratio{namespace="kube-system", resource="cpu"})"), 2,
      1e-9);
}

TEST(CostEngine, GoesOnAfterARestartAndSaysWhatNobodyCounted) {
  CostWorld world(kStart + 5 * kMinute);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.RunFor(30 * kMinute);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now = kStart + 40 * kMinute;  // a short outage is bridged
  world.Start();
  world.RunFor(10 * kMinute);
  auto totals = ByNamespace(world, kStart, world.now);
  EXPECT_NEAR(totals.at("shop"), 0.04 * 45 / 60, 1e-7);
  EXPECT_EQ(world.engine->stats().unwatched, 0);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now += 3 * kHour;  // a long one is not: what ran then is not known
  world.engine->Run(world.now);
  totals = ByNamespace(world, kStart, world.now);
  EXPECT_NEAR(totals.at("shop"), 0.04 * 55 / 60, 1e-7);
  EXPECT_EQ(world.engine->stats().unwatched, 3 * kHour - CostEngine::kLongestGap);
}

// A counter that runs on while nobody reads it.
TEST(CostEngine, TrafficGoesOnAfterARestart) {
  CostSettings options;
  options.egress = Egress::kInternet;
  CostWorld world(kStart, options);
  world.inventory.Add("shop", "web", "", 1, 0);
  const auto scrape = [&] {
    const double minutes = static_cast<double>(world.now - kStart) / kMinute;
    world.windows.Add(Labels({{"__name__", "container_network_transmit_bytes_total"},
                              {"namespace", "shop"},
                              {"pod", "web-1"},
                              {"interface", "eth0"}}),
                      world.now, minutes * kTestGib);
  };
  const auto run = [&](int minutes) {
    for (int i = 0; i < minutes; ++i) {
      scrape();
      world.RunFor(kMinute);
    }
  };
  run(10);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  run(1);  // is not saved
  world.now += 2 * kMinute;
  world.Start();
  run(5);
  AllocationQuery query;
  query.from = kStart;
  query.to = world.now;
  const auto sets = world.engine->Allocation(query, world.now);
  ASSERT_TRUE(sets.ok());
  double sent = 0;
  for (const AllocationRow& row : sets->front().rows) sent += row.amounts.sent_bytes;
  EXPECT_NEAR(sent / kTestGib, 17, 1e-6) << "up to the newest sample, from the first on";
}

TEST(CostEngine, ARestartAcrossTheHourIsBridgedToo) {
  CostWorld world(kStart + 50 * kMinute);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.RunFor(9 * kMinute);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now = kStart + 62 * kMinute;
  world.Start();
  world.RunFor(3 * kMinute);
  EXPECT_NEAR(ByNamespace(world, kStart, world.now).at("shop"), 0.04 * 15 / 60, 1e-7);
  EXPECT_NEAR(ByNamespace(world, kStart + kHour, world.now).at("shop"), 0.04 * 5 / 60, 1e-7);
  // An outage over days: what nobody counted is said.
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now += 3 * kDay;
  world.Start();
  world.RunFor(kMinute);
  EXPECT_EQ(world.engine->stats().unwatched, 3 * kDay + kMinute - CostEngine::kLongestGap);
}

// Remote write is down for hours: that time is not watched, and not free.
TEST(CostEngine, SilenceIsNotFree) {
  CostWorld world(kStart);
  world.book->AddNode("n1", 4, 16);
  world.inventory.Add("shop", "web", "n1", 1, 4);
  world.RunFor(2 * kHour);
  const auto book = world.book;
  const auto containers = world.inventory.all;
  world.book = std::make_shared<FakeBook>();
  world.inventory.all.clear();
  world.RunFor(5 * kHour);
  EXPECT_EQ(world.engine->stats().unwatched, 5 * kHour - CostEngine::kLongestGap);
  EXPECT_EQ(world.Series().count("outrider_cost_cluster_dollars_per_hour"), 0U);
  EXPECT_NEAR(world.Series().at(R"(outrider_cost_month_to_date_dollars{namespace="shop"})"), 0.12,
              1e-7);
  world.book = book;
  world.inventory.all = containers;
  world.RunFor(17 * kHour);
  EXPECT_NEAR(ByNamespace(world, kStart, world.now).at("shop"), 0.06 * (19 + 9.0 / 60), 1e-6);
  EXPECT_EQ(world.engine->stats().unwatched, 5 * kHour - 9 * kMinute);
  AllocationQuery query;
  query.from = kStart;
  query.to = kStart + kDay;
  EXPECT_EQ(world.engine->Allocation(query, world.now)->front().watched, 19 * kHour + 9 * kMinute);
}

// Only a part of those who tell is silent: what is left is not all there is.
TEST(CostEngine, HalfATaleIsNotCounted) {
  const auto shop = [](const CostWorld& world) {
    return ByNamespace(world, kStart, world.now).at("shop");
  };
  CostWorld world(kStart);
  world.book->AddNode("n1", 4, 16);
  FakeContainer& web = world.inventory.Add("shop", "web", "n1", 1, 4);
  world.RunFor(kHour);
  const double before = shop(world);
  const auto book = world.book;
  world.book = std::make_shared<FakeBook>();  // kube-state-metrics: no nodes
  world.RunFor(8 * kMinute);
  EXPECT_EQ(shop(world), before);
  world.book = book;
  world.RunFor(kMinute);  // a short gap is bridged
  auto totals = ByNamespace(world, kStart, world.now);
  EXPECT_NEAR(totals.at("shop"), 0.06 * 69 / 60, 1e-7);
  EXPECT_NEAR(totals.at("__idle__"), (3 * 0.04 + 12 * 0.005) * 69 / 60, 1e-7);
  // cAdvisor: use is old.
  web.last_use = world.now;
  world.RunFor(3 * kMinute);
  EXPECT_NEAR(shop(world), 0.06 * 72 / 60, 1e-7);
  world.RunFor(2 * kMinute);
  EXPECT_NEAR(shop(world), 0.06 * 72 / 60, 1e-7);
  web.last_use = world.now + kMinute;
  world.RunFor(kMinute);
  EXPECT_NEAR(shop(world), 0.06 * 75 / 60, 1e-7);
  // What stays away for a day is gone, and the rest counts.
  world.book = std::make_shared<FakeBook>();
  for (int hour = 0; hour < 25 * 60; ++hour) {
    web.last_use = world.now;
    world.RunFor(kMinute);
  }
  EXPECT_GT(shop(world), 0.06 * 75 / 60 + 0.03);
}

// After a restart nothing has been sent yet, then only a part.
TEST(CostEngine, AStartWaitsForSamples) {
  CostWorld world(kStart);
  world.book->AddNode("n1", 4, 16);
  world.inventory.Add("shop", "web", "n1", 1, 4);
  world.RunFor(kHour);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  const auto book = world.book;
  const auto containers = world.inventory.all;
  world.book = std::make_shared<FakeBook>();
  world.inventory.all.clear();
  world.now += 6 * kMinute;
  world.Start();
  world.RunFor(kMinute);
  world.inventory.all = containers;
  world.RunFor(kMinute);
  world.book = book;
  world.RunFor(kMinute);
  const auto totals = ByNamespace(world, kStart, world.now);
  EXPECT_NEAR(totals.at("shop"), 0.06 * 69 / 60, 1e-7);
  EXPECT_NEAR(totals.at("__idle__"), (3 * 0.04 + 12 * 0.005) * 69 / 60, 1e-7);
  EXPECT_EQ(world.engine->stats().unwatched, 0);
  // The very first start: there was nothing to miss.
  CostWorld fresh(kStart);
  fresh.RunFor(3 * kHour);
  EXPECT_EQ(fresh.engine->stats().unwatched, 0);
  fresh.inventory.Add("shop", "web", "", 1, 0);
  fresh.RunFor(kHour);
  EXPECT_NEAR(ByNamespace(fresh, kStart, fresh.now).at("shop"), 0.04, 1e-7);
}

TEST(CostEngine, ARestartAcrossTheMonthIsBridgedAndSaid) {
  const Timestamp january = kStart + 31 * kDay;
  CostWorld world(january - kHour);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.RunFor(56 * kMinute);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now = january + 3 * kMinute;
  world.Start();
  world.RunFor(kMinute);
  EXPECT_NEAR(ByNamespace(world, january - kHour, world.now).at("shop"), 0.04 * 64 / 60, 1e-7);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.now = january + 45 * kDay;  // a whole month is missed
  world.Start();
  world.RunFor(kMinute);
  EXPECT_EQ(world.engine->stats().unwatched, 45 * kDay - 3 * kMinute - CostEngine::kLongestGap);
}

// A clock that was ahead by a week goes back: it counts and saves at once.
TEST(CostEngine, AClockThatGoesBack) {
  CostWorld world(kStart + 7 * kDay);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.RunFor(10 * kMinute);
  world.now = kStart;
  world.RunFor(10 * kMinute);
  EXPECT_NEAR(ByNamespace(world, kStart, world.now).at("shop"), 0.04 * 9 / 60, 1e-7);
  world.Start();  // killed: what a minute ago was saved is there
  EXPECT_NEAR(ByNamespace(world, kStart, world.now).at("shop"), 0.04 * 8.5 / 60, 0.51 * 0.04 / 60);
}

// Labels are told by their names, whatever their order in the configuration is now.
TEST(CostEngine, LabelsKeepTheirNames) {
  CostSettings options;
  options.labels = {"app", "tier"};
  CostWorld world(kStart, options);
  world.inventory.Add("shop", "web", "", 1, 0);
  const auto run = [&](DurationMs time) {
    for (const Timestamp end = world.now + time; world.now < end;) {
      world.windows.Add(Labels({{"__name__", "kube_pod_labels"},
                                {"namespace", "shop"},
                                {"pod", "web-1"},
                                {"label_app", "front"},
                                {"label_tier", "gold"}}),
                        world.now, 1);
      world.RunFor(kMinute);
    }
  };
  const auto by = [&](size_t label) {
    AllocationQuery query;
    query.from = kStart;
    query.to = world.now;
    query.aggregate = {CostColumn{CostColumn::Field::kLabel, label}};
    std::map<std::string, double> totals;
    const auto sets = world.engine->Allocation(query, world.now);
    EXPECT_TRUE(sets.ok()) << sets.status();
    for (const AllocationRow& row : sets->front().rows) totals[row.name] = ToUnits(row.Total());
    return totals;
  };
  run(25 * kHour);
  ASSERT_EQ(by(0).count("front"), 1U);
  world.options.labels = {"tier", "zone", "app"};
  world.engine->Replace(world.options);  // a reload
  run(kHour);
  EXPECT_NEAR(by(0).at("gold"), 26 * 0.04, 1e-6);
  EXPECT_NEAR(by(2).at("front"), 26 * 0.04, 1e-6);
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.options.labels = {"app"};
  world.Start();  // a restart
  run(kHour);
  EXPECT_NEAR(by(0).at("front"), 27 * 0.04, 1e-6);
  EXPECT_EQ(by(0).size(), 1U);
}

// The series of yesterday are of yesterday: after days of silence there are none.
TEST(CostEngine, NothingIsSaidOfAYesterdayThatNobodyWatched) {
  const std::string daily = R"(outrider_cost_daily_dollars{namespace="shop"})";
  CostWorld world(kStart);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.RunFor(2 * kDay + kHour);
  EXPECT_EQ(world.Series().count(daily), 1U);
  world.now += 2 * kDay;
  world.RunFor(kHour);
  EXPECT_EQ(world.Series().count(daily), 0U);
}

// Infinite and absurd values poison nothing.
TEST(CostEngine, AbsurdValuesAreLeftOut) {
  CostWorld world(kStart);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.inventory.Add("shop", "mad", "", HUGE_VAL, 0);
  world.inventory.Add("shop", "odd", "", 1e300, std::nan("")).used_cores = -HUGE_VAL;
  for (const double value : {HUGE_VAL, 1e300, std::nan("")}) {
    const std::string name = std::to_string(value);
    world.windows.Add(
        Labels({{"__name__", "kube_persistentvolume_capacity_bytes"}, {"persistentvolume", name}}),
        kStart, value);
  }
  world.RunFor(3 * kMinute);
  EXPECT_NEAR(ByNamespace(world, kStart, world.now).at("shop"), 0.04 * 3 / 60, 1e-7);
  CostAmounts sum;
  CostAmounts huge;
  huge.cost[0] = huge.cost[1] = huge.idle_share[0] = huge.overhead = huge.time = INT64_MAX;
  sum.Add(huge);
  sum.Add(huge);
  EXPECT_EQ(sum.Total(), INT64_MAX);
  EXPECT_EQ(sum.IdleShares(), INT64_MAX);
  EXPECT_EQ(sum.time, INT64_MAX);
}

TEST(CostEngine, WhatAlreadyRunsButHoldsNothing) {
  CostWorld world(kStart);
  world.inventory.Add("shop", "web", "", 1, 0).init = true;  // only its use counts
  world.inventory.Add("shop", "new", "", 1, 0).phase = PodPhase::kPending;
  FakeContainer& parked = world.inventory.Add("shop", "late", "", 1, 0);
  parked.workload = {};  // its owner is not known yet
  world.RunFor(kHour);
  const auto totals = ByNamespace(world, kStart, world.now);
  EXPECT_NEAR(totals.at("shop"), 0.04, 1e-7);
}

// node_exporter on a machine without Kubernetes: it costs what it has.
TEST(CostEngine, MachinesAreNodes) {
  CostWorld world(kStart);
  world.inventory.all.push_back({"", "", "db1:9100", {"", "db1:9100", "Host"}, 8, 32, 2, 10});
  world.inventory.all.push_back({"", "", "db1:9256", {"", "postgres", "Process"}, 0, 0, 1.5, 8});
  // A Kubernetes node's node_exporter counts once, as the node.
  world.book->AddNode("n1", 4, 16);
  world.windows.Add(
      Labels({{"__name__", "kube_node_info"}, {"node", "n1"}, {"internal_ip", "10.0.0.1"}}), kStart,
      1);
  world.inventory.all.push_back(
      {"", "", "10.0.0.1:9100", {"", "10.0.0.1:9100", "Host"}, 4, 16, 1, 1});
  world.RunFor(kMinute);
  AllocationQuery query;
  query.from = kStart;
  query.to = world.now;
  query.aggregate = {CostColumn{CostColumn::Field::kNode, 0},
                     CostColumn{CostColumn::Field::kWorkload, 0}};
  query.include_idle = true;
  const auto sets = world.engine->Allocation(query, world.now);
  ASSERT_TRUE(sets.ok());
  std::map<std::string, double> totals;
  for (const AllocationRow& row : sets->front().rows) totals[row.name] = ToUnits(row.Total()) * 60;
  EXPECT_NEAR(totals.at("db1/postgres"), 1.5 * 0.04 + 8 * 0.005, 1e-6);
  EXPECT_NEAR(totals.at("db1/db1:9100"), 0.5 * 0.04 + 2 * 0.005, 1e-6);
  EXPECT_NEAR(totals.at("__idle__"), 6 * 0.04 + 22 * 0.005 + 4 * 0.04 + 16 * 0.005, 1e-6);
}

TEST(CostEngine, VolumesTrafficLoadBalancersTeams) {
  CostSettings options;
  options.labels = {"app.kubernetes.io/name"};
  options.teams = {{"ops", {"kube-system"}}};
  options.egress = Egress::kInternet;
  CostWorld world(kStart, options);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.inventory.Add("kube-system", "dns", "", 1, 0);
  const auto add = [&](Labels labels, double value) {
    world.windows.Add(labels, world.now, value);
  };
  const auto scrape = [&](double gib) {
    add(Labels({{"__name__", "kube_pod_labels"},
                {"namespace", "shop"},
                {"pod", "web-1"},
                {"label_team", "buyers"},
                {"label_app_kubernetes_io_name", "web"}}),
        1);
    add(Labels({{"__name__", "kube_persistentvolumeclaim_info"},
                {"namespace", "shop"},
                {"persistentvolumeclaim", "data"},
                {"storageclass", "fast"},
                {"volumename", "pv1"}}),
        1);
    add(Labels({{"__name__", "kube_persistentvolume_capacity_bytes"}, {"persistentvolume", "pv1"}}),
        100 * kTestGib);
    add(Labels({{"__name__", "kube_persistentvolume_capacity_bytes"}, {"persistentvolume", "pv2"}}),
        10 * kTestGib);
    add(Labels({{"__name__", "kube_pod_spec_volumes_persistentvolumeclaims_info"},
                {"exported_namespace", "shop"},
                {"namespace", "monitoring"},
                {"exported_pod", "web-1"},
                {"pod", "ksm-1"},
                {"persistentvolumeclaim", "data"}}),
        1);
    add(Labels({{"__name__", "kube_service_spec_type"},
                {"namespace", "shop"},
                {"service", "front"},
                {"type", "LoadBalancer"}}),
        1);
    add(Labels({{"__name__", "container_network_transmit_bytes_total"},
                {"namespace", "shop"},
                {"pod", "web-1"},
                {"interface", "eth0"}}),
        gib * kTestGib);
  };
  for (int minute = 0; minute <= 60; ++minute) {
    scrape(minute);
    world.RunFor(kMinute);
  }
  AllocationQuery query;
  query.from = kStart;
  query.to = world.now;
  query.aggregate = {CostColumn{CostColumn::Field::kTeam, 0}};
  const auto sets = world.engine->Allocation(query, world.now);
  ASSERT_TRUE(sets.ok());
  std::map<std::string, CostAmounts> teams;
  for (const AllocationRow& row : sets->front().rows) teams[row.name] = row.amounts;
  const CostAmounts& buyers = teams.at("buyers");
  const double hours = 61.0 / 60;
  EXPECT_NEAR(ToUnits(buyers.Cost(CostResource::kStorage)), 100 * 0.0002 * hours, 1e-6);
  EXPECT_NEAR(ToUnits(buyers.Cost(CostResource::kNetwork)), 60 * 0.09, 1e-6);
  EXPECT_NEAR(buyers.sent_bytes, 60 * kTestGib, 1);
  EXPECT_NEAR(ToUnits(teams.at("ops").Total()), 0.04 * hours, 1e-6);
  // The service's namespace has no team; nor has what nobody mounts.
  EXPECT_NEAR(ToUnits(teams.at("__unallocated__").Total()), 0.025 * hours + 10 * 0.0001 * hours,
              1e-6);
}

TEST(CostEngine, BudgetsAndTheirForecast) {
  CostSettings options;
  options.budgets = {{.name = "shop", .amount = 20, .namespaces = {"shop"}},
                     {.name = "all", .amount = 1000}};
  CostWorld world(kStart, options);
  world.inventory.Add("shop", "web", "", 1, 0);
  world.inventory.Add("other", "x", "", 1, 0);
  world.RunFor(10 * kDay + 12 * kHour);
  const auto budgets = world.engine->Budgets();
  ASSERT_EQ(budgets.size(), 2U);
  EXPECT_NEAR(budgets[0].spent, 252 * 0.04, 1e-5);
  EXPECT_NEAR(budgets[0].forecast.expected, 744 * 0.04, 1e-4);
  EXPECT_EQ(budgets[0].threshold, 0.5);
  EXPECT_NEAR(budgets[1].spent, 252 * 0.08, 3e-5);
  EXPECT_EQ(budgets[1].threshold, 0);
  const auto series = world.Series();
  EXPECT_NEAR(series.at(R"(outrider_cost_budget_spent_ratio{budget="shop"})"), 0.504, 1e-6);
  EXPECT_NEAR(series.at(R"(outrider_cost_budget_forecast_ratio{budget="shop"})"), 1.488, 1e-5);
  // A new month begins at nothing.
  world.RunFor(21 * kDay);
  EXPECT_NEAR(world.engine->Budgets()[0].spent, 12 * 0.04, 1e-6);
}

TEST(CostEngine, ADayUnlikeItsPast) {
  CostWorld world(kStart);
  world.inventory.Add("shop", "web", "", 10, 0);
  world.inventory.Add("calm", "x", "", 10, 0);
  // A little more and less each day, and a weekend.
  for (int day = 0; day < 28; ++day) {
    for (FakeContainer& one : world.inventory.all) {
      one.cores = (day % 7 >= 5 ? 6 : 10) + 0.1 * (day * 7 % 5);
    }
    world.RunFor(kDay);
    for (const CostAnomaly& one : world.engine->Anomalies()) {
      EXPECT_FALSE(one.score >= 1)
          << "day " << day << " " << one.namespace_name << " " << one.score;
    }
  }
  for (FakeContainer& one : world.inventory.all)
    one.cores = one.namespace_name == "shop" ? 25 : 10.2;
  world.RunFor(kDay + kMinute);
  std::map<std::string, double> scores;
  for (const CostAnomaly& one : world.engine->Anomalies()) scores[one.namespace_name] = one.score;
  EXPECT_GE(scores.at("shop"), 1);
  EXPECT_LT(scores.at("calm"), 1);
  // The same after a restart: it follows from the days.
  ASSERT_TRUE(world.engine->Save(Durability::kSynced).ok());
  world.Start();
  for (const CostAnomaly& one : world.engine->Anomalies()) {
    EXPECT_EQ(one.score, scores.at(one.namespace_name));
  }
}

}  // namespace
}  // namespace outrider
