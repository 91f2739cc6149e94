// SPDX-License-Identifier: Apache-2.0
// What hysteresis may not keep: what is beyond the rails or below a floor now.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/capacity/cost.h"
#include "rules/capacity/judgement.h"
#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/guard.h"
#include "rules/capacity/recommend/policy.h"

namespace outrider {
namespace {

constexpr Timestamp kMidnight = 1'700'006'400'000;
constexpr double kMib = 1024.0 * 1024.0;

ContainerDemand Steady(double cores, double mib, double rss_mib = -1) {
  ContainerDemand demand;
  ContainerInstance instance;
  SampleFacts facts = {.age = kDay};
  if (rss_mib >= 0) facts.rss = rss_mib * kMib;
  for (int i = 1; i <= 200; ++i) {
    demand.AddCpu(kMidnight + i * kMinute, cores, facts, &instance);
    demand.AddMemory(kMidnight + i * kMinute, mib * kMib, facts, &instance);
  }
  return demand;
}

struct HoldCase {
  const char* what;
  Resource resource;
  double use;    // cores or MiB
  double given;  // before, cores or MiB
  GuardRails rails;
  double expected;
  double killed_at = 0;               // MiB
  double heap = 0;                    // MiB
  std::optional<double> scaled = {};  // the request of one an autoscaler scales on
};

class Holds : public testing::TestWithParam<HoldCase> {};

TEST_P(Holds, OnlyWhatIsAllowed) {
  const HoldCase& c = GetParam();
  const bool cpu = c.resource == Resource::kCpu;
  const double unit = cpu ? 1 : kMib;
  ContainerDemand demand = Steady(cpu ? c.use : .1, cpu ? 100 : c.use);
  if (c.killed_at > 0) {
    ContainerInstance instance;
    demand.AddOom(kMidnight + 201 * kMinute, 0, c.killed_at * kMib, &instance);
  }
  if (c.heap > 0) demand.SetHeap(c.heap * kMib, 0);
  (cpu ? demand.cpu_promise() : demand.memory_promise()).Give(c.given * unit);
  JudgeOptions options = {.policy = *FindPolicy("adaptive")};
  GuardRails rails = c.rails;
  rails.minimum *= unit;
  rails.maximum *= unit;
  (cpu ? options.cpu_rails : options.memory_rails) = rails;
  HpaState hpa;
  hpa.cpu_target = .7;
  if (c.scaled) options.hpa = &hpa;
  const std::vector<Holding> holdings = {{c.scaled, 0}};
  const ResourceAdvice advice = Advise(c.resource, demand, holdings, std::nullopt, options);
  EXPECT_NEAR(advice.recommended.target / unit, c.expected, 1e-9) << c.what << advice.reason;
  EXPECT_EQ(advice.held, c.expected == c.given) << c.what;
  EXPECT_GE(advice.recommended.limit, advice.recommended.target) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Holds,
    testing::Values(
        HoldCase{"within the hysteresis", Resource::kMemory, 1000, 1024, {}, 1024},
        HoldCase{"the maximum was lowered", Resource::kMemory, 1000, 1024, {.maximum = 960}, 960},
        HoldCase{"the minimum was raised", Resource::kCpu, .1, .50, {.minimum = .54}, .54},
        HoldCase{"above where it was killed", Resource::kMemory, 300, 1000, {}, 1075, 860},
        HoldCase{"its Java heap", Resource::kMemory, 100, 1000, {}, 1060, 0, 960},
        HoldCase{"kept for the autoscaler", Resource::kCpu, .1, .5, {}, .54, 0, 0, .54}));

// A limit goes up with the request, and stays where it was needed when the rails lower that: below
// its use a container would be killed at once.
TEST(Rails, LowerNoLimit) {
  struct Case {
    GuardRails rails;
    double request;
    double target;
    double limit;
  };
  for (const auto& [rails, request, target, limit] :
       {Case{{.maximum = 1}, 0, 1, 2}, Case{{.largest_step = 2}, .25, .5, 2},
        Case{{.minimum = 3}, 0, 3, 3}, Case{{.largest_step = 2}, 6, 3, 3}}) {
    Bounds one = {.target = 2, .lower = 1, .upper = 3, .limit = 2};
    EXPECT_TRUE(Guard(rails, request, &one));
    EXPECT_EQ(one.target, target);
    EXPECT_EQ(one.limit, limit);
    Bounds apart = {.target = 2, .lower = 1, .upper = 3, .limit = 4};
    EXPECT_TRUE(Guard(rails, request, &apart));
    EXPECT_EQ(apart.limit, 4);
  }
}

// A container without a limit that uses 2 GiB gets none it cannot live with, under any policy.
TEST(Rails, MemoryLimitsAreAboveUse) {
  const ContainerDemand demand = Steady(.1, 2048);
  for (const std::string& policy : PolicyNames()) {
    for (const GuardRails& rails :
         {GuardRails{.largest_step = 2}, GuardRails{.maximum = 1024 * kMib}}) {
      JudgeOptions options = {.policy = *FindPolicy(policy)};
      options.memory_rails = rails;
      const std::vector<Holding> holdings = {{256 * kMib, 2048 * kMib}};
      const ResourceAdvice advice =
          Advise(Resource::kMemory, demand, holdings, std::nullopt, options);
      if (!advice.enough_data) continue;
      EXPECT_TRUE(advice.guarded) << policy;
      EXPECT_GE(advice.recommended.limit, 2048 * kMib) << policy;
    }
  }
}

// What is promised and what is judged are the same: memory that is needed, without most of the file
// cache.
TEST(Promises, FileCacheIsNoViolation) {
  ContainerDemand demand;
  ContainerInstance instance;
  const SampleFacts facts = {.age = kDay, .rss = 1024 * kMib};
  demand.memory_promise().Give(1971 * kMib);
  for (int i = 1; i < 3 * 24 * 60; ++i) {
    demand.AddMemory(kMidnight + i * kMinute, 4096 * kMib, facts, &instance);
  }
  ASSERT_TRUE(demand.memory_promise().LastDay().has_value());
  EXPECT_EQ(demand.memory_promise().LastDay()->violations, 0);
  EXPECT_NEAR(demand.memory_promise().PeakSinceGiven(), (1024 + .25 * 3072) * kMib, kMib);
}

// Once the target is requested a container that uses more still holds what it uses.
TEST(Costs, ProjectedIsTheLargerOfTargetAndUse) {
  const std::vector<Holding> holdings = {{.1, .5}, {1.0, .1}, {std::nullopt, .05}, {.1, .3, 10}};
  EXPECT_DOUBLE_EQ(CostOf(holdings, 1, .2).projected, .5 + .2 + .2 + 3);
  EXPECT_DOUBLE_EQ(CostOf(holdings, 1).projected, CostOf(holdings, 1).allocated);
  Recommendation one;
  one.cpu.savings_dollars_per_month = -73;  // of the requests alone
  WorkloadCost cost;
  const ResourceCosts now = {CostOf(std::span(holdings).first(1), 1, .2), {}};
  AddCost(one, now, now, &cost);
  EXPECT_DOUBLE_EQ(cost.monthly, .5 * 730);
  EXPECT_DOUBLE_EQ(cost.projected_monthly, .5 * 730);
}

}  // namespace
}  // namespace outrider
