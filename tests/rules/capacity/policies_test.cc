// SPDX-License-Identifier: Apache-2.0
// Policies, guard rails, hysteresis, self-judging, replicas: tables of small cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "rules/capacity/judgement.h"
#include "rules/capacity/recommend/adaptive.h"
#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/guard.h"
#include "rules/capacity/recommend/krr.h"
#include "rules/capacity/recommend/needed_memory.h"
#include "rules/capacity/recommend/replicas.h"

namespace outrider {
namespace {

using testing::HasSubstr;
constexpr Timestamp kMidnight = 1'700'006'400'000;
constexpr double kMib = 1024.0 * 1024.0;

// A container with a sample a minute of both resources.
struct World {
  ContainerDemand demand;
  ContainerInstance instance;
  Timestamp time = kMidnight;
  SampleFacts facts = {.age = kDay};
  void Run(int minutes, double cores, double mib) {
    for (int i = 0; i < minutes; ++i) {
      time += kMinute;
      demand.AddCpu(time, cores, facts, &instance);
      demand.AddMemory(time, mib * kMib, facts, &instance);
    }
  }
  // One day: busy for three hours from 9:00, else calm.
  void Day(double calm, double busy) {
    for (int minute = 0; minute < 24 * 60; ++minute) {
      const int hour = minute / 60;
      Run(1, hour >= 9 && hour < 12 ? busy : calm, 100);
    }
  }
  PolicyInput Input() const { return {.demand = demand, .now = time}; }
};

ResourceAdvice AdviseWith(const World& world, std::string_view policy, Resource resource,
                          std::optional<double> request = std::nullopt,
                          const HpaState* hpa = nullptr) {
  JudgeOptions options = {.policy = *FindPolicy(policy), .core_hour = 0.04, .byte_hour = 1e-11};
  options.hpa = hpa;
  const std::vector<Holding> holdings = {{request, 0.1}};
  return Advise(resource, world.demand, holdings, std::nullopt, options);
}

TEST(Policies, AreAllNamedAndFound) {
  EXPECT_THAT(PolicyNames(),
              testing::ElementsAre("adaptive", "percentile", "vpa", "krr", "krr_limit"));
  EXPECT_EQ(FindPolicy("magic"), nullptr);
}

TEST(Policies, EachSaysInOrderBoundsForAnyLevel) {
  for (const std::string& name : PolicyNames()) {
    for (double level : {0.0, 0.003, 0.2, 30.0}) {
      World world;
      world.Run(200, level, 10 + 1000 * level);
      for (const Resource resource : {Resource::kCpu, Resource::kMemory}) {
        const ResourceAdvice advice = AdviseWith(world, name, resource);
        ASSERT_TRUE(advice.enough_data) << name;
        const Bounds& bounds = advice.recommended;
        EXPECT_LE(bounds.lower, bounds.target) << name << " " << level;
        EXPECT_LE(bounds.target, bounds.upper) << name << " " << level;
        EXPECT_LE(bounds.target, bounds.limit) << name << " " << level;
        EXPECT_GT(bounds.target, 0);
        EXPECT_FALSE(advice.reason.empty());
      }
    }
  }
}

TEST(Policies, NotEnoughIsSaidNotGuessed) {
  World world;
  world.Run(9, 0.5, 100);
  const ResourceAdvice advice = AdviseWith(world, "adaptive", Resource::kCpu, 1.0);
  EXPECT_FALSE(advice.enough_data);
  EXPECT_EQ(advice.recommended.target, 0);
  EXPECT_EQ(advice.savings_dollars_per_month, std::nullopt);
  EXPECT_THAT(advice.reason, HasSubstr("not enough data: 9 samples"));
}

TEST(Krr, TakesTheLargestPodAndThePeakOfMemory) {
  World world;
  world.Run(500, 0.2, 200);
  ContainerInstance hot;
  for (int i = 0; i < 500; ++i) {
    world.demand.AddCpu(kMidnight + i * kMinute + 7, 0.8, {}, &hot);
  }
  const PolicyAdvice cpu = CpuByKrr(world.Input());
  EXPECT_NEAR(cpu.bounds.target, 0.8, 0.026);  // within 3.2 %
  EXPECT_FALSE(cpu.limit_wanted);
  const PolicyAdvice memory = MemoryByKrr(world.Input());
  EXPECT_DOUBLE_EQ(memory.bounds.target, 230 * kMib);
  EXPECT_DOUBLE_EQ(memory.bounds.limit, 230 * kMib);
  EXPECT_TRUE(memory.limit_wanted);
  world.demand.AddOom(world.time + 1, 0, 256 * kMib, &world.instance);
  EXPECT_DOUBLE_EQ(MemoryByKrr(world.Input()).bounds.target, 320 * kMib);
  World small;
  small.Run(100, 0.0001, 5);
  EXPECT_DOUBLE_EQ(CpuByKrr(small.Input()).bounds.target, 0.010);
  EXPECT_DOUBLE_EQ(MemoryByKrr(small.Input()).bounds.target, 100 * kMib);
}

TEST(Krr, LimitStrategyTakesThe66thAndThe96th) {
  World world;
  for (int i = 0; i < 1000; ++i) world.Run(1, i % 100 < 50 ? 0.2 : (i % 100 < 94 ? 0.4 : 1.0), 50);
  const PolicyAdvice cpu = CpuByKrrLimit(world.Input());
  EXPECT_NEAR(cpu.bounds.target, 0.4, 0.02);
  EXPECT_NEAR(cpu.bounds.limit, 1.0, 0.05);
}

TEST(Krr, SaysNothingWhereAnAutoscalerScales) {
  World world;
  world.Run(500, 0.2, 200);
  HpaState hpa;
  hpa.cpu_target = 0.7;
  const ResourceAdvice cpu = AdviseWith(world, "krr", Resource::kCpu, 0.5, &hpa);
  EXPECT_FALSE(cpu.enough_data);
  EXPECT_THAT(cpu.reason, HasSubstr("autoscaler"));
  EXPECT_TRUE(AdviseWith(world, "krr", Resource::kMemory, 5e8, &hpa).enough_data);
}

TEST(Adaptive, FollowsTheWorkNotTheTime) {
  // One minute in 25 at 2 cores, else 0.1: the 95th percentile of time sees nothing of 45 % of the
  // work.
  World world;
  for (int i = 0; i < 2500; ++i) world.Run(1, i % 25 == 0 ? 2.0 : 0.1, 100);
  EXPECT_LT(AdviseWith(world, "percentile", Resource::kCpu).recommended.target, 0.2);
  EXPECT_GE(AdviseWith(world, "adaptive", Resource::kCpu).recommended.target, 2.0);
}

TEST(Adaptive, StartUpsAreLeftOutOfCpuAndSaid) {
  World world;
  world.facts.age = kMinute;
  world.Run(4, 3.0, 400);
  world.facts.age = kHour;
  world.Run(300, 0.2, 100);
  const ResourceAdvice cpu = AdviseWith(world, "adaptive", Resource::kCpu);
  EXPECT_LT(cpu.recommended.target, 0.25);
  EXPECT_THAT(cpu.reason, HasSubstr("start-up peaks"));
  // Memory lacks kills: there they count.
  EXPECT_DOUBLE_EQ(AdviseWith(world, "adaptive", Resource::kMemory).recommended.target, 440 * kMib);
}

TEST(Adaptive, ThrottledContainersAreNotHeldDown) {
  World world;
  world.facts.throttled_ratio = 0.5;
  world.Run(500, 0.5, 100);
  const ResourceAdvice cpu = AdviseWith(world, "adaptive", Resource::kCpu);
  EXPECT_GT(cpu.recommended.target, 1.0);
  EXPECT_THAT(cpu.reason, HasSubstr("cut it short in 50 %"));
  EXPECT_FALSE(cpu.limit_wanted);
}

TEST(Adaptive, FileCacheCountsAQuarter) {
  World world;
  world.facts.rss = 100 * kMib;
  world.Run(100, 0.1, 500);
  const ResourceAdvice memory = AdviseWith(world, "adaptive", Resource::kMemory);
  EXPECT_DOUBLE_EQ(memory.recommended.target, 220 * kMib);
  EXPECT_THAT(memory.reason, HasSubstr("file cache"));
  EXPECT_EQ(NeededMemory(100, -1), 100);
  EXPECT_EQ(NeededMemory(100, 120), 100);
}

TEST(Adaptive, AJavaHeapIsAFloorAndAKillToo) {
  World world;
  world.Run(100, 0.1, 600);
  world.demand.SetHeap(1024 * kMib, 400 * kMib);
  // The whole heap, and the 200 MiB beside what it held.
  ResourceAdvice memory = AdviseWith(world, "adaptive", Resource::kMemory);
  EXPECT_DOUBLE_EQ(memory.recommended.target, 1224 * kMib);
  EXPECT_THAT(memory.reason, HasSubstr("Java heap"));
  world.demand.AddOom(world.time + 1, 0, 2048 * kMib, &world.instance);
  memory = AdviseWith(world, "adaptive", Resource::kMemory);
  EXPECT_DOUBLE_EQ(memory.recommended.target, 2560 * kMib);
  EXPECT_THAT(memory.reason, HasSubstr("killed"));
}

TEST(Adaptive, KeepsWhatAnAutoscalerScalesOn) {
  World world;
  world.Run(500, 0.7, 100);
  HpaState hpa;
  hpa.cpu_target = 0.7;
  const ResourceAdvice cpu = AdviseWith(world, "adaptive", Resource::kCpu, 1.0, &hpa);
  EXPECT_DOUBLE_EQ(cpu.recommended.target, 1.0);
  EXPECT_THAT(cpu.reason, HasSubstr("kept"));
  EXPECT_DOUBLE_EQ(*cpu.savings_dollars_per_month, 0);
  hpa.cpu_target.reset();
  EXPECT_LT(AdviseWith(world, "adaptive", Resource::kCpu, 2.0, &hpa).recommended.target, 0.9);
}

TEST(Adaptive, ASteadyDayHasNoScheduleADailyRushHasOne) {
  World steady;
  steady.Run(5 * 24 * 60, 0.5, 100);
  EXPECT_FALSE(AdviseWith(steady, "adaptive", Resource::kCpu).hourly_target.has_value());
  World rush;
  for (int day = 0; day < 5; ++day) rush.Day(0.2, 2.0);
  const ResourceAdvice cpu = AdviseWith(rush, "adaptive", Resource::kCpu);
  ASSERT_TRUE(cpu.hourly_target.has_value());
  ASSERT_EQ(cpu.schedule.size(), 96);
  EXPECT_GE((*cpu.hourly_target)[10], 2.0);
  EXPECT_LT((*cpu.hourly_target)[3], 0.4);
  EXPECT_GE(cpu.schedule[9 * 4], 2.0F);
  EXPECT_LT(cpu.schedule[14 * 4], 0.4F);
  // One number must do all day.
  EXPECT_GE(cpu.recommended.target, 2.0);
  EXPECT_THAT(cpu.reason, HasSubstr("by time of day"));
}

TEST(Adaptive, ADayAndAHalfOfTrialsComesBeforeASchedule) {
  World rush;
  rush.Day(0.2, 2.0);
  rush.Day(0.2, 2.0);
  EXPECT_TRUE(AdviseWith(rush, "adaptive", Resource::kCpu).schedule.empty());
  rush.Day(0.2, 2.0);
  EXPECT_FALSE(AdviseWith(rush, "adaptive", Resource::kCpu).schedule.empty());
}

TEST(Guard, KeepsWithinRails) {
  struct Case {
    GuardRails rails;
    double request;
    double target;
    double expected;
  };
  const Case cases[] = {
      {{}, 0, 0.5, 0.5},
      {{.minimum = 0.7}, 0, 0.5, 0.7},
      {{.maximum = 0.3}, 0, 0.5, 0.3},
      {{.largest_step = 2}, 2.0, 0.5, 1.0},
      {{.largest_step = 2}, 0.1, 0.5, 0.2},
      {{.largest_step = 2}, 0, 0.5, 0.5},
      {{.minimum = 1, .maximum = 4, .largest_step = 2}, 0.1, 8, 1},
  };
  for (const Case& c : cases) {
    Bounds bounds = {c.target, c.target / 2, c.target * 2, c.target};
    EXPECT_EQ(Guard(c.rails, c.request, &bounds), c.expected != c.target);
    EXPECT_DOUBLE_EQ(bounds.target, c.expected);
    EXPECT_LE(bounds.lower, bounds.target);
    EXPECT_GE(bounds.upper, bounds.target);
    EXPECT_GE(bounds.limit, bounds.target);
  }
}

TEST(Hysteresis, SmallChangesAreNoNewsUnlessUseContradicts) {
  Promise promise;
  const auto fresh = [](double target) { return Bounds{target, target / 2, target * 2, target}; };
  EXPECT_FALSE(Stands(promise, fresh(1.0), 0.1, false));  // nothing was given
  promise.Give(1.0);
  EXPECT_TRUE(Stands(promise, fresh(1.09), 0.1, false));
  EXPECT_TRUE(Stands(promise, fresh(0.91), 0.1, false));
  EXPECT_FALSE(Stands(promise, fresh(1.11), 0.1, false));
  EXPECT_FALSE(Stands(promise, fresh(1.05), 0, false));
  promise.Observe(kMidnight, 1.01);
  EXPECT_FALSE(Stands(promise, fresh(1.05), 0.1, true));  // memory: above it even once
  EXPECT_TRUE(Stands(promise, fresh(1.05), 0.1, false));
  for (int i = 1; i < 100; ++i) promise.Observe(kMidnight + i * kMinute, i % 10 == 0 ? 1.2 : 0.5);
  EXPECT_FALSE(Stands(promise, fresh(1.05), 0.1, false));  // CPU: in ten of a hundred samples
}

TEST(Hysteresis, TheAdviceHoldsStill) {
  World world;
  world.Run(600, 0.500, 100);
  const ResourceAdvice first = AdviseWith(world, "percentile", Resource::kCpu);
  Remember(Resource::kCpu, first, &world.demand);
  world.Run(600, 0.520, 100);
  const ResourceAdvice second = AdviseWith(world, "percentile", Resource::kCpu);
  EXPECT_TRUE(second.held);
  EXPECT_EQ(second.recommended.target, first.recommended.target);
  EXPECT_THAT(second.reason, HasSubstr("kept"));
  world.Run(1200, 0.7, 100);
  const ResourceAdvice third = AdviseWith(world, "percentile", Resource::kCpu);
  EXPECT_FALSE(third.held);
  EXPECT_GT(third.recommended.target, 0.7);
}

TEST(Promise, YesterdaysWordMeetsTodaysUse) {
  Promise promise;
  promise.Observe(kMidnight - kHour, 5);  // nothing was promised
  promise.Give(1.0);
  promise.Observe(kMidnight - kMinute, 5);  // nor when this day began
  EXPECT_EQ(promise.LastDay(), std::nullopt);
  for (int i = 0; i < 8; ++i) promise.Observe(kMidnight + i * kHour, 0.5);
  promise.Give(9.0);  // not what this day is judged by
  for (int i = 8; i < 10; ++i) promise.Observe(kMidnight + i * kHour, 2.0);
  promise.Observe(kMidnight + kDay, 1);
  const auto outcome = promise.LastDay();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->samples, 10);
  EXPECT_FLOAT_EQ(outcome->violations, 0.2F);
  EXPECT_FLOAT_EQ(outcome->slack, 0.4F);             // 8 * 0.5 / 10
  EXPECT_FLOAT_EQ(outcome->shortfall, 2.0F / 8.0F);  // 2 of 4 + 4
}

TEST(Confidence, GrowsWithThePastAndFallsWithViolations) {
  ResourceAdvice advice;
  advice.coverage = kHour;
  advice.samples = 60;
  const double hour = ConfidenceOf(advice, 1);
  advice.coverage = kDay;
  advice.samples = 1440;
  const double day = ConfidenceOf(advice, 1);
  EXPECT_GT(day, hour + 0.2);
  advice.coverage = 7 * kDay;
  advice.judged = ResourceAdvice::Judged{0, 0.5, 0, 1440};
  EXPECT_NEAR(ConfidenceOf(advice, 3), 1, 1e-9);
  advice.judged->violation_ratio = 0.1;
  EXPECT_NEAR(ConfidenceOf(advice, 3), 0.85, 1e-6);
}

TEST(Replicas, FormulasOfTheSpecification) {
  const std::vector<double> hours = {2, 3, 8, 4};
  WorkloadLoad load = {
      .hourly_mean = hours, .busiest = 8, .p99_per_pod = 0.6, .request_per_pod = 1};
  // 8 / (1 * 0.5); scaled at 60 %: 2 / 0.6 and 8 / 0.6 * 3.
  auto advice = AdviseReplicas(load, nullptr);
  ASSERT_TRUE(advice && advice->hpa);
  EXPECT_EQ(advice->replicas, 16);
  EXPECT_NEAR(advice->hpa->target, 0.6, 1e-12);
  EXPECT_EQ(advice->hpa->min_replicas, 4);
  EXPECT_EQ(advice->hpa->max_replicas, 40);
  load.p99_per_pod = 0.95;
  EXPECT_DOUBLE_EQ(AdviseReplicas(load, nullptr)->hpa->target, 0.75);
  load.p99_per_pod = 0.1;
  EXPECT_DOUBLE_EQ(AdviseReplicas(load, nullptr)->hpa->target, 0.30);
  // Hardly any swing, or hardly any use: no autoscaler is advised, one that is there is.
  const std::vector<double> flat = {2, 2.5};
  load.hourly_mean = flat;
  EXPECT_FALSE(AdviseReplicas(load, nullptr)->hpa.has_value());
  HpaState hpa = {.name = "web", .min_replicas = 2, .max_replicas = 9, .cpu_target = 0.5};
  advice = AdviseReplicas(load, &hpa);
  EXPECT_TRUE(advice->hpa.has_value());
  EXPECT_THAT(advice->reason, HasSubstr("now 50 % between 2 and 9"));
  // What else it scales on may need what is set now.
  hpa = {.name = "web", .min_replicas = 20, .max_replicas = 90, .cpu_target = 0.5};
  EXPECT_LT(AdviseReplicas(load, &hpa)->hpa->max_replicas, 90);
  hpa.other_metrics = true;
  advice = AdviseReplicas(load, &hpa);
  EXPECT_EQ(advice->hpa->min_replicas, 20);
  EXPECT_EQ(advice->hpa->max_replicas, 90);
  EXPECT_THAT(advice->reason, HasSubstr("scales on something else too"));
  hpa.max_replicas = 3;
  EXPECT_GT(AdviseReplicas(load, &hpa)->hpa->max_replicas, 3) << "more is no harm";
  const std::vector<double> idle = {0.1, 0.9};
  load.hourly_mean = idle;
  EXPECT_FALSE(AdviseReplicas(load, nullptr)->hpa.has_value());
  load.request_per_pod = 0;
  EXPECT_FALSE(AdviseReplicas(load, nullptr).has_value());
}

TEST(Outliers, ReplicasAndNodesFarFromTheMedian) {
  std::vector<ReplicaUse> replicas;
  for (int i = 0; i < 6; ++i) {
    replicas.push_back({"web-" + std::to_string(i), "n" + std::to_string(i / 2), 0.2, 100 * kMib});
  }
  EXPECT_THAT(FindOutliers(replicas), testing::IsEmpty());
  replicas[0].cpu_p95 = 1.0;  // the leader
  replicas[4].memory_peak = replicas[5].memory_peak = 400 * kMib;
  const auto found = FindOutliers(replicas);
  ASSERT_EQ(found.size(), 5);  // three pods and the nodes of both
  EXPECT_EQ(found[0].pod, "web-0");
  EXPECT_FALSE(found[0].memory);
  EXPECT_DOUBLE_EQ(found[0].median, 0.2);
  int nodes = 0;
  for (const ReplicaOutlier& outlier : found) nodes += outlier.pod.empty() ? 1 : 0;
  EXPECT_EQ(nodes, 2);
  EXPECT_EQ(FindOutliers(replicas, 2).size(), 2);
  replicas.resize(2);
  EXPECT_THAT(FindOutliers(replicas), testing::IsEmpty());
}

}  // namespace
}  // namespace outrider
