// SPDX-License-Identifier: Apache-2.0
// Facts told by two series, facts of more containers than are read each time, and the first look at
// windows that hold a day.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "fmt/format.h"
#include "rules/capacity/series_stream.h"
#include "storage/window/windows.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

constexpr const char* kApp = "namespace=shop,pod=db-0,container=app";
constexpr double kGib = 1024 * kMebi;

Timestamp At(int minute) { return kWorldStart + minute * kMinute; }

void Use(StreamWorld* world, int minute, double gib = .3) {
  world->Cpu(kApp, At(minute), .5);
  world->Add("container_memory_working_set_bytes", kApp, At(minute), gib * kGib);
}

ContainerDemand SavedDemand(CapacityEngine& engine, MemoryStore& store, Timestamp now) {
  EXPECT_TRUE(engine.Save(now, CapacityEngine::Part::kAll).ok());
  ContainerDemand demand;
  EXPECT_TRUE(store
                  .Scan(Family::kCapacity, "", "",
                        [&](const Row& row) {
                          RowReader in(row.value, 2, "a row");
                          in.I64();
                          demand.Load(in);
                          return true;
                        })
                  .ok());
  return demand;
}

// Two scrapers, and the machine before a restart, whose series ended.
TEST(ToldTwice, AJavaHeapCountsOnce) {
  StreamWorld world;
  MemoryStore store;
  auto engine = world.Make(&store);
  for (int minute = 0; minute < 30; ++minute) {
    Use(&world, minute);
    for (const char* instance : {"a", "b", "old"}) {
      for (const auto& [pool, most] : {std::pair("eden", 100.0), std::pair("old", 300.0)}) {
        const auto labels = fmt::format("{},area=heap,id={},instance={}", kApp, pool, instance);
        const bool ended = std::string_view(instance) == "old";
        if (ended && minute > 2) continue;
        const double value = ended ? 2 * most : most;
        world.Add("jvm_memory_max_bytes", labels, At(minute),
                  ended && minute == 2 ? StaleNan() : value * kMebi);
        world.Add("jvm_memory_committed_bytes", labels, At(minute),
                  ended && minute == 2 ? StaleNan() : value * kMebi / 2);
      }
    }
    engine->Run(At(minute) + kSecond);
  }
  const ContainerDemand demand = SavedDemand(*engine, store, At(30));
  EXPECT_NEAR(demand.heap_max(), 400 * kMebi, 1);
  EXPECT_NEAR(demand.heap_committed(), 200 * kMebi, 1);
}

TEST(ToldTwice, AnAutoscalersTargetStaysWhileOneTellsIt) {
  StreamWorld world;
  auto engine = world.Make();
  const auto target = [](const char* instance, const char* metric) {
    return ParseLabels(fmt::format("namespace=shop,horizontalpodautoscaler=db-hpa,instance={},"
                                   "metric_name={},metric_target_type=utilization",
                                   instance, metric))
        .With(kMetricName, "kube_horizontalpodautoscaler_spec_target_metric");
  };
  for (int minute = 0; minute < 10; ++minute) {
    Use(&world, minute);
    world.Add("kube_horizontalpodautoscaler_info",
              "namespace=shop,horizontalpodautoscaler=db-hpa,scaletargetref_kind=StatefulSet,"
              "scaletargetref_name=db",
              At(minute), 1);
    for (const char* metric : {"cpu", "queue"}) {
      world.windows.Add(target("a", metric), At(minute), 70);
      if (minute < 5) world.windows.Add(target("b", metric), At(minute), 70);
    }
    if (minute == 5) {
      world.windows.Forget(target("b", "cpu"));
      world.windows.Forget(target("b", "queue"));
    }
    if (minute == 8) break;
    engine->Run(At(minute) + kSecond);
  }
  ASSERT_TRUE(engine->Recommendations()[0].hpa.has_value());
  EXPECT_EQ(engine->Recommendations()[0].hpa->cpu_target, .7);
  EXPECT_TRUE(engine->Recommendations()[0].hpa->other_metrics);
  world.windows.Forget(target("a", "cpu"));
  world.windows.Forget(target("a", "queue"));
  for (int minute = 9; minute < 30; ++minute) {
    Use(&world, minute);
    engine->Run(At(minute) + kSecond);
  }
  EXPECT_FALSE(engine->Recommendations()[0].hpa->cpu_target.has_value());
  EXPECT_FALSE(engine->Recommendations()[0].hpa->other_metrics);
}

// The resident part of a container's memory is looked at every quarter of an hour: a peak between
// must not be taken for file cache.
TEST(BeyondAFew, APeakOfResidentMemoryIsSeen) {
  StreamWorld world;
  auto engine = world.Make();
  for (size_t i = 0; i < SeriesStream::kFew + 100; ++i) {
    world.Add("container_memory_rss", fmt::format("namespace=shop,pod=o-{},container=x", i), At(0),
              1);
  }
  for (int minute = 0; minute < 60; ++minute) {
    const bool peak = minute == 23;
    Use(&world, minute, peak ? 3.0 : 1.0);
    world.Add("container_memory_rss", kApp, At(minute), (peak ? 2.9 : .9) * kGib);
    engine->Run(At(minute) + kSecond);
  }
  const auto all = engine->Recommendations();
  ASSERT_FALSE(all.empty());
  EXPECT_NEAR(all[0].memory.recommended.target / kGib, (2.9 + .25 * .1) * 1.1, .01);
}

TEST(BeyondAFew, EverySeriesIsFoundAndHasItsTurn) {
  struct Count final : SeriesStream::Owner {
    Admission Admit(const Labels& labels) override {
      names.push_back(std::string(labels.Get("n")));
      taken.push_back(0);
      return {.slot = static_cast<uint32_t>(taken.size() - 1)};
    }
    void Take(uint32_t slot, double* /*memo*/, std::span<const Timestamp> times,
              std::span<const double> /*values*/) override {
      taken[slot] += times.size();
    }
    void Gone(uint32_t slot, double /*memo*/) override { gone.push_back(names[slot]); }
    std::vector<std::string> names;
    std::vector<size_t> taken;
    std::vector<std::string> gone;
  };
  FakeWindows windows;
  constexpr size_t kSeries = SeriesStream::kFew + 50;
  const auto labels = [](size_t i) {
    return ParseLabels(fmt::format("n={}", i)).With(kMetricName, "m");
  };
  SeriesStream stream({Matcher::Equal(std::string(kMetricName), "m")}, windows, kMinute);
  Count count;
  constexpr int kMinutes = 31;
  for (int minute = 0; minute < kMinutes; ++minute) {
    for (size_t i = 0; i < kSeries; ++i) {
      if (i % 10 == 3 && minute >= 10) continue;
      windows.Add(labels(i), At(minute), 1);
    }
    if (minute == 10) {
      for (size_t i = 3; i < kSeries; i += 10) windows.Forget(labels(i));
    }
    stream.Find(At(minute), count);
    stream.FollowSome(At(minute), 15 * kMinute, count);
  }
  EXPECT_EQ(count.names.size(), kSeries);
  EXPECT_EQ(count.gone.size(), kSeries / 10);
  EXPECT_EQ(stream.size(), kSeries - kSeries / 10);
  for (size_t i = 0; i < kSeries; ++i) {
    if (count.names[i].ends_with('3')) continue;
    EXPECT_GE(count.taken[i], 15U) << "all but those of the last quarter of an hour";
  }
}

// A clock that is set back lets nothing wait; a sender whose clock is ahead loses nothing.
TEST(Clocks, NewSeriesAreFoundAfterOneIsSetBack) {
  struct Count final : SeriesStream::Owner {
    Admission Admit(const Labels& /*labels*/) override { return {.slot = found++}; }
    void Take(uint32_t /*slot*/, double* /*memo*/, std::span<const Timestamp> times,
              std::span<const double> /*values*/) override {
      taken += times.size();
    }
    void Gone(uint32_t /*slot*/, double /*memo*/) override {}
    uint32_t found = 0;
    size_t taken = 0;
  };
  FakeWindows windows;
  const auto add = [&](size_t i, Timestamp time) {
    windows.Add(ParseLabels(fmt::format("n={}", i)).With(kMetricName, "m"), time, 1);
  };
  SeriesStream stream({Matcher::Equal(std::string(kMetricName), "m")}, windows, kMinute);
  Count count;
  for (size_t i = 0; i <= SeriesStream::kFew; ++i) add(i, At(100));
  stream.ReadNew(At(100), count);
  EXPECT_EQ(count.taken, SeriesStream::kFew + 1);
  add(1000, At(10));
  stream.ReadNew(At(10), count);
  EXPECT_EQ(count.found, SeriesStream::kFew + 2);
  EXPECT_EQ(count.taken, SeriesStream::kFew + 2);
  add(1001, At(12) + 5 * kSecond);
  stream.ReadNew(At(12), count);
  EXPECT_EQ(count.found, SeriesStream::kFew + 3);
  EXPECT_EQ(count.taken, SeriesStream::kFew + 2);
  EXPECT_EQ(stream.size(), 1U);
  stream.ReadNew(At(13), count);
  EXPECT_EQ(count.taken, SeriesStream::kFew + 3);
  EXPECT_EQ(stream.size(), 0U);
}

TEST(Clocks, JudgementsGoOnAfterOneIsSetBack) {
  StreamWorld world;
  auto engine = world.Make();
  for (int minute = 100; minute < 110; ++minute) {
    Use(&world, minute);
    engine->Run(At(minute) + kSecond);
  }
  const double before = engine->Recommendations()[0].cpu.mean_use;
  // An hour back; the pod is new there.
  for (int minute = 40; minute < 50; ++minute) {
    world.Add("container_cpu_usage_seconds_total", "namespace=shop,pod=db-1,container=app",
              At(minute), minute * 60 * 2);
    engine->Run(At(minute) + kSecond);
  }
  EXPECT_GT(engine->Recommendations()[0].cpu.mean_use, before * 2);
}

// Two pods of half a core each, for a day.
void ScrapeWeb(StreamWorld* world, int minute) {
  for (const char* pod : {"web-7d4b9c6f5d-x2k9p", "web-7d4b9c6f5d-b4c5d"}) {
    const std::string labels = fmt::format("namespace=shop,pod={},container=app", pod);
    world->Add("container_cpu_usage_seconds_total", labels, At(minute), minute * 60 * .5);
    world->Add("container_memory_working_set_bytes", labels, At(minute), 100 * kMebi);
  }
}

// A start beside windows that hold a day: the past six hours, all replicas in step.
TEST(FirstStart, ReadsThePastHourByHour) {
  constexpr int kDayMinutes = 24 * 60;
  // What is advised of replicas goes with the request that is advised, whatever is set.
  for (const double request : {.55, 4.0}) {
    StreamWorld world;
    for (int minute = 0; minute <= kDayMinutes; ++minute) ScrapeWeb(&world, minute);
    for (const char* pod : {"web-7d4b9c6f5d-x2k9p", "web-7d4b9c6f5d-b4c5d"}) {
      world.Add("kube_pod_container_resource_requests",
                fmt::format("namespace=shop,pod={},container=app,resource=cpu", pod),
                At(kDayMinutes), request);
    }
    auto engine = world.Make();
    engine->Rebuild(At(kDayMinutes) + kSecond);
    engine->Run(At(kDayMinutes) + kSecond);
    const auto all = engine->Recommendations();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_NEAR(static_cast<double>(all[0].cpu.samples), 2 * 6 * 60, 4) << "six hours of two pods";
    EXPECT_DOUBLE_EQ(all[0].cpu.recommended.target, .55);
    ASSERT_TRUE(all[0].replicas.has_value());
    EXPECT_EQ(all[0].replicas->replicas, 4U) << all[0].replicas->reason;
  }
}

// Read after a restart: samples from before the container's newest start are no start-up.
TEST(FirstStart, WhatCameBeforeTheNewestStartIsNoStartUp) {
  StreamWorld world;
  for (int minute = 0; minute < 60; ++minute) Use(&world, minute);
  // The counter's steps are of 15 s of half a core.
  world.Add("container_start_time_seconds", kApp, At(59), static_cast<double>(At(58)) / kSecond);
  auto engine = world.Make();
  engine->Rebuild(At(60));
  engine->Run(At(60));
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NEAR(all[0].cpu.recommended.target, .125 * 1.1, .005);
}

TEST(Machines, ThoseThatAreNodesAreKnown) {
  StreamWorld world;
  auto engine = world.Make();
  for (int minute = 0; minute < 5; ++minute) {
    world.Add("kube_node_info", "node=worker-1,internal_ip=10.0.0.1", At(minute), 1);
    for (const char* instance : {"10.0.0.1:9100", "worker-1", "10.0.0.2:9100"}) {
      world.Add("node_cpu_seconds_total",
                fmt::format("cpu=0,mode=idle,instance={},job=node", instance), At(minute),
                minute * 30);
    }
    engine->Run(At(minute) + kSecond);
  }
  std::map<std::string, bool> nodes;
  for (const Recommendation& one : engine->Recommendations()) {
    nodes[one.key.workload] = one.is_node;
  }
  EXPECT_EQ(nodes, (std::map<std::string, bool>{
                       {"10.0.0.1:9100", true}, {"10.0.0.2:9100", false}, {"worker-1", true}}));
}

// A pod keeps its owner when kube-state-metrics is away for longer than its series are kept.
TEST(Owners, AreNotReplacedByGuesses) {
  StreamWorld world;
  auto engine = world.Make();
  const auto owner = [](const char* pod) {
    return ParseLabels(
               fmt::format("namespace=shop,pod={},owner_kind=Cluster,owner_name=postgres", pod))
        .With(kMetricName, "kube_pod_owner");
  };
  for (int minute = 0; minute < 60; ++minute) {
    Use(&world, minute);
    if (minute < 10) world.windows.Add(owner("db-0"), At(minute), 1);
    if (minute == 10) world.windows.Forget(owner("db-0"));
    engine->Run(At(minute) + kSecond);
  }
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].key.workload_kind, "Cluster");
}

// The percentile of a pod that died counts for two weeks, not for the hours until its series leave.
TEST(Owners, ADeadPodsPercentileIsKept) {
  StreamWorld world;
  CapacityOptions options;
  options.minimum_coverage = 30 * kSecond;
  options.minimum_samples = 3;
  options.policy = "krr";
  auto engine = *CapacityEngine::Create(options, world.windows, world.table);
  const auto scrape = [&](const char* pod, int minute, double cores) {
    world.Add("container_cpu_usage_seconds_total",
              fmt::format("namespace=shop,pod={},container=app", pod), At(minute),
              minute * 60 * cores);
  };
  for (int minute = 0; minute < 300; ++minute) {
    scrape("web-7d4b9c6f5d-b4c5d", minute, .1);
    if (minute < 90) scrape("web-7d4b9c6f5d-x2k9p", minute, .8);
    if (minute == 90) {
      world.Add("container_cpu_usage_seconds_total",
                "namespace=shop,pod=web-7d4b9c6f5d-x2k9p,container=app", At(minute), StaleNan());
    }
    engine->Run(At(minute) + kSecond);
  }
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NEAR(all[0].cpu.recommended.target, .8, .03);
}

// Pods come and go for half a day: what the stream follows is what the windows have.
TEST(BeyondAFew, WhatWentIsNotFollowed) {
  struct Count final : SeriesStream::Owner {
    Admission Admit(const Labels& /*labels*/) override { return {.slot = 0}; }
    void Take(uint32_t /*slot*/, double* /*memo*/, std::span<const Timestamp> /*times*/,
              std::span<const double> /*values*/) override {}
    void Gone(uint32_t /*slot*/, double /*memo*/) override { ++gone; }
    size_t gone = 0;
  } count;
  WindowsOptions options;
  options.unreferenced_retention = kHour;
  Windows windows(options);
  const std::vector<Matcher> matchers = {Matcher::Equal(std::string(kMetricName), "m")};
  SeriesStream stream(matchers, windows, kMinute);
  constexpr size_t kSeries = 2 * SeriesStream::kFew;
  size_t made = 0;  // the last kSeries of them have samples
  for (int minute = 0; minute < 12 * 60; ++minute) {
    made += minute == 0 ? kSeries : 2;
    for (size_t i = made - kSeries; i < made; ++i) {
      const Sample sample = {At(minute), 1};
      const Labels labels = ParseLabels(fmt::format("n={}", i)).With(kMetricName, "m");
      const std::vector<LabelView> views(labels.begin(), labels.end());
      windows.Append(views, {&sample, 1}, Origin::kRemote, At(minute));
    }
    if (minute % 5 == 0) windows.Expire();
    stream.Find(At(minute), count);
    stream.FollowSome(At(minute), 15 * kMinute, count);
  }
  EXPECT_GT(count.gone, 10 * 60U);
  EXPECT_LE(stream.size(), windows.Find(matchers).size() + 2 * 20);
}

// With many workloads all are looked at once a minute, not in every run.
TEST(BeyondAFew, WorkloadsAreCurrentWithinAMinute) {
  StreamWorld world;
  auto engine = world.Make();
  size_t there = CapacityEngine::kFew + 20;
  double cores = 1;
  Timestamp now = At(0);
  const auto run = [&] {
    for (size_t i = 0; i < there; ++i) {
      const auto labels = fmt::format("namespace=shop,pod=w{},container=app", i);
      world.Cpu(labels, now, cores);
      world.Add("container_memory_working_set_bytes", labels, now, kGib);
    }
    engine->Run(now + kSecond);
    now += kWorldScrape;
  };
  for (int i = 0; i < 4 * 10 + 1; ++i) run();  // the last one looks at all
  ASSERT_EQ(engine->Recommendations().size(), there);
  const auto costs = engine->Costs();
  ASSERT_EQ(costs.size(), there);
  there += 10;
  cores = 4;
  run();
  EXPECT_EQ(engine->Recommendations().size(), there - 10) << "not yet";
  EXPECT_EQ(engine->Costs().back().cpu.used, costs.back().cpu.used);
  for (int i = 0; i < 3; ++i) run();
  EXPECT_EQ(engine->Recommendations().size(), there) << "within a minute";
  EXPECT_EQ(engine->Costs().size(), there);
  EXPECT_GT(engine->Costs()[0].cpu.used, costs[0].cpu.used * 1.1);
  there = 0;
  for (int i = 0; i < 4 * 7; ++i) run();
  for (const Recommendation& one : engine->Recommendations()) EXPECT_EQ(one.pods, 0U);
  EXPECT_TRUE(engine->Costs().empty());
  EXPECT_EQ(world.table.size(), 0U) << "their series end";
}

}  // namespace
}  // namespace outrider
