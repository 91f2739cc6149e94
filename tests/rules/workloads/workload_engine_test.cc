// SPDX-License-Identifier: Apache-2.0
// The whole pipeline over a small cluster, in virtual time: scrapes in, findings, health and
// derived series out.
#include "rules/workloads/workload_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "rules/capacity/capacity_engine.h"
#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Timestamp kStart = 1'763'700'000'000 / kHour * kHour;
constexpr double kMib = 1024.0 * 1024.0;
constexpr DurationMs kEveryScrape = 30 * kSecond;

// What a pod does, by minutes since kStart.
struct Pod {
  std::string workload;
  std::string name;
  std::function<double(double)> cores = [](double) { return .5; };
  std::function<double(double)> mib = [](double) { return 200; };
  std::function<double(double)> restarts = [](double) { return 0; };
  std::function<double(double)> throttled = [](double) { return 0; };  // share of periods
  double counters[3] = {};                                             // CPU, periods, throttled
};

// The engines as the daemon has them; a new one goes on with windows and store.
struct Engines {
  Engines(const FakeWindows& windows, StateStore& store) {
    CapacityOptions options;
    capacity = *CapacityEngine::Create(options, windows, table);
    workloads = std::make_unique<WorkloadEngine>(windows, capacity->workloads(), table, store);
    EXPECT_TRUE(workloads->Restore().ok());
    capacity->SetObserver(workloads.get());
  }
  DerivedTable table;
  std::unique_ptr<CapacityEngine> capacity;
  std::unique_ptr<WorkloadEngine> workloads;
};

class WorkloadEngineTest : public testing::Test {
 protected:
  void AddPod(Pod pod) { pods_.push_back(std::move(pod)); }
  static Labels Of(const char* metric, const std::string& pod) {
    return Labels(
        {{"__name__", metric}, {"namespace", "shop"}, {"pod", pod}, {"container", "app"}});
  }
  void Scrape(Timestamp time) {
    const double minute = static_cast<double>(time - kStart) / kMinute;
    for (Pod& pod : pods_) {
      const double seconds = static_cast<double>(scrape_) / kSecond;
      pod.counters[0] += pod.cores(minute) * seconds;
      pod.counters[1] += 10 * seconds;
      pod.counters[2] += 10 * seconds * pod.throttled(minute);
      if (pod.cores(minute) >= 0) {
        windows_.Add(Of("container_cpu_usage_seconds_total", pod.name), time, pod.counters[0]);
        windows_.Add(Of("container_memory_working_set_bytes", pod.name), time,
                     pod.mib(minute) * kMib);
      }
      if (counts_periods_) {
        windows_.Add(Of("container_cpu_cfs_periods_total", pod.name), time, pod.counters[1]);
        windows_.Add(Of("container_cpu_cfs_throttled_periods_total", pod.name), time,
                     pod.counters[2]);
      } else {
        windows_.Add(Of("container_cpu_cfs_throttled_seconds_total", pod.name), time,
                     pod.counters[2] / 10);
      }
      windows_.Add(Of("kube_pod_container_status_restarts_total", pod.name), time,
                   pod.restarts(minute));
      windows_.Add(Labels({{"__name__", "kube_pod_owner"},
                           {"namespace", "shop"},
                           {"pod", pod.name},
                           {"owner_kind", "StatefulSet"},
                           {"owner_name", pod.workload},
                           {"owner_is_controller", "true"}}),
                   time, 1);
      for (const auto& [metric, resource, value] :
           {std::tuple("kube_pod_container_resource_limits", "memory", 1000 * kMib),
            std::tuple("kube_pod_container_resource_limits", "cpu", 8.0),
            std::tuple("kube_pod_container_resource_requests", "cpu", 1.0)}) {
        windows_.Add(Of(metric, pod.name).With("resource", resource), time, value);
      }
    }
  }
  // Scrapes and runs from where it stopped to `minute`.
  void RunUntil(double minute, Engines* engines) {
    const auto end = kStart + static_cast<DurationMs>(minute * kMinute);
    for (; now_ < end; now_ += scrape_) {
      Scrape(now_);
      for (DurationMs later = kSecond; later < scrape_ && engines != nullptr;
           later += kEveryScrape) {
        engines->capacity->Run(now_ + later);
      }
    }
  }
  static std::vector<std::string> Names(const Engines& engines) {
    std::vector<std::string> names;
    for (const WorkloadFinding& finding : engines.workloads->Findings()) {
      names.push_back(finding.key.workload + " " +
                      std::string(FindingTypeText(finding.evidence.type)) + " " +
                      std::string(FindingResourceText(finding.evidence.resource)));
    }
    return names;
  }
  static std::optional<double> Health(const Engines& engines, const std::string& workload) {
    for (const WorkloadCost& cost : engines.capacity->Costs()) {
      if (cost.key.workload == workload) return cost.health_score;
    }
    return std::nullopt;
  }
  static double Series(const Engines& engines, const std::string& metric,
                       const std::string& workload, const std::string& type,
                       const std::string& resource) {
    const auto all = DerivedText(engines.table);
    const auto found = all.find(metric + "{container=\"app\", namespace=\"shop\", resource=\"" +
                                resource + "\", type=\"" + type + "\", workload=\"" + workload +
                                "\", workload_kind=\"StatefulSet\"}");
    return found == all.end() ? -1 : found->second;
  }

  FakeWindows windows_;
  MemoryStore store_;
  std::vector<Pod> pods_;
  DurationMs scrape_ = kEveryScrape;
  bool counts_periods_ = true;  // else throttled seconds alone
  Timestamp now_ = kStart;
};

TEST_F(WorkloadEngineTest, ASpikeBeginsOnceLowersHealthAndEnds) {
  AddPod({.workload = "web", .name = "web-0", .cores = [](double t) {
            return t >= 90 && t < 110 ? 3 : .5;
          }});
  Engines engines(windows_, store_);
  RunUntil(90, &engines);
  EXPECT_THAT(Names(engines), IsEmpty());
  EXPECT_EQ(Health(engines, "web"), 100);
  RunUntil(95, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("web cpu_spike cpu"));
  const WorkloadFinding first = engines.workloads->Findings().front();
  EXPECT_GE(first.evidence.confidence, .7);
  EXPECT_NEAR(first.evidence.value, 3, .01);
  EXPECT_EQ(Health(engines, "web"), 70);  // critical: six times as much
  EXPECT_GT(Series(engines, "outrider_workload_finding_score", "web", "cpu_spike", "cpu"), 1);
  EXPECT_GE(Series(engines, "outrider_workload_finding_confidence", "web", "cpu_spike", "cpu"), .9);
  EXPECT_EQ(Series(engines, "outrider_workload_finding_severity", "web", "cpu_spike", "cpu"), 4);
  // §1.3 defect (j): the same finding at each look, not a new one.
  RunUntil(108, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("web cpu_spike cpu"));
  EXPECT_EQ(engines.workloads->Findings().front().started_at, first.started_at);
  RunUntil(114, &engines);
  EXPECT_THAT(Names(engines), ElementsAre("web cpu_spike cpu")) << "ends only after five minutes";
  RunUntil(119, &engines);
  EXPECT_THAT(Names(engines), IsEmpty());
  EXPECT_EQ(Health(engines, "web"), 100);
  EXPECT_EQ(Series(engines, "outrider_workload_finding_score", "web", "cpu_spike", "cpu"), -1);
}

// §1.3 defect (d): the pattern web-.* also matches web-api.
TEST_F(WorkloadEngineTest, NamesakesAreToldApartByTheirOwners) {
  AddPod({.workload = "web", .name = "web-0"});
  AddPod({.workload = "web-api", .name = "web-api-0", .cores = [](double t) {
            return t >= 90 ? 4 : .5;
          }});
  Engines engines(windows_, store_);
  RunUntil(95, &engines);
  EXPECT_THAT(Names(engines), ElementsAre("web-api cpu_spike cpu"));
  EXPECT_EQ(Health(engines, "web"), 100);
}

TEST_F(WorkloadEngineTest, AScaleOutIsNoSpike) {
  AddPod({.workload = "web", .name = "web-0"});
  Engines engines(windows_, store_);
  RunUntil(80, &engines);
  for (const char* name : {"web-1", "web-2", "web-3"}) AddPod({.workload = "web", .name = name});
  RunUntil(100, &engines);
  EXPECT_THAT(Names(engines), IsEmpty());
}

TEST_F(WorkloadEngineTest, ALeakIsFoundLongBeforeTheLimit) {
  AddPod({.workload = "cache", .name = "cache-0", .mib = [](double t) { return 200 + t; }});
  Engines engines(windows_, store_);
  RunUntil(180, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("cache memory_leak memory"));
  const WorkloadFinding leak = engines.workloads->Findings().front();
  EXPECT_LT(leak.evidence.value, 400 * kMib);  // of 1000
  EXPECT_NEAR(leak.evidence.seconds_to_limit, 620 * 60, 20 * 60);
  EXPECT_THAT(leak.description, testing::HasSubstr("the limit of 1000 MiB is reached in 10h"));
}

// §1.3 defect (f): no data looks like zero usage.
TEST_F(WorkloadEngineTest, SilenceIsNoDropAndEndsWhatWasFound) {
  AddPod({.workload = "web", .name = "web-0", .cores = [](double t) { return t >= 90 ? 3 : .5; }});
  Engines engines(windows_, store_);
  RunUntil(95, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("web cpu_spike cpu"));
  for (DurationMs more = kMinute; more <= 12 * kMinute; more += 15 * kSecond) {
    engines.capacity->Run(now_ + more);
    if (more <= 8 * kMinute) {
      EXPECT_THAT(Names(engines), ElementsAre("web cpu_spike cpu"));
    }
  }
  EXPECT_THAT(Names(engines), IsEmpty());
}

TEST_F(WorkloadEngineTest, CountsRestartsAndThrottledPeriods) {
  AddPod({.workload = "jobs", .name = "jobs-0", .restarts = [](double t) {
            return std::floor(t / 8);
          }});
  AddPod({.workload = "jobs", .name = "jobs-1"});
  AddPod({.workload = "api", .name = "api-0", .throttled = [](double t) {
            return t < 100 ? .7 : .1;
          }});
  Engines engines(windows_, store_);
  RunUntil(40, &engines);
  EXPECT_THAT(Names(engines),
              UnorderedElementsAre("api cpu_throttling cpu", "jobs restart_loop restarts"));
  EXPECT_EQ(Series(engines, "outrider_workload_finding_severity", "api", "cpu_throttling", "cpu"),
            3);
  RunUntil(125, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("jobs restart_loop restarts"));
  EXPECT_NEAR(engines.workloads->Findings().front().evidence.value, 7.5, .6);  // within an hour
  EXPECT_EQ(
      Series(engines, "outrider_workload_finding_severity", "jobs", "restart_loop", "restarts"), 3);
}

// What is scraped every five minutes gives three readings in a quarter of an hour.
TEST_F(WorkloadEngineTest, ThrottlingIsFoundHoweverSeldomScrapesAre) {
  for (const DurationMs scrape : {kMinute, 4 * kMinute, 5 * kMinute}) {
    SCOPED_TRACE(scrape);
    windows_ = FakeWindows();
    pods_.clear();
    now_ = kStart;
    scrape_ = scrape;
    AddPod({.workload = "api", .name = "api-0", .throttled = [](double) { return .7; }});
    AddPod({.workload = "web", .name = "web-0", .throttled = [](double) { return .1; }});
    MemoryStore store;
    Engines engines(windows_, store);
    RunUntil(60, &engines);
    EXPECT_THAT(Names(engines), ElementsAre("api cpu_throttling cpu"));
  }
}

// Seconds are of the time between two samples: 1 s of waiting and 9 of running in each ten.
TEST_F(WorkloadEngineTest, ThrottledSecondsStandAgainstTheUseOfTheSameTime) {
  for (const DurationMs scrape : {kEveryScrape, 5 * kMinute}) {
    SCOPED_TRACE(scrape);
    windows_ = FakeWindows();
    pods_.clear();
    now_ = kStart;
    scrape_ = scrape;
    counts_periods_ = false;
    AddPod({.workload = "calm",
            .name = "calm-0",
            .cores = [](double) { return .9; },
            .throttled = [](double) { return .1; }});
    AddPod({.workload = "cut",
            .name = "cut-0",
            .cores = [](double) { return .5; },
            .throttled = [](double) { return .5; }});
    MemoryStore store;
    Engines engines(windows_, store);
    RunUntil(60, &engines);
    ASSERT_THAT(Names(engines), ElementsAre("cut cpu_throttling cpu"));
    EXPECT_NEAR(engines.workloads->Findings().front().evidence.value, .5, .02);
  }
}

TEST_F(WorkloadEngineTest, WhatCouldNotBeWrittenIsWrittenLater) {
  AddPod({.workload = "web", .name = "web-0", .cores = [](double t) { return t >= 90 ? 3 : .5; }});
  FaultyStore faulty(store_, {.fault = StoreFault::kFailFrom, .at = 1});
  Engines engines(windows_, faulty);
  RunUntil(95, &engines);
  ASSERT_THAT(Names(engines), ElementsAre("web cpu_spike cpu"));
  EXPECT_THAT(engines.workloads->stats().error, testing::HasSubstr("no space left"));
  const auto rows = [&] {
    int count = 0;
    EXPECT_TRUE(store_
                    .Scan(Family::kWorkloads, "", "",
                          [&](const Row&) {
                            ++count;
                            return true;
                          })
                    .ok());
    return count;
  };
  EXPECT_EQ(rows(), 0);
  faulty.Repair();
  RunUntil(96, &engines);
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(engines.workloads->stats().error, "");
  EXPECT_THAT(Names(Engines(windows_, store_)), ElementsAre("web cpu_spike cpu"));
}

// §1.3 defect (b): the original's health never falls below 50.
TEST_F(WorkloadEngineTest, HealthMayFallToZero) {
  AddPod({.workload = "sick",
          .name = "sick-0",
          .cores = [](double t) { return t < 90 ? 1 : 7.9; },
          .mib = [](double t) { return t < 90 ? 300 + t : 990; },
          .restarts = [](double t) { return std::floor(t / 4); },
          .throttled = [](double) { return .95; }});
  Engines engines(windows_, store_);
  RunUntil(99, &engines);
  EXPECT_THAT(Names(engines),
              testing::IsSupersetOf({"sick cpu_spike cpu", "sick memory_spike memory",
                                     "sick cpu_throttling cpu", "sick restart_loop restarts"}));
  EXPECT_EQ(Health(engines, "sick"), 0);
}

TEST_F(WorkloadEngineTest, GoesOnAfterARestartAsIfThereWereNone) {
  AddPod({.workload = "cache", .name = "cache-0", .mib = [](double t) { return 200 + t; }});
  AddPod({.workload = "web", .name = "web-0", .cores = [](double t) { return t >= 178 ? 3 : .5; }});
  auto engines = std::make_unique<Engines>(windows_, store_);
  RunUntil(182, engines.get());
  const auto before = engines->workloads->Findings();
  ASSERT_THAT(Names(*engines),
              UnorderedElementsAre("cache memory_leak memory", "web cpu_spike cpu"));
  engines.reset();
  RunUntil(184, nullptr);  // nobody looks meanwhile
  Engines after(windows_, store_);
  EXPECT_THAT(Names(after), UnorderedElementsAre("cache memory_leak memory", "web cpu_spike cpu"));
  after.capacity->Rebuild(now_);
  after.capacity->Run(now_ + kSecond);
  RunUntil(190, &after);
  const auto now = after.workloads->Findings();
  ASSERT_EQ(now.size(), before.size());
  for (size_t i = 0; i < now.size(); ++i) {
    EXPECT_EQ(now[i].started_at, before[i].started_at);
    EXPECT_GE(now[i].evidence.score, 1);
  }
  // The minutes before the restart came back from the windows: the jump is still one.
  EXPECT_NEAR(now[1].evidence.usual, .5, .01);
}

TEST_F(WorkloadEngineTest, WithoutSavedStateTheWindowsAreEnough) {
  AddPod({.workload = "cache", .name = "cache-0", .mib = [](double t) { return 200 + t; }});
  RunUntil(180, nullptr);
  Engines engines(windows_, store_);
  engines.capacity->Rebuild(now_);
  RunUntil(196, &engines);
  EXPECT_THAT(Names(engines), ElementsAre("cache memory_leak memory"));
}

TEST_F(WorkloadEngineTest, ABrokenRowBeginsAnew) {
  Batch batch;
  batch.Put(Family::kWorkloads, std::string("shop\0web\0StatefulSet\0app\0", 24), "\x01\xff\xff");
  batch.Put(Family::kWorkloads, "short", "\x01");
  ASSERT_TRUE(store_.Commit(batch, Durability::kBuffered).ok());
  Engines engines(windows_, store_);
  EXPECT_EQ(engines.workloads->stats().containers, 0);
  EXPECT_THAT(Names(engines), IsEmpty());
}

}  // namespace
}  // namespace outrider
