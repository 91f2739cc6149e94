// SPDX-License-Identifier: Apache-2.0
// What moved together with an anomalous series.
#include "rules/analytics/companions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr Timestamp kFrom = 1'763'700'000'000;
constexpr Timestamp kSince = kFrom + kHour;
constexpr Timestamp kTo = kFrom + 2 * kHour;

// Pods are named WORKLOAD-N.
class NamedPods final : public WorkloadNames {
 public:
  std::optional<WorkloadName> Find(std::string_view /*namespace_name*/,
                                   std::string_view pod) const override {
    return WorkloadName{std::string(pod.substr(0, pod.rfind('-'))), "Deployment"};
  }
};

class CompanionsTest : public ::testing::Test {
 protected:
  // A sample every 15 s; `value` gets the minutes since kFrom.
  void Add(const Labels& labels, const std::function<double(double minutes)>& value) {
    for (Timestamp t = kFrom; t <= kTo; t += 15 * kSecond) {
      windows_.Add(labels, t, value(static_cast<double>(t - kFrom) / kMinute));
    }
  }
  static double Noise(double minutes) { return 0.01 * static_cast<double>(int(minutes * 7) % 5); }
  static double Step(double minutes) { return (minutes < 60 ? 1 : 5) + Noise(minutes); }

  CompanionReport Find(const Labels& source, const CompanionOptions& options = {}) {
    const std::vector<Sample> values = windows_.Samples(source);
    const StatusOr<CompanionReport> report = FindCompanions(
        windows_, &pods_,
        {.source = source, .values = values, .from = kFrom, .since = kSince, .to = kTo}, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : CompanionReport();
  }
  static std::vector<std::string> Names(const CompanionReport& report) {
    std::vector<std::string> names;
    for (const Companion& c : report.companions)
      names.push_back(c.labels.ToString() + " " + c.scope);
    return names;
  }

  FakeWindows windows_;
  NamedPods pods_;
};

TEST_F(CompanionsTest, WhatMovedInTheWorkloadAndOnTheNode) {
  const Labels source{{"__name__", "cpu"}, {"namespace", "shop"}, {"pod", "web-1"}, {"node", "n1"}};
  Add(source, Step);
  const auto pod = [](const char* name, const char* pod_name) {
    return Labels{{"__name__", name}, {"namespace", "shop"}, {"pod", pod_name}};
  };
  Add(pod("latency", "web-1"), [](double m) { return 10 * Step(m); });
  Add(pod("requests_total", "web-2"),
      [](double m) { return m < 60 ? m * 60 : 3600 + (m - 60) * 600; });
  Add(pod("free", "web-1"), [](double m) { return -Step(m); });
  Add(pod("steady", "web-1"), Noise);
  Add(pod("latency", "db-1"), [](double m) { return 10 * Step(m); });  // another workload
  Add(pod("latency_bucket", "web-1"), Step);
  Add(Labels{{"__name__", "outrider_trend_slope"}, {"namespace", "shop"}, {"pod", "web-1"}}, Step);
  Add(Labels{{"__name__", "load1"}, {"node", "n1"}}, [](double m) { return Step(m) * 2; });
  Add(Labels{{"__name__", "load1"}, {"node", "n2"}}, [](double m) { return Step(m) * 2; });
  Add(
      Labels{
          {"__name__", "cpu"}, {"namespace", "shop"}, {"pod", "web-1"}, {"node", "n1"}, {"a", "b"}},
      [](double m) { return 7 - Noise(m); });

  const CompanionReport report = Find(source);
  EXPECT_THAT(Names(report), ::testing::UnorderedElementsAre(
                                 R"(latency{namespace="shop", pod="web-1"} workload)",
                                 R"(free{namespace="shop", pod="web-1"} workload)",
                                 R"(requests_total{namespace="shop", pod="web-2"} workload)",
                                 R"(load1{node="n1"} node)"));
  for (const Companion& c : report.companions) {
    SCOPED_TRACE(c.labels.ToString());
    const bool falls = c.labels.MetricName() == "free";
    EXPECT_GT(falls ? -c.correlation : c.correlation, 0.9);
    EXPECT_EQ(c.rate, c.labels.MetricName() == "requests_total");
  }
  const auto requests = std::ranges::find(report.companions, true, &Companion::rate);
  ASSERT_NE(requests, report.companions.end());
  EXPECT_DOUBLE_EQ(requests->before, 1);
  EXPECT_DOUBLE_EQ(requests->after, 10);
  EXPECT_FALSE(report.cut);
}

TEST_F(CompanionsTest, PerWorkloadEntriesLookAtTheirPods) {
  const Labels source{{"namespace", "shop"}, {"workload", "web"}, {"workload_kind", "Deployment"}};
  Add(source, Step);
  Add(Labels{{"__name__", "memory"}, {"namespace", "shop"}, {"pod", "web-1"}}, Step);
  Add(Labels{{"__name__", "memory"}, {"namespace", "shop"}, {"pod", "web-api-1"}}, Step);
  EXPECT_THAT(Names(Find(source)),
              ::testing::ElementsAre(R"(memory{namespace="shop", pod="web-1"} workload)"));
}

TEST_F(CompanionsTest, ACounterThatIsAnomalousIsComparedByItsChange) {
  const auto rate = [](double m) { return m < 60 ? m * 60 : 3600 + (m - 60) * 600; };
  const Labels source{{"__name__", "errors_total"}, {"instance", "h"}};
  Add(source, rate);
  Add(Labels{{"__name__", "requests_total"}, {"instance", "h"}}, rate);
  Add(Labels{{"__name__", "latency"}, {"instance", "h"}}, Step);
  const CompanionReport report = Find(source);
  EXPECT_THAT(Names(report), ::testing::UnorderedElementsAre(R"(requests_total{instance="h"} node)",
                                                             R"(latency{instance="h"} node)"));
  for (const Companion& c : report.companions) {
    EXPECT_GT(c.correlation, 0.95) << c.labels.ToString();
  }
}

TEST_F(CompanionsTest, CountersWithFewerSamplesThanPoints) {
  const Labels source{{"__name__", "cpu"}, {"instance", "h"}};
  Add(source, Step);
  Add(Labels{{"__name__", "requests_total"}, {"instance", "h"}},
      [](double m) { return m < 60 ? m * 60 : 3600 + (m - 60) * 600; });
  const CompanionReport report = Find(source, {.step = 4 * kSecond});  // a sample is every 15 s
  ASSERT_EQ(report.companions.size(), 1U);
  EXPECT_NEAR(report.companions[0].before, 1, 0.1);
  EXPECT_NEAR(report.companions[0].after, 10, 1);
}

TEST_F(CompanionsTest, NobodyWithoutPlaceAndLimits) {
  const Labels alone{{"__name__", "cpu"}, {"job", "x"}};
  Add(alone, Step);
  Add(Labels{{"__name__", "other"}, {"job", "x"}}, Step);
  EXPECT_EQ(Find(alone).candidates, 0u);

  const Labels host{{"__name__", "cpu"}, {"instance", "h"}};
  Add(host, Step);
  for (int i = 0; i < 20; ++i) {
    Add(Labels{{"__name__", "m" + std::to_string(i)}, {"instance", "h"}}, Step);
  }
  EXPECT_EQ(Find(host).companions.size(), 10u);
  const CompanionReport cut = Find(host, {.max_candidates = 5});
  EXPECT_EQ(cut.candidates, 5u);
  EXPECT_TRUE(cut.cut);
}

}  // namespace
}  // namespace outrider
