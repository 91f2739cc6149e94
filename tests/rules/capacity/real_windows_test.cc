// SPDX-License-Identifier: Apache-2.0
// Both engines on the real windows, as the daemon runs them: raw samples in, derived series out,
// read back by PromQL.
#include <gtest/gtest.h>

#include <cmath>

#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/analytics_file.h"
#include "rules/capacity/capacity_engine.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

class RealWindowsTest : public testing::Test {
 protected:
  void Write(Labels labels, Timestamp time, double value) {
    const LabeledSample sample[] = {{std::move(labels), {time, value}}};
    windows_.AppendBatch(sample, Origin::kRemote, time);
  }
  void Scrape(Timestamp time, int i) {
    auto node = [](const char* name) {
      return Labels({{"__name__", name}, {"instance", "n1"}, {"job", "node"}});
    };
    Write(node("node_load1"), time, 1 + 0.01 * i + 0.1 * std::sin(i));
    Write(node("node_memory_MemTotal_bytes"), time, 8e9);
    Write(node("node_memory_MemAvailable_bytes"), time, 2e9);
    for (const char* mode : {"idle", "user", "system"}) {
      Write(node("node_cpu_seconds_total").With("mode", mode).With("cpu", "0"), time, i * 5.0 / 3);
    }
  }
  promql::Vector Query(const std::string& text, Timestamp now) {
    const auto expr = promql::Expression::Parse(text);
    EXPECT_TRUE(expr.ok()) << expr.status();
    auto result = promql_.Instant(*expr, windows_, now);
    EXPECT_TRUE(result.ok()) << result.status();
    return std::get<promql::Vector>(std::move(result->value));
  }

  FakeClock clock_;
  Windows windows_{WindowsOptions()};
  promql::Engine promql_{promql::EngineOptions(), clock_};
  DerivedTable table_;
};

TEST_F(RealWindowsTest, OneSeriesEachWithTheValueOfTheRawSamples) {
  CapacityOptions options;
  options.minimum_coverage = 30 * kSecond;
  options.policy = "percentile";
  const auto capacity = *CapacityEngine::Create(options, windows_, table_);
  const auto file = ParseAnalyticsFile(
      "builtin_entries: {host_disk: false}\n"
      "entries:\n- {name: load, kind: trend, expr: node_load1, windows: [5m]}\n"
      "- {name: load, kind: anomaly, expr: node_load1}\n",
      "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto entries = CombineEntries({*file});
  ASSERT_TRUE(entries.ok());
  AnalyticsEngine analytics(*entries, AnalyticsOptions(),
                            {.engine = promql_,
                             .querier = windows_,
                             .table = table_,
                             .workloads = &capacity->workloads(),
                             .feed = &windows_});
  capacity->Rebuild(kStart);
  analytics.Rebuild(kStart);
  Timestamp now = kStart;
  for (int i = 0; i <= 18; ++i) {  // a multiple of 15 s: the window of 5m is told then
    now = kStart + i * 5000;
    Scrape(now, i);
    capacity->Run(now + 10);
    analytics.Run(now + 10);
    EXPECT_EQ(table_.Flush(windows_, now + 10).Rejected(), 0U);
  }
  now += 10;

  const auto slope = Query("outrider_trend_slope{entry=\"load\"}", now);
  ASSERT_EQ(slope.size(), 1U);
  const auto exact = Query("deriv(node_load1[5m])", now);
  ASSERT_EQ(exact.size(), 1U);
  EXPECT_NEAR(slope[0].value, exact[0].value, std::fabs(exact[0].value) * 1e-9);
  EXPECT_EQ(slope[0].labels.Get("metric"), "node_load1");
  EXPECT_EQ(Query("outrider_anomaly_score{entry=\"load\"}", now).size(), 1U);
  const auto cores = Query("outrider_recommendation_cpu_cores{bound=\"target\"}", now);
  ASSERT_EQ(cores.size(), 1U);
  EXPECT_NEAR(cores[0].value, 0.734, 0.0015) << "2/3 of a core, plus 10 %, in whole millicores";
  const auto cost = Query(
      "outrider_cost_dollars_per_hour{resource=\"cpu\",basis=\"allocated\",workload=\"n1\"}", now);
  ASSERT_EQ(cost.size(), 1U);
  EXPECT_NEAR(cost[0].value, .0416, 1e-12);
  EXPECT_EQ(Query("outrider_trend_slope{entry=\"host_memory\",window=\"24h\"}", now).size(), 1U);
}

}  // namespace
}  // namespace outrider
