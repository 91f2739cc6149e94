// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/capacity_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr double kMib = 1024.0 * 1024.0;
constexpr double kGib = 1024 * kMib;

class CapacityEngineTest : public testing::Test {
 protected:
  std::unique_ptr<CapacityEngine> Make(DurationMs minimum_coverage = 30 * kSecond) {
    CapacityOptions options;
    options.minimum_coverage = minimum_coverage;
    options.minimum_samples = 3;
    options.judge_growth = 0;
    options.policy = "percentile";
    options.cpu_rails.hysteresis = 0;
    options.memory_rails.hysteresis = 0;
    return *CapacityEngine::Create(options, windows_, table_);
  }

  // A machine with two CPUs: `busy` cores in use, 25 % of 8 GiB available.
  void ScrapeHost(Timestamp time, double busy, const char* instance = "n1:9100") {
    for (const char* cpu : {"0", "1"}) {
      for (const char* mode : {"user", "system", "idle"}) {
        const double share = std::string_view(mode) == "idle" ? 1 - busy / 2 : busy / 4;
        double& counter = counters_[std::string(instance) + cpu + mode];
        counter += share * 5;
        windows_.Add(Labels({{"__name__", "node_cpu_seconds_total"},
                             {"cpu", cpu},
                             {"instance", instance},
                             {"job", "node"},
                             {"mode", mode}}),
                     time, counter);
      }
    }
    windows_.Add(
        Labels(
            {{"__name__", "node_memory_MemTotal_bytes"}, {"instance", instance}, {"job", "node"}}),
        time, 8 * kGib);
    windows_.Add(Labels({{"__name__", "node_memory_MemAvailable_bytes"},
                         {"instance", instance},
                         {"job", "node"}}),
                 time, 2 * kGib);
  }

  void ScrapePod(Timestamp time, const std::string& pod, double cores, double bytes) {
    double& counter = counters_[pod];
    counter += cores * 15;
    for (const char* container : {"app", "POD", ""}) {
      for (const char* path : {"/metrics/cadvisor", "/metrics/resource"}) {
        const char* cpu = std::string_view(path) == "/metrics/cadvisor" ? "total" : "";
        windows_.Add(Labels({{"__name__", "container_cpu_usage_seconds_total"},
                             {"namespace", "shop"},
                             {"pod", pod},
                             {"container", container},
                             {"cpu", cpu},
                             {"metrics_path", path}}),
                     time, counter);
        windows_.Add(Labels({{"__name__", "container_memory_working_set_bytes"},
                             {"namespace", "shop"},
                             {"pod", pod},
                             {"container", container},
                             {"metrics_path", path}}),
                     time, bytes);
      }
    }
  }
  void Kube(Timestamp time, const std::string& pod, const char* owner_kind, const char* owner) {
    windows_.Add(Labels({{"__name__", "kube_pod_owner"},
                         {"namespace", "shop"},
                         {"pod", pod},
                         {"owner_kind", owner_kind},
                         {"owner_name", owner}}),
                 time, 1);
  }
  void Spec(Timestamp time, const std::string& pod, const char* metric, const char* resource,
            double value) {
    windows_.Add(Labels({{"__name__", metric},
                         {"exported_namespace", "shop"},
                         {"exported_pod", pod},
                         {"exported_container", "app"},
                         {"namespace", "monitoring"},
                         {"pod", "ksm-0"},
                         {"container", "ksm"},
                         {"resource", resource}}),
                 time, value);
  }
  std::map<std::string, double> Derived() const { return DerivedText(table_); }

  FakeWindows windows_;
  DerivedTable table_;
  std::map<std::string, double> counters_;
};

TEST_F(CapacityEngineTest, RefusesWhatItCannotPrice) {
  for (auto [provider, region] : {std::pair("oracle", ""), std::pair("aws", "eastus")}) {
    CapacityOptions options;
    options.provider = provider;
    options.region = region;
    EXPECT_THAT(Message(CapacityEngine::Create(options, windows_, table_).status()),
                testing::HasSubstr("known: "));
  }
  CapacityOptions options;
  options.policy = "magic";
  EXPECT_THAT(Message(CapacityEngine::Create(options, windows_, table_).status()),
              testing::HasSubstr("percentile"));
  options = CapacityOptions();
  options.core_hour_dollars = -1;
  EXPECT_FALSE(CapacityEngine::Create(options, windows_, table_).ok());
}

// The ticks of /proc/stat make a busy machine use more than it has, over short times.
TEST_F(CapacityEngineTest, AMachineCannotUseMoreThanItHas) {
  auto engine = Make();
  for (int i = 0; i <= 12; ++i) {
    ScrapeHost(kStart + i * 5000, 2.1);
    engine->Run(kStart + i * 5000 + 100);
  }
  const auto derived = Derived();
  const std::string who = "resource=\"cpu\", workload=\"n1:9100\", workload_kind=\"Host\"}";
  const std::string cost = "outrider_cost_dollars_per_hour{basis=\"";
  EXPECT_NEAR(derived.at(cost + "allocated\", " + who), 2 * .0416, 1e-12);
  EXPECT_NEAR(derived.at(cost + "used\", " + who), 2 * .0416, 1e-12);
  EXPECT_NEAR(derived.at(cost + "idle\", " + who), 0, 1e-12);
}

TEST_F(CapacityEngineTest, AMachineIsAWorkload) {
  auto engine = Make();
  for (int i = 0; i <= 12; ++i) {
    ScrapeHost(kStart + i * 5000, i == 6 ? 1.0 : 0.5);
    engine->Run(kStart + i * 5000 + 100);
  }
  const auto derived = Derived();
  auto value = [&](const std::string& series) {
    EXPECT_TRUE(derived.contains(series)) << series << testing::PrintToString(derived);
    return derived.contains(series) ? derived.at(series) : std::nan("");
  };
  const std::string who = "workload=\"n1:9100\", workload_kind=\"Host\"}";
  // Twelve rates, eleven of 0.5 and one of 1: the 95th percentile is the twelfth.
  EXPECT_NEAR(value("outrider_recommendation_cpu_cores{bound=\"target\", " + who), 1.1, 0.05);
  EXPECT_NEAR(value("outrider_recommendation_cpu_cores{bound=\"limit\", " + who), 1.2, 1e-9);
  EXPECT_NEAR(value("outrider_recommendation_memory_bytes{bound=\"target\", " + who),
              std::ceil(6 * 1024 * 1.2) * kMib, 1);
  const double used = (11 * 0.5 + 1) / 12;
  const std::string cost = "outrider_cost_dollars_per_hour{basis=\"";
  EXPECT_NEAR(value(cost + "allocated\", resource=\"cpu\", " + who), 2 * .0416, 1e-12);
  EXPECT_NEAR(value(cost + "used\", resource=\"cpu\", " + who), used * .0416, 1e-9);
  EXPECT_NEAR(value(cost + "idle\", resource=\"cpu\", " + who), (2 - used) * .0416, 1e-9);
  EXPECT_NEAR(value(cost + "allocated\", resource=\"memory\", " + who), 8 * .0046, 1e-12);
  EXPECT_NEAR(value(cost + "used\", resource=\"memory\", " + who), 6 * .0046, 1e-9);
  size_t targets = 0;
  for (const auto& [series, unused] : derived) {
    targets += series.starts_with("outrider_recommendation_cpu_cores{bound=\"target\"") ? 1U : 0U;
  }
  EXPECT_EQ(targets, 1U);

  const auto recommendations = engine->Recommendations();
  ASSERT_EQ(recommendations.size(), 1U);
  EXPECT_EQ(recommendations[0].cpu.samples, 12U);
  EXPECT_EQ(recommendations[0].cpu.request, 2);
  EXPECT_THAT(recommendations[0].cpu.reason, testing::HasSubstr("95th percentile"));
}

TEST_F(CapacityEngineTest, HalfAScrapeIsNotAnIdleMachine) {
  auto engine = Make();
  for (int i = 0; i < 12; ++i) ScrapeHost(kStart + i * 5000, 1);
  // The next scrape has arrived in part only.
  const Timestamp half = kStart + 12 * 5000;
  const Labels part({{"__name__", "node_cpu_seconds_total"},
                     {"cpu", "0"},
                     {"instance", "n1:9100"},
                     {"job", "node"},
                     {"mode", "user"}});
  windows_.Add(part, half, counters_["n1:91000user"] += 1.25);
  engine->Run(half);
  EXPECT_EQ(engine->Recommendations()[0].cpu.samples, 11U);
  EXPECT_NEAR(engine->Recommendations()[0].cpu.mean_use, 1, 1e-9);
}

TEST_F(CapacityEngineTest, NotEnoughDataIsSaid) {
  auto engine = Make(kHour);
  for (int i = 0; i <= 12; ++i) ScrapeHost(kStart + i * 5000, 0.5);
  engine->Run(kStart + kMinute);
  for (const auto& [series, value] : Derived()) {
    EXPECT_FALSE(series.starts_with("outrider_recommendation")) << series;
    EXPECT_FALSE(series.starts_with("outrider_workload_health")) << series;
  }
  ASSERT_EQ(engine->Recommendations().size(), 1U);
  EXPECT_THAT(engine->Recommendations()[0].cpu.reason,
              testing::StartsWith("not enough data: 12 samples over 55s"));
  EXPECT_FALSE(engine->Costs()[0].health_score.has_value());
}

TEST_F(CapacityEngineTest, WorkloadOfTwoPods) {
  auto engine = Make();
  for (int i = 0; i <= 8; ++i) {
    const Timestamp time = kStart + i * 15'000;
    for (const char* pod : {"web-7d4b9c6f5d-x2k9p", "web-7d4b9c6f5d-b4c5d"}) {
      ScrapePod(time, pod, 0.1, 200 * kMib);
      Kube(time, pod, "ReplicaSet", "web-7d4b9c6f5d");
      Spec(time, pod, "kube_pod_container_resource_requests", "cpu", 1);
      Spec(time, pod, "kube_pod_container_resource_requests", "memory", 2 * kGib);
      Spec(time, pod, "kube_pod_container_resource_limits", "memory", 2 * kGib);
    }
    engine->Run(time);
  }
  const auto recommendations = engine->Recommendations();
  ASSERT_EQ(recommendations.size(), 1U);
  const Recommendation& web = recommendations[0];
  EXPECT_EQ(web.key, (WorkloadKey{"shop", "web", "Deployment"}));
  EXPECT_EQ(web.container, "app");
  EXPECT_EQ(web.pods, 2U);
  EXPECT_EQ(web.cpu.request, 1);
  EXPECT_EQ(web.memory.limit, 2 * kGib);
  EXPECT_FALSE(web.cpu.limit.has_value());
  EXPECT_EQ(web.cpu.samples, 16U) << "two pods, eight rates, each endpoint once";
  EXPECT_NEAR(web.cpu.recommended.target, 0.110, 0.0015);
  EXPECT_NEAR(web.memory.recommended.target, 240 * kMib, 1);

  const auto costs = engine->Costs();
  ASSERT_EQ(costs.size(), 1U);
  EXPECT_NEAR(costs[0].monthly, 74.17, 0.005);
  EXPECT_NEAR(costs[0].cpu.used, 0.2 * .0416, 1e-9);
  const double projected = 2 * 730 * (web.cpu.recommended.target * .0416 + 240.0 / 1024 * .0046);
  EXPECT_NEAR(costs[0].projected_monthly, projected, 1e-6);
  EXPECT_EQ(costs[0].health_score, 100 - 5 - 10) << "10 % of the CPU, 9.8 % of the memory";

  const auto derived = Derived();
  const std::string who = "namespace=\"shop\", workload=\"web\", workload_kind=\"Deployment\"}";
  EXPECT_TRUE(derived.contains(
      "outrider_recommendation_cpu_cores{bound=\"target\", container=\"app\", " + who))
      << testing::PrintToString(derived);
  const std::string savings =
      "outrider_recommendation_savings_dollars_per_month{container=\"app\", " + who;
  ASSERT_TRUE(derived.contains(savings));
  EXPECT_NEAR(derived.at(savings), costs[0].monthly - projected, 1e-6);
}

TEST_F(CapacityEngineTest, ALateOwnerTakesTheHistoryAlong) {
  auto engine = Make();
  const char* pod = "agent-x2k9p";
  Timestamp time = kStart;
  for (int i = 0; i < 20; ++i, time += 15'000) {
    Kube(time, "other", "DaemonSet", "other");
    ScrapePod(time, pod, 0.1, 100 * kMib);
    engine->Run(time);
    if (i == 2) {
      EXPECT_EQ(engine->stats().waiting, 1U);
      EXPECT_TRUE(engine->Recommendations().empty());
    }
  }
  engine->Run(time - 15'000 + CapacityEngine::kJudgeEvery);
  ASSERT_EQ(engine->Recommendations().size(), 1U);
  EXPECT_EQ(engine->Recommendations()[0].key.workload_kind, "Unknown");
  EXPECT_EQ(engine->Recommendations()[0].cpu.samples, 19U) << "what came while it waited counts";
  Kube(time, pod, "DaemonSet", "node-agent");
  ScrapePod(time, pod, 0.1, 100 * kMib);
  engine->Run(time);
  ASSERT_EQ(engine->Recommendations().size(), 1U);
  EXPECT_EQ(engine->Recommendations()[0].key, (WorkloadKey{"shop", "node-agent", "DaemonSet"}));
  EXPECT_EQ(engine->Recommendations()[0].cpu.samples, 20U);
}

TEST_F(CapacityEngineTest, SeriesGoWithTheirSource) {
  auto engine = Make();
  for (int i = 0; i <= 12; ++i) ScrapeHost(kStart + i * 5000, 0.5);
  for (int i = 0; i <= 12; ++i) ScrapeHost(kStart + i * 5000, 0.5, "n2:9100");
  engine->Run(kStart + kMinute);
  EXPECT_EQ(engine->Costs().size(), 2U);
  SeriesSet set;
  const Matcher n2[] = {Matcher::Equal("instance", "n2:9100")};
  ASSERT_TRUE(windows_.Select(n2, kStart, kStart + kMinute, SIZE_MAX, &set).ok());
  for (const auto& row : set.rows) windows_.Add(row.labels.All(), kStart + kMinute + 1, StaleNan());
  engine->Run(kStart + kMinute + 10);
  EXPECT_EQ(engine->Costs().size(), 1U) << "markers end it at once";
  EXPECT_GT(table_.size(), 0U);
  engine->Run(kStart + 7 * kMinute);
  EXPECT_EQ(engine->Costs().size(), 0U) << "so do five minutes of silence";
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(CapacityEngineTest, RebuildGivesWhatRunningWouldHave) {
  auto running = Make();
  Timestamp time = kStart;
  for (int i = 0; i < 500; ++i, time += 15'000) {
    ScrapePod(time, "db-0", 0.1 + 0.001 * i, (100 + i) * kMib);
    Kube(time, "db-0", "StatefulSet", "db");
    ScrapeHost(time, 0.5 + 0.001 * i);
    running->Run(time);
  }
  running->Run(time - 15'000 + CapacityEngine::kJudgeEvery);
  const auto expected = Derived();
  const auto samples = running->Recommendations()[0].cpu.samples;
  running.reset();
  EXPECT_EQ(table_.size(), 0U);
  auto rebuilt = Make();
  rebuilt->Rebuild(time);
  rebuilt->Run(time - 15'000 + CapacityEngine::kJudgeEvery);
  EXPECT_EQ(rebuilt->Recommendations()[0].cpu.samples, samples);
  const auto actual = Derived();
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [series, value] : expected) {
    EXPECT_NEAR(actual.at(series), value, std::fabs(value) * 1e-9) << series;
  }
}

}  // namespace
}  // namespace outrider
