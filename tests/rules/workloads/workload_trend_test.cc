// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_trend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'763'700'000'000;

class Names final : public WorkloadNames {
 public:
  std::optional<WorkloadName> Find(std::string_view, std::string_view pod) const override {
    return WorkloadName{std::string(pod.substr(0, pod.rfind('-'))), "StatefulSet"};
  }
};

class WorkloadTrendTest : public testing::Test {
 protected:
  // Samples every `step` over the last `minutes`, CPU at `cores` and memory growing by `growth` a
  // second up to `bytes` at kNow.
  void Add(const std::string& pod, double minutes, DurationMs step, double cores, double bytes,
           double growth = 0) {
    for (Timestamp time = kNow - static_cast<DurationMs>(minutes * kMinute); time <= kNow;
         time += step) {
      const double age = static_cast<double>(kNow - time) / kSecond;
      windows_.Add(Of("container_cpu_usage_seconds_total", pod), time, 1e6 - age * cores);
      windows_.Add(Of("container_memory_working_set_bytes", pod), time, bytes - age * growth);
    }
  }
  static Labels Of(const char* metric, const std::string& pod) {
    return Labels(
        {{"__name__", metric}, {"namespace", "shop"}, {"pod", pod}, {"container", "app"}});
  }
  WorkloadUse Read(DurationMs window, Timestamp now = kNow) {
    const auto use = ReadWorkloadUse(windows_, names_, {"shop", "web", "app"}, window, now);
    EXPECT_TRUE(use.ok()) << use.status();
    return use.value_or(WorkloadUse());
  }
  Names names_;
  FakeWindows windows_;
};

TEST_F(WorkloadTrendTest, SumsThePodsOfTheWorkloadOnly) {
  Add("web-0", 30, 15 * kSecond, .5, 100);
  Add("web-1", 30, 15 * kSecond, .25, 50);
  Add("web-api-0", 30, 15 * kSecond, 8, 9000);  // §1.3 defect (d)
  const WorkloadUse use = Read(15 * kMinute);
  ASSERT_EQ(use.cpu.size(), 15);
  const UseTrend cpu = JudgeUse(use.cpu, kNow);
  EXPECT_NEAR(*cpu.current, .75, 1e-6);
  EXPECT_NEAR(*cpu.average, .75, 1e-6);
  EXPECT_NEAR(*cpu.deviation, 0, 1e-6);
  EXPECT_FALSE(cpu.verdict.anomalous);
  EXPECT_EQ(*JudgeUse(use.memory, kNow).current, 150);
}

// §1.3 defect (e): a rate over one minute is empty at scrapes of a minute and more.
TEST_F(WorkloadTrendTest, RareScrapesAreNoGaps) {
  for (const DurationMs step : {kMinute, 2 * kMinute, 4 * kMinute}) {
    windows_ = FakeWindows();
    Add("web-0", 40, step, .5, 100);
    const WorkloadUse use = Read(15 * kMinute);
    ASSERT_EQ(use.cpu.size(), 15) << step;
    EXPECT_NEAR(*JudgeUse(use.cpu, kNow).average, .5, 1e-6) << step;
  }
}

// §1.3 defect (f).
TEST_F(WorkloadTrendTest, NoDataIsNotZero) {
  const UseTrend nothing = JudgeUse(Read(15 * kMinute).cpu, kNow);
  EXPECT_FALSE(nothing.current || nothing.average || nothing.deviation || nothing.rate);
  Add("web-0", 30, 15 * kSecond, .5, 100);
  const UseTrend old = JudgeUse(Read(15 * kMinute, kNow + 8 * kMinute).cpu, kNow + 8 * kMinute);
  EXPECT_FALSE(old.current);
  EXPECT_NEAR(*old.average, .5, 1e-6);
}

TEST_F(WorkloadTrendTest, APodThatEndedNoLongerCounts) {
  Add("web-0", 30, 15 * kSecond, .5, 100);
  Add("web-1", 30, 15 * kSecond, .5, 100);
  windows_.Add(Of("container_cpu_usage_seconds_total", "web-1"), kNow + kSecond, StaleNan());
  windows_.Add(Of("container_memory_working_set_bytes", "web-1"), kNow + kSecond, StaleNan());
  for (Timestamp time = kNow + 15 * kSecond; time <= kNow + 2 * kMinute; time += 15 * kSecond) {
    windows_.Add(Of("container_memory_working_set_bytes", "web-0"), time, 100);
  }
  EXPECT_EQ(*JudgeUse(Read(kMinute).memory, kNow).current, 200);
  const Timestamp later = kNow + 2 * kMinute;
  EXPECT_EQ(*JudgeUse(Read(kMinute, later).memory, later).current, 100);
}

TEST_F(WorkloadTrendTest, TheRateIsThatOfTheLine) {
  Add("web-0", 70, 15 * kSecond, .5, 1e9, 1e4);
  const UseTrend memory = JudgeUse(Read(kHour).memory, kNow);
  EXPECT_NEAR(*memory.rate, 1e4, 1);
  EXPECT_EQ(memory.verdict.direction, TrendDirection::kIncreasing);
}

}  // namespace
}  // namespace outrider
