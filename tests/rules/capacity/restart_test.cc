// SPDX-License-Identifier: Apache-2.0
// State over a restart, late owners, pods that come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fmt/format.h"
#include "storage/window/windows.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

Timestamp At(int scrape) { return kWorldStart + scrape * kWorldScrape; }

// Two deployments' pods and a machine; everything is a function of the scrape's number.
void Scrape(int i, StreamWorld* world) {
  const Timestamp time = At(i);
  for (const char* pod : {"web-7d4b9c6f5d-x2k9p", "web-7d4b9c6f5d-b4c5d", "db-0"}) {
    const std::string labels = fmt::format("namespace=shop,pod={},container=app", pod);
    world->Cpu(labels, time, .3 + .2 * std::sin(i * .01) + .01 * (i % 7));
    world->Add("container_memory_working_set_bytes", labels, time, (200 + i % 50) * kMebi);
  }
  for (const char* cpu : {"0", "1"}) {
    world->Add("node_cpu_seconds_total", fmt::format("cpu={},mode=idle,instance=n1,job=node", cpu),
               time, i * 10.0);
  }
  world->Add("node_memory_MemTotal_bytes", "instance=n1,job=node", time, 8e9);
  world->Add("node_memory_MemAvailable_bytes", "instance=n1,job=node", time, 5e9 + i * 1e5);
}

std::vector<std::string> Texts(const CapacityEngine& engine) {
  std::vector<std::string> texts;
  for (const Recommendation& one : engine.Recommendations()) {
    const auto text = [](const ResourceAdvice& advice) {
      return fmt::format("{} samples, {} ms, mean {:.6g}, p95 {:.4g}, max {:.6g}", advice.samples,
                         advice.coverage, advice.mean_use, advice.p95_use, advice.max_use);
    };
    texts.push_back(fmt::format("{} {} pods {} cpu {} memory {}", one.key.workload, one.pods,
                                one.pods_seen, text(one.cpu), text(one.memory)));
  }
  return texts;
}

TEST(CapacityRestart, GoesOnAsIfThereWereNone) {
  StreamWorld without;
  StreamWorld with;
  MemoryStore store;
  auto steady = without.Make();
  auto engine = with.Make(&store);
  constexpr int kScrapes = 700;
  for (int i = 0; i < kScrapes; ++i) {
    Scrape(i, &without);
    Scrape(i, &with);
    steady->Run(At(i) + kSecond);
    if (i == 300) {
      ASSERT_TRUE(engine->Save(At(i), CapacityEngine::Part::kAll).ok());
    }
    // It dies without a word, half an hour and more after all was saved, and is away for a while.
    if (i == 450) engine.reset();
    if (i == 500) {
      engine = with.Make(&store);
      engine->Rebuild(At(i) + kSecond);
    }
    if (engine != nullptr) engine->Run(At(i) + kSecond);
  }
  const Timestamp end = At(kScrapes) + CapacityEngine::kJudgeEvery;
  steady->Run(end);
  engine->Run(end);
  ASSERT_EQ(Texts(*engine).size(), 3U);
  EXPECT_EQ(Texts(*engine), Texts(*steady));
}

TEST(CapacityRestart, WhatWasSavedIsEnoughWithoutWindows) {
  StreamWorld world;
  StreamWorld later;
  MemoryStore store;
  auto engine = world.Make(&store);
  for (int i = 0; i < 100; ++i) {
    Scrape(i, &world);
    engine->Run(At(i) + kSecond);
  }
  engine->Run(At(100) + CapacityEngine::kJudgeEvery);
  const auto before = engine->Recommendations();
  ASSERT_TRUE(engine->Save(At(100), CapacityEngine::Part::kAll).ok());
  // Days later, with other windows; a machine and a pod are back.
  engine = later.Make(&store);
  const int now = 2 * 24 * 240;
  engine->Rebuild(At(now));
  for (int i = now; i < now + 6; ++i) {
    Scrape(i, &later);
    engine->Run(At(i) + kSecond);
  }
  const auto after = engine->Recommendations();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_GT(after[i].cpu.samples, before[i].cpu.samples);
    EXPECT_LE(after[i].cpu.samples, before[i].cpu.samples + 12);
  }
}

// What a guess had gathered is written with its new owner before its own row goes.
TEST(CapacityRestart, ALateOwnersRowIsThereAtOnce) {
  StreamWorld world;
  MemoryStore store;
  auto engine = world.Make(&store);
  const auto scrape = [&](int i) {
    for (int other = 0; other < 50; ++other) {
      world.Cpu(fmt::format("namespace=a{},pod=db-0,container=app", other), At(i), .1);
    }
    world.Cpu("namespace=shop,pod=web-7d4b9c6f5d-x2k9p,container=app", At(i), .5);
  };
  int i = 0;
  for (; i < 20; ++i) {
    scrape(i);
    engine->Run(At(i) + kSecond);
  }
  ASSERT_TRUE(engine->Save(At(i), CapacityEngine::Part::kAll).ok());
  world.Add("kube_pod_owner",
            "namespace=shop,pod=web-7d4b9c6f5d-x2k9p,owner_kind=Rollout,owner_name=late", At(i), 1);
  scrape(i);
  engine->Run(At(i) + kSecond);
  ASSERT_TRUE(engine->Save(At(i) + kSecond, CapacityEngine::Part::kNext).ok());
  engine.reset();
  std::string keys;
  ASSERT_TRUE(store
                  .Scan(Family::kCapacity, "", "",
                        [&](const Row& row) {
                          if (Contains(row.key, "shop")) keys += row.key;
                          return true;
                        })
                  .ok());
  EXPECT_THAT(keys, testing::HasSubstr("late"));
  EXPECT_THAT(keys, testing::Not(testing::HasSubstr("web")));
}

TEST(CapacityRestart, SavesInTurn) {
  StreamWorld world;
  MemoryStore store;
  auto engine = world.Make(&store);
  const auto rows = [&] {
    size_t count = 0;
    EXPECT_TRUE(store
                    .Scan(Family::kCapacity, "", "",
                          [&](const Row&) {
                            ++count;
                            return true;
                          })
                    .ok());
    return count;
  };
  for (int i = 0; i <= 44; ++i) {
    Scrape(i, &world);
    engine->Run(At(i) + kSecond);
    ASSERT_TRUE(engine->Save(At(i) + kSecond, CapacityEngine::Part::kNext).ok());
    if (i == 1) {
      EXPECT_LT(rows(), 3U) << "not all at once";
    }
  }
  EXPECT_EQ(rows(), 3U) << "all within the period";
}

TEST(CapacityRestart, ABrokenRowBeginsAnew) {
  StreamWorld world;
  MemoryStore store;
  Batch batch;
  batch.Put(Family::kCapacity, std::string("\0shop\0db\0StatefulSet\0app\0", 25), "\x01\xff\xff");
  batch.Put(Family::kCapacity, "short", "\x01");
  ASSERT_TRUE(store.Commit(batch, Durability::kBuffered).ok());
  auto engine = world.Make(&store);
  engine->Rebuild(At(0));
  for (int i = 0; i < 10; ++i) {
    Scrape(i, &world);
    engine->Run(At(i) + kSecond);
  }
  EXPECT_EQ(engine->Recommendations().size(), 3U);
  EXPECT_EQ(engine->stats().lost_rows, 2U);
}

// Without what was held last and how long it ran.
TEST(CapacityRestart, ARowOfBeforeIsRead) {
  ContainerDemand demand;
  ContainerInstance instance;
  for (int i = 0; i < 100; ++i) demand.AddCpu(At(i), .5, {}, &instance);
  RowWriter out(1);
  out.I64(At(99));
  demand.Save(out);
  out.U64(1).Text("nightly-1-abcde");
  instance.Save(out);
  Batch batch;
  batch.Put(Family::kCapacity, std::string("\0batch\0nightly\0CronJob\0job\0", 27), out.Take());
  MemoryStore store;
  ASSERT_TRUE(store.Commit(batch, Durability::kBuffered).ok());
  StreamWorld world;
  auto engine = world.Make(&store);
  engine->Rebuild(At(200));
  engine->Run(At(200));
  EXPECT_EQ(engine->stats().lost_rows, 0U);
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].cpu.samples, 100U);
  EXPECT_FALSE(all[0].cpu.request) << "not known any more";
}

TEST(CapacityRestart, PodsOfOneGuessMoveTogether) {
  StreamWorld world;
  MemoryStore store;
  auto engine = world.Make(&store);
  const auto owner = [&](const char* pod, int i) {
    world.Add(
        "kube_pod_owner",
        fmt::format("namespace=shop,pod={},owner_kind=ReplicaSet,owner_name=web-7d4b9c6f5d", pod),
        At(i), 1);
  };
  int i = 0;
  for (; i < 20; ++i) {
    Scrape(i, &world);
    engine->Run(At(i) + kSecond);
  }
  // The pods' names said Deployment; their replica set belongs to a Rollout.
  ASSERT_TRUE(engine->Save(At(i), CapacityEngine::Part::kAll).ok());
  for (; i < 30; ++i) {
    Scrape(i, &world);
    owner("web-7d4b9c6f5d-x2k9p", i);
    owner("web-7d4b9c6f5d-b4c5d", i);
    world.Add("kube_replicaset_owner",
              "namespace=shop,replicaset=web-7d4b9c6f5d,owner_kind=Rollout,owner_name=web", At(i),
              1);
    engine->Run(At(i) + kSecond);
  }
  engine->Run(At(i) + CapacityEngine::kJudgeEvery);
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].key, (WorkloadKey{"shop", "web", "Rollout"}));
  EXPECT_EQ(all[2].cpu.samples, 2 * 29U) << "what was put down to the guess came along";
  ASSERT_TRUE(engine->Save(At(i), CapacityEngine::Part::kAll).ok());
  size_t rows = 0;
  ASSERT_TRUE(store
                  .Scan(Family::kCapacity, "", "",
                        [&](const Row& row) {
                          EXPECT_EQ(row.key.find("Deployment"), std::string::npos);
                          ++rows;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(rows, 3U);
}

// A pod is replaced every five minutes for a day, in real windows with short retention: what is
// known of pods does not grow.
TEST(CapacityChurn, NothingGrows) {
  WindowsOptions window_options;
  window_options.retention = 2 * kHour;
  window_options.unreferenced_retention = kHour;
  Windows windows{window_options};
  DerivedTable table;
  CapacityOptions options;
  const auto engine = *CapacityEngine::Create(options, windows, table);
  uint64_t most_early = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    const Timestamp time = kWorldStart + i * kMinute;
    std::vector<LabeledSample> samples;
    for (int pod = 0; pod < 3; ++pod) {
      const int generation = (i + pod * 2) / 5;
      const std::string labels =
          fmt::format("namespace=shop,pod=web-7d4b9c6f5d-{:05d}{}", generation, pod);
      const auto add = [&](const char* metric, const std::string& more, double value) {
        samples.push_back({ParseLabels(labels + more).With(kMetricName, metric), {time, value}});
      };
      add("container_cpu_usage_seconds_total", ",container=app", i * 6.0);
      add("container_memory_working_set_bytes", ",container=app", 200 * kMebi);
      add("kube_pod_owner", ",owner_kind=DaemonSet,owner_name=web", 1);
      add("kube_pod_status_phase", ",phase=Running", 1);
      add("kube_pod_container_resource_requests", ",container=app,resource=cpu", 1);
    }
    windows.AppendBatch(samples, Origin::kRemote, time);
    if (i % 30 == 0) windows.Expire();
    engine->Run(time + kSecond);
    if (i < 6 * 60) most_early = std::max(most_early, engine->stats().series);
  }
  EXPECT_LE(engine->stats().series, most_early);
  EXPECT_LE(engine->stats().containers, 6U) << "without markers one counts for five minutes more";
  EXPECT_EQ(engine->stats().workloads, 1U);
  ASSERT_EQ(engine->Recommendations().size(), 1U);
  EXPECT_GT(engine->Recommendations()[0].cpu.samples, 3 * 24 * 60 * 3 / 4) << "dead pods count";
}

}  // namespace
}  // namespace outrider
