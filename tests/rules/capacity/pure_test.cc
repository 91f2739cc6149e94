// SPDX-License-Identifier: Apache-2.0
// The decisions without state: names, prices, costs, policies, findings, usage points.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rules/capacity/cost.h"
#include "rules/capacity/findings.h"
#include "rules/capacity/pod_name.h"
#include "rules/capacity/recommend/percentile.h"
#include "rules/capacity/usage_points.h"
#include "rules/pricing/price_book.h"

namespace outrider {
namespace {

constexpr double kMib = 1024.0 * 1024.0;

struct NameCase {
  const char* pod;
  const char* workload;
  const char* kind;
};

class GuessWorkloadTest : public testing::TestWithParam<NameCase> {};

TEST_P(GuessWorkloadTest, ByShape) {
  const WorkloadName guess = GuessWorkload(GetParam().pod);
  EXPECT_EQ(guess.name, GetParam().workload);
  EXPECT_EQ(guess.kind, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(Names, GuessWorkloadTest,
                         testing::Values(
                             // A prefix match would have put the second one's pods to the first.
                             NameCase{"web-7d4b9c6f5d-x2k9p", "web", "Deployment"},
                             NameCase{"web-api-7d4b9c6f5d-x2k9p", "web-api", "Deployment"},
                             NameCase{"web-65bc8d-x2k9p", "web", "Deployment"},
                             NameCase{"fluentd-x2k9p", "fluentd", "Unknown"},
                             NameCase{"backup-28371245-x2k9p", "backup", "CronJob"},
                             NameCase{"db-0", "db", "StatefulSet"},
                             NameCase{"db-replica-12", "db-replica", "StatefulSet"},
                             NameCase{"my-cache", "my-cache", "Pod"},  // vowels: no hash
                             NameCase{"web-x2k9", "web-x2k9", "Pod"},  // four characters
                             NameCase{"solo", "solo", "Pod"}, NameCase{"-x2k9p", "-x2k9p", "Pod"},
                             NameCase{"", "", "Pod"}));

struct PriceCase {
  const char* provider;
  double hourly;       // 1 core + 2 GiB
  double monthly_of3;  // three replicas
};

class PriceTest : public testing::TestWithParam<PriceCase> {};

TEST_P(PriceTest, GoldenValues) {
  const auto price = FindPrice(GetParam().provider, "");
  ASSERT_TRUE(price.ok());
  const double hourly = price->core_hour + 2 * price->gib_hour;
  EXPECT_NEAR(hourly, GetParam().hourly, 1e-12);
  EXPECT_NEAR(hourly * kHoursPerMonth * 3, GetParam().monthly_of3, 0.005);
}

INSTANTIATE_TEST_SUITE_P(Providers, PriceTest,
                         testing::Values(PriceCase{"aws", .0508, 111.25},
                                         PriceCase{"gcp", .0425, 93.08},
                                         PriceCase{"azure", .0488, 106.87},
                                         PriceCase{"on_prem", .0380, 83.22}));

TEST(PriceBook, UnknownNamesTheKnown) {
  EXPECT_THAT(Message(FindPrice("oracle", "").status()),
              testing::HasSubstr("known: aws, gcp, azure, on_prem"));
  EXPECT_THAT(Message(FindPrice("aws", "mars-1").status()),
              testing::HasSubstr("known: us-east-1, us-west-2, eu-west-1, ap-northeast-1"));
  EXPECT_EQ(FindPrice("aws", "ap-northeast-1")->core_hour, .0528);
  EXPECT_EQ(FindPrice("azure", "westeurope")->gib_hour, .0048);
}

TEST(Cost, SmallWorkloadsAreNotRoundedAway) {
  const Price price = *FindPrice("aws", "");
  const Holding cpu[] = {{0.001, 0}};
  const Holding memory[] = {{64 * kMib, 0}};
  const double monthly = (CostOf(cpu, price.core_hour).allocated +
                          CostOf(memory, price.gib_hour / kBytesPerGib).allocated) *
                         kHoursPerMonth;
  EXPECT_NEAR(monthly, 0.2402, 5e-5);  // rounding to 4 places an hour gave 0.22
}

TEST(Cost, AllocatedIsTheLargerOfRequestAndUse) {
  const Holding holdings[] = {{2.0, 0.5}, {1.0, 1.5}, {std::nullopt, 0.25}};
  const HourlyCost cost = CostOf(holdings, 2);
  EXPECT_DOUBLE_EQ(cost.allocated, 2 * (2 + 1.5 + 0.25));
  EXPECT_DOUBLE_EQ(cost.used, 2 * 2.25);
  EXPECT_DOUBLE_EQ(cost.Idle(), 3);
}

TEST(Cost, SavingsGoldenValue) {
  // One core and 2 GiB to half of it, two replicas: 74.17 -> 37.08, saves 37.09.
  const Price price = *FindPrice("aws", "");
  const double byte_hour = price.gib_hour / kBytesPerGib;
  const Holding cpu[] = {{1.0, 0.1}, {1.0, 0.1}};
  const Holding memory[] = {{2 * kBytesPerGib, 1e8}, {2 * kBytesPerGib, 1e8}};
  const double now =
      (CostOf(cpu, price.core_hour).allocated + CostOf(memory, byte_hour).allocated) *
      kHoursPerMonth;
  const double saved =
      *MonthlySavings(cpu, 0.5, price.core_hour) + *MonthlySavings(memory, kBytesPerGib, byte_hour);
  EXPECT_NEAR(now, 74.17, 0.005);
  EXPECT_NEAR(saved, 37.084, 0.0005);
  EXPECT_NEAR(saved / now, 0.5, 1e-12);
  const Holding unset[] = {{std::nullopt, 0.1}};
  EXPECT_FALSE(MonthlySavings(unset, 0.5, price.core_hour).has_value());
}

TEST(Percentile, GoldenValues) {
  // 168 points 1 + 0.001 h: p95 1.159 -> request 1.2749, limit 1.335 (predicted) -> 1.602; shown in
  // whole millicores.
  const Bounds cpu = CpuByPercentile({.p50 = 1.083, .p95 = 1.159, .p99 = 1.166, .max = 1.335});
  EXPECT_DOUBLE_EQ(cpu.target, 1.275);
  EXPECT_DOUBLE_EQ(cpu.limit, 1.602);
  EXPECT_LT(cpu.lower, cpu.target);
  EXPECT_GT(cpu.upper, cpu.target);
  const Bounds memory = MemoryByPercentile({.p50 = 90e6, .p95 = 95e6, .p99 = 99e6, .max = 100e6});
  EXPECT_DOUBLE_EQ(memory.target, 115 * kMib);
  EXPECT_DOUBLE_EQ(memory.limit, memory.target);
  EXPECT_DOUBLE_EQ(memory.lower, 100 * kMib);
  EXPECT_DOUBLE_EQ(memory.upper, 144 * kMib);
}

TEST(Percentile, Rounding) {
  EXPECT_EQ(RoundCores(0.25), 0.25);
  EXPECT_EQ(RoundCores(0.2501), 0.251);
  EXPECT_EQ(RoundCores(0.0001), 0.010);
  EXPECT_EQ(RoundCores(0.063), 0.063);
  EXPECT_EQ(RoundBytes(64 * kMib), 64 * kMib);
  EXPECT_EQ(RoundBytes(64 * kMib + 1), 65 * kMib);
  EXPECT_EQ(RoundBytes(1), 32 * kMib);
}

TEST(Percentile, BoundsAreInOrderForAnyUsage) {
  for (double level : {0.0, 0.004, 0.3, 7.0, 1e9}) {
    const UsageSummary usage = {level / 2, level, level, level * 1.01};
    for (const Bounds& bounds : {CpuByPercentile(usage), MemoryByPercentile(usage)}) {
      EXPECT_LE(bounds.lower, bounds.target);
      EXPECT_LE(bounds.target, bounds.upper);
      EXPECT_LE(bounds.target, bounds.limit);
    }
  }
}

std::string Text(const std::optional<FindingSeverity>& severity) {
  return severity ? std::string(FindingSeverityText(*severity)) : "none";
}

TEST(Findings, GoldenValues) {
  EXPECT_EQ(Text(JudgeUnderuse(.04, 1)), "high");
  EXPECT_EQ(Text(JudgeUnderuse(.05, 1)), "medium");
  EXPECT_EQ(Text(JudgeUnderuse(.10, 1)), "low");
  EXPECT_EQ(Text(JudgeUnderuse(.20, 1)), "none");
  EXPECT_EQ(Text(JudgeUnderuse(0, 0)), "none");
  EXPECT_EQ(Text(JudgeSaturation(.89, 1)), "none");
  EXPECT_EQ(Text(JudgeSaturation(.90, 1)), "medium");
  EXPECT_EQ(Text(JudgeSaturation(.95, 1)), "high");
  EXPECT_EQ(Text(JudgeSaturation(.99, 1)), "critical");
  EXPECT_EQ(Text(JudgeSaturation(5, 0)), "none");
}

TEST(Findings, HealthCanFallToZero) {
  using enum FindingSeverity;
  EXPECT_EQ(HealthScore({}), 100);
  const FindingSeverity some[] = {kCritical, kHigh, kMedium, kLow};
  EXPECT_EQ(HealthScore(some), 35);
  const FindingSeverity many[] = {kCritical, kCritical, kCritical, kCritical};
  EXPECT_EQ(HealthScore(many), 0);
}

TEST(UsagePoints, RatesOfAnyInterval) {
  const Timestamp times[] = {0, 60'000, 120'000, 180'000, 240'000, 300'000};
  const double values[] = {10, 40, 5, 35, StaleNan(), 95};
  const auto rates = CounterRates(times, values);
  ASSERT_EQ(rates.size(), 3U);
  EXPECT_DOUBLE_EQ(rates[0].value, 0.5);
  EXPECT_DOUBLE_EQ(rates[1].value, 5.0 / 60) << "a counter that fell began at 0";
  EXPECT_DOUBLE_EQ(rates[2].value, 0.5);
  EXPECT_EQ(rates[2].time, 180'000);
  EXPECT_TRUE(CounterRates(std::span(times).first(1), std::span(values).first(1)).empty());
}

TEST(UsagePoints, DuplicatesAndRestarts) {
  const std::vector<Sample> cadvisor = {{10, 5}, {20, 5}};
  const std::vector<Sample> resource = {{12, 4}, {22, 4}};
  const auto merged = MergeDuplicates(resource, cadvisor);
  ASSERT_EQ(merged.size(), 3U) << "the larger one, and what it does not cover";
  EXPECT_EQ(merged[0].time, 10);
  EXPECT_EQ(merged[2].time, 22);
  const auto restarted = MergeDuplicates({{1, 9}, {2, 9}}, {{5, 1}, {6, 1}});
  EXPECT_EQ(restarted.size(), 4U);
  EXPECT_EQ(MergeDuplicates({}, {{1, 1}}).size(), 1U);
}

}  // namespace
}  // namespace outrider
