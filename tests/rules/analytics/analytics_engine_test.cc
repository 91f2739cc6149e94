// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/analytics_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/analytics/analytics_file.h"
#include "rules/analytics/builtin.h"
#include "storage/base/text.h"
#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

class FakeNames final : public WorkloadNames {
 public:
  std::optional<WorkloadName> Find(std::string_view /*namespace_name*/,
                                   std::string_view pod) const override {
    if (pod.starts_with("web-")) return WorkloadName{"web", "Deployment"};
    return std::nullopt;
  }
};

class AnalyticsEngineTest : public testing::Test {
 protected:
  static std::vector<Entry> Parse(const std::string& entries) {
    auto file = ParseAnalyticsFile("entries:\n" + entries, "a.yml");
    EXPECT_TRUE(file.ok()) << file.status();
    return file->entries;
  }
  std::unique_ptr<AnalyticsEngine> Make(const std::string& entries) {
    return std::make_unique<AnalyticsEngine>(Parse(entries), options_, Seams());
  }
  AnalyticsSeams Seams() {
    return {.engine = promql_,
            .querier = windows_,
            .table = table_,
            .workloads = &names_,
            .feed = &windows_};
  }
  static Labels Load(const char* instance = "n1") {
    return Labels({{"__name__", "node_load1"}, {"instance", instance}, {"job", "node"}});
  }
  std::map<std::string, double> Derived() const { return DerivedText(table_); }

  FakeClock clock_;
  AnalyticsOptions options_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  FakeWindows windows_;
  DerivedTable table_;
  FakeNames names_;
};

constexpr const char* kTrend = "- {name: load, kind: trend, expr: node_load1, windows: [5m]}\n";
constexpr const char* kSlope =
    "outrider_trend_slope{entry=\"load\", instance=\"n1\", job=\"node\", metric=\"node_load1\", "
    "window=\"5m\"}";

TEST_F(AnalyticsEngineTest, TrendOfRawSamplesAndItsLabels) {
  auto engine = Make(kTrend);
  for (int i = 0; i <= 12; ++i) windows_.Add(Load(), kStart + i * 5000, 2 + 0.125 * 5 * i);
  engine->Run(kStart + 61'000);
  const auto derived = Derived();
  ASSERT_EQ(derived.size(), 3U);
  ASSERT_TRUE(derived.contains(kSlope));
  EXPECT_NEAR(derived.at(kSlope), 0.125, 1e-12);
}

TEST_F(AnalyticsEngineTest, EachSampleOnceWhateverTheIntervals) {
  auto engine = Make(kTrend);
  uint64_t written = 0;
  for (Timestamp now = kStart; now < kStart + 10 * kMinute; now += 1000) {
    if ((now / 1000) % 7 == 0) {
      windows_.Add(Load(), now - 300, 1);  // arrives after a run may have passed its time
      ++written;
    }
    if ((now / 1000) % 3 == 0) engine->Run(now);
  }
  engine->Run(kStart + 10 * kMinute);
  EXPECT_EQ(engine->Entries()[0].samples, written);
  EXPECT_LE(windows_.samples_read(), written + 1) << "only the first is read twice";
}

TEST_F(AnalyticsEngineTest, ABacklogIsCaughtUp) {
  auto engine = Make("- {name: load, kind: trend, expr: node_load1}\n");
  windows_.Add(Load(), kStart, 1);
  engine->Run(kStart + 1000);
  // The sender was away for 40 minutes and now delivers in two parts.
  Timestamp sent = kStart;
  const Timestamp back = kStart + 40 * kMinute;
  uint64_t written = 1;
  for (Timestamp now : {back, back + 15'000}) {
    for (int i = 0; i < 80; ++i) {
      sent += 15'000;
      windows_.Add(Load(), sent, 1);
      ++written;
    }
    for (Timestamp t = now - 3 * kMinute; t <= now; t += 15'000) engine->Run(t);
  }
  EXPECT_EQ(engine->Entries()[0].samples, written);
}

TEST_F(AnalyticsEngineTest, SeriesGoWithTheirSource) {
  auto engine = Make("- {name: load, kind: trend, expr: node_load1, windows: [1h]}\n");
  for (int i = 0; i < 5; ++i) windows_.Add(Load(), kStart + i * 1000, i);
  for (int i = 0; i < 5; ++i) windows_.Add(Load("n2"), kStart + i * 1000, i);
  engine->Run(kStart + 5000);
  EXPECT_EQ(Derived().size(), 6U);
  windows_.Add(Load(), kStart + 6000, StaleNan());
  engine->Run(kStart + 6000);
  EXPECT_EQ(Derived().size(), 3U) << "a staleness marker ends it at once";
  engine->Run(kStart + 4000 + 5 * kMinute);
  EXPECT_EQ(Derived().size(), 3U);
  engine->Run(kStart + 4001 + 5 * kMinute);
  EXPECT_EQ(Derived().size(), 0U) << "so do five minutes of silence";
  windows_.Add(Load(), kStart + 6 * kMinute, 5);
  engine->Run(kStart + 6 * kMinute);
  EXPECT_EQ(engine->Entries()[0].series, 1U) << "and it may come back";
}

TEST_F(AnalyticsEngineTest, NoDataIsNotZero) {
  auto engine = Make(kTrend);
  for (int i = 0; i < 5; ++i) windows_.Add(Load(), kStart + i * 1000, std::nan(""));
  engine->Run(kStart + 5000);
  EXPECT_EQ(Derived().size(), 0U);
}

TEST_F(AnalyticsEngineTest, MaxSeriesIsCounted) {
  auto engine = Make("- {name: load, kind: trend, expr: node_load1, max_series: 2}\n");
  for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) windows_.Add(Load(name), kStart, 1);
  engine->Run(kStart);
  EXPECT_EQ(engine->Entries()[0].series, 2U);
  EXPECT_EQ(engine->Entries()[0].refused, 3U);
}

TEST_F(AnalyticsEngineTest, RebuildGivesWhatRunningWouldHave) {
  auto running = Make("- {name: load, kind: trend, expr: node_load1}\n");
  for (int i = 0; i < 2000; ++i) {
    const Timestamp now = kStart + i * 30'000;
    windows_.Add(Load(), now, 100 + std::sin(i) + 0.001 * i);
    if (i % 2 == 0) running->Run(now);
  }
  const Timestamp now = kStart + 2000 * 30'000;
  running->Run(now);
  const auto expected = Derived();
  ASSERT_EQ(expected.size(), 21U);
  running.reset();
  EXPECT_EQ(Derived().size(), 0U);

  auto rebuilt = Make("- {name: load, kind: trend, expr: node_load1}\n");
  rebuilt->Rebuild(now - 10'000);
  rebuilt->Run(now);
  const auto actual = Derived();
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [series, value] : expected) {
    EXPECT_NEAR(actual.at(series), value, std::fabs(value) * 1e-5) << series;
  }
}

TEST_F(AnalyticsEngineTest, ReplaceKeepsStateOfUnchangedEntries) {
  auto engine = Make(kTrend);
  for (int i = 0; i < 5; ++i) windows_.Add(Load(), kStart + i * 1000, i);
  engine->Run(kStart + 5000);
  engine->Replace(Parse(std::string(kTrend) +
                        "- {name: load, kind: anomaly, expr: node_load1, max_series: 5}\n"),
                  kStart + 6000);
  ASSERT_EQ(engine->Entries().size(), 2U);
  EXPECT_EQ(engine->Entries()[0].samples, 5U);
  EXPECT_EQ(Derived().size(), 3U);
  engine->Replace({}, kStart + 7000);
  EXPECT_EQ(Derived().size(), 0U);
}

// Rules that read them would end their alerts.
TEST_F(AnalyticsEngineTest, SeriesGoOnWhenTheirNeighbourComes) {
  auto engine = Make(kTrend);
  for (int i = 0; i < 5; ++i) windows_.Add(Load(), kStart + i * 1000, i);
  engine->Run(kStart + 5000);
  const auto before = Derived();
  ASSERT_EQ(before.size(), 3U);
  engine->Replace(Parse(std::string(kTrend) + "- {name: other, kind: anomaly, expr: node_load1}\n"),
                  kStart + 6000);
  const auto after = Derived();
  for (const auto& [series, value] : before) EXPECT_TRUE(after.contains(series)) << series;
}

TEST_F(AnalyticsEngineTest, DisplacedLabelsAreKept) {
  Entry entry;
  entry.name = "e";
  entry.labels = {{"team", "a"}};
  const Labels source({{"__name__", "m"}, {"entry", "old"}, {"team", "b"}, {"window", "5m"}});
  EXPECT_EQ(DerivedLabels(source, entry, "").ToString(),
            "{entry=\"e\", exported_entry=\"old\", exported_team=\"b\", metric=\"m\", "
            "team=\"a\", window=\"5m\"}");
  EXPECT_EQ(DerivedLabels(source, entry, "1h").Get("exported_window"), "5m");
  EXPECT_EQ(DerivedLabels(Labels(), entry, "").ToString(), "{entry=\"e\", team=\"a\"}");
}

TEST_F(AnalyticsEngineTest, ReachCoversTheLongestWindow) {
  auto engine = Make("- {name: load, kind: trend, expr: node_load1, windows: [5m, 6h]}\n");
  const auto reach = engine->Reach();
  ASSERT_EQ(reach.size(), 1U);
  EXPECT_GE(reach[0].horizon, 6 * kHour);
  ASSERT_EQ(reach[0].matchers.size(), 1U);
  EXPECT_EQ(reach[0].matchers[0].value(), "node_load1");
  EXPECT_EQ(reach[0].owner, (SeriesOwner{"analytics", "entry \"load\""}));
}

TEST_F(AnalyticsEngineTest, AFailingReadIsShown) {
  auto engine = Make(
      "- {name: sum, kind: trend, expr: sum(node_load1)}\n"
      "- {name: bad, kind: trend, expr: 'sum('}\n");
  windows_.FailWith("disk on fire");
  engine->Run(kStart);
  EXPECT_THAT(engine->Entries()[0].error, testing::HasSubstr("disk on fire"));
  EXPECT_THAT(engine->Entries()[1].error, testing::HasSubstr("parse error"));
}

TEST_F(AnalyticsEngineTest, ExpressionsAreEvaluated) {
  auto engine = Make("- {name: sum, kind: trend, expr: sum(node_load1), windows: [5m]}\n");
  for (int i = 0; i <= 8; ++i) {
    const Timestamp now = kStart + i * 15'000;
    windows_.Add(Load("n1"), now, i);
    windows_.Add(Load("n2"), now, 2 * i);
    engine->Run(now);
  }
  const auto derived = Derived();
  const std::string slope = "outrider_trend_slope{entry=\"sum\", window=\"5m\"}";
  ASSERT_TRUE(derived.contains(slope)) << testing::PrintToString(derived);
  EXPECT_NEAR(derived.at(slope), 0.2, 1e-9);
}

TEST_F(AnalyticsEngineTest, AnExpressionIsEvaluatedAtItsInterval) {
  auto engine =
      Make("- {name: sum, kind: trend, expr: sum(node_load1), windows: [1h], interval: 1m}\n");
  for (int i = 0; i <= 40; ++i) {
    const Timestamp now = kStart + i * 15'000 + 700;  // runs are never on time
    windows_.Add(Load(), now - 700, i);
    engine->Run(now);
    EXPECT_EQ(engine->Entries()[0].series, 1U) << "also between its evaluations";
  }
  EXPECT_EQ(engine->Entries()[0].samples, 11U) << "kStart is a whole minute";
}

TEST_F(AnalyticsEngineTest, TheHighestOnsetSinceTheLastReportIsTold) {
  auto engine = Make("- {name: load, kind: anomaly, expr: node_load1}\n");
  Timestamp time = kStart;
  for (int i = 0; i < 4000; ++i) {
    windows_.Add(Load(), time += 15'000, 10 + (i * 7919 % 100) / 100.0);
  }
  engine->Rebuild(time);
  engine->Run(time);
  const std::string onset =
      "outrider_anomaly_onset_score{entry=\"load\", instance=\"n1\", job=\"node\", "
      "metric=\"node_load1\"}";
  ASSERT_TRUE(Derived().contains(onset)) << testing::PrintToString(Derived());
  EXPECT_LT(Derived().at(onset), 1);
  windows_.Add(Load(), time += 15'000, 500);
  for (int i = 0; i < 5; ++i) windows_.Add(Load(), time += 15'000, 10.5);
  engine->Run(time);
  EXPECT_GE(Derived().at(onset), 1) << "the spike was not the newest sample";
  windows_.Add(Load(), time += 15'000, 10.5);
  engine->Run(time);
  EXPECT_LT(Derived().at(onset), 1) << "and is told once";
  const Timestamp later = time + 12 * kHour;  // beyond the rest behind an onset
  for (time += 15'000; time < later; time += 15'000) windows_.Add(Load(), time, 10.5);
  engine->Run(time);
  windows_.Add(Load(), time += 15'000, 5000);
  engine->Run(time);
  EXPECT_GE(Derived().at(onset), 1);
  engine->Run(time + 5'000);
  EXPECT_GE(Derived().at(onset), 1) << "as long as it is the newest";
  windows_.Add(Load(), time += 15'000, 10.5);
  engine->Run(time);
  EXPECT_LT(Derived().at(onset), 1) << "told, though it was the newest";
}

TEST_F(AnalyticsEngineTest, WhatHistoryHeldIsNotToldAsNew) {
  Timestamp time = kStart;
  for (int i = 0; i < 4000; ++i) {
    windows_.Add(Load(), time += 15'000, i == 3900 ? 500 : 10 + (i * 7919 % 100) / 100.0);
  }
  auto engine = Make("- {name: load, kind: anomaly, expr: node_load1}\n");
  engine->Rebuild(time);
  engine->Run(time + 1000);
  size_t onsets = 0;
  for (const auto& [name, value] : Derived()) {
    if (!name.starts_with("outrider_anomaly_onset_score")) continue;
    ++onsets;
    EXPECT_LT(value, 1) << name;
  }
  EXPECT_EQ(onsets, 1U);
}

TEST_F(AnalyticsEngineTest, PeersAreComparedWithinTheirGroup) {
  auto engine = Make(
      "- {name: load, kind: anomaly, expr: node_load1, detector: peers, peer_labels: [dc], "
      "threshold: 4}\n");
  const auto labels = [](const char* dc, int instance) {
    return Labels({{"__name__", "node_load1"}, {"dc", dc}, {"instance", std::to_string(instance)}});
  };
  for (int i = 0; i < 5; ++i) {
    windows_.Add(labels("a", i), kStart, 10 + 0.1 * i);
    windows_.Add(labels("b", i), kStart, 100 + i);
  }
  windows_.Add(labels("a", 9), kStart, 100);  // usual in the other group
  windows_.Add(labels("c", 1), kStart, 1);
  windows_.Add(labels("c", 2), kStart, 1000);
  engine->Run(kStart);
  const auto score = [&](const char* name, const char* dc, int instance) {
    const auto derived = Derived();
    const auto found = derived.find(
        fmt::format("{}{{dc=\"{}\", entry=\"load\", instance=\"{}\", metric=\"node_load1\"}}", name,
                    dc, instance));
    return found == derived.end() ? std::nan("") : found->second;
  };
  EXPECT_GT(score("outrider_anomaly_score", "a", 9), 1);
  EXPECT_GT(score("outrider_anomaly_onset_score", "a", 9), 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_LT(score("outrider_anomaly_score", "a", i), 1);
    EXPECT_LT(score("outrider_anomaly_score", "b", i), 1);
  }
  EXPECT_NEAR(score("outrider_anomaly_expected", "b", 1), 102, 1e-9);
  EXPECT_TRUE(std::isnan(score("outrider_anomaly_score", "c", 2))) << "two are no group";
  engine->Run(kStart + 15'000);
  EXPECT_GT(score("outrider_anomaly_score", "a", 9), 1);
  EXPECT_EQ(score("outrider_anomaly_onset_score", "a", 9), 0) << "told once";
}

TEST_F(AnalyticsEngineTest, EntriesMayWatchWhatOthersGive) {
  auto engine = Make(std::string(kTrend) +
                     "- {name: slope, kind: anomaly, expr: 'outrider_trend_slope{entry=\"load\"}', "
                     "detector: robust_z}\n");
  for (int i = 0; i <= 40; ++i) {
    const Timestamp now = kStart + i * 15'000;
    windows_.Add(Load(), now, i + i % 3);
    engine->Run(now);
    table_.Flush(windows_, now);
  }
  EXPECT_EQ(engine->Entries()[1].series, 1U);
  EXPECT_TRUE(std::ranges::any_of(Derived(), [](const auto& series) {
    return series.first.starts_with("outrider_anomaly_score{") &&
           Contains(series.first, "metric=\"outrider_trend_slope\"");
  }));
}

TEST_F(AnalyticsEngineTest, ASeriesOfNothingButNanDoesNotCount) {
  auto engine = Make("- {name: load, kind: trend, expr: node_load1, max_series: 1}\n");
  for (int i = 0; i < 20; ++i) {
    windows_.Add(Load("nan"), kStart + i * 15'000, std::nan(""));
    engine->Run(kStart + i * 15'000);
  }
  EXPECT_EQ(engine->Entries()[0].series, 0U);
  windows_.Add(Load("good"), kStart + 300'000, 1);
  engine->Run(kStart + 300'000);
  EXPECT_EQ(engine->Entries()[0].series, 1U);
  EXPECT_EQ(engine->Entries()[0].refused, 0U);
}

TEST_F(AnalyticsEngineTest, AnAnomalyIsExplained) {
  auto engine = Make("- {name: load, kind: anomaly, expr: node_load1}\n");
  Timestamp time = kStart;
  for (int i = 0; i < 500; ++i) windows_.Add(Load(), time += 15'000, 10 + i % 3);
  windows_.Add(Load(), time += 15'000, 99);
  engine->Run(time);
  const Labels derived(
      {{"entry", "load"}, {"instance", "n1"}, {"job", "node"}, {"metric", "node_load1"}});
  const std::vector<AnomalyView> found = engine->Anomalies({});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].labels, derived);
  EXPECT_EQ(found[0].id, derived.FingerprintHex());
  EXPECT_EQ(found[0].source, Load());
  EXPECT_EQ(found[0].explanation.value, 99);
  EXPECT_EQ(found[0].explanation.time, time);
  EXPECT_EQ(found[0].explanation.samples, 501U);
  EXPECT_TRUE(engine->FindAnomaly(found[0].id).has_value());
  EXPECT_FALSE(engine->FindAnomaly("0").has_value());
  EXPECT_TRUE(engine->Anomalies({.entry = "other"}).empty());
  EXPECT_TRUE(engine->Anomalies({.min_score = 1e9}).empty());
  EXPECT_TRUE(engine->Anomalies({.limit = 0}).empty());

  const auto values = engine->ValuesOf(found[0], time - 30'000, time, 15'000);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values->size(), 3U);
  EXPECT_EQ(values->back().value, 99);
}

TEST_F(AnalyticsEngineTest, ValuesOfAnExpressionAreAtMultiplesOfTheStep) {
  auto engine = Make("- {name: load, kind: anomaly, expr: 2 * node_load1}\n");
  windows_.Add(Load(), kStart, 7);
  windows_.Add(Load("other"), kStart, 9);
  AnomalyView view;
  view.entry = "load";
  view.source = Load().WithoutName();
  const auto values = engine->ValuesOf(view, kStart + 1, kStart + 40'000, 15'000);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values->size(), 2U);
  EXPECT_EQ(values->front().time % 15'000, 0);
  EXPECT_EQ(values->front().value, 14);
  view.entry = "gone";
  EXPECT_EQ(engine->ValuesOf(view, kStart, kStart, 15'000).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(AnalyticsEngineTest, PerWorkloadEntriesSumPods) {
  std::vector<Entry> wanted;
  for (Entry& entry : BuiltinEntries()) {
    if (entry.name == "workload_memory" && entry.kind == EntryKind::kTrend) {
      entry.windows = {5 * kMinute};
      wanted.push_back(entry);
    }
  }
  AnalyticsEngine engine(wanted, options_, Seams());
  for (int i = 0; i <= 8; ++i) {
    const Timestamp now = kStart + i * 15'000;
    for (const char* pod : {"web-1", "web-2", "stranger"}) {
      for (const char* container : {"app", "POD"}) {
        for (const char* path : {"/metrics/cadvisor", "/metrics/resource"}) {
          windows_.Add(Labels({{"__name__", "container_memory_working_set_bytes"},
                               {"namespace", "shop"},
                               {"pod", pod},
                               {"container", container},
                               {"metrics_path", path}}),
                       now, 1000 + 15 * i);
        }
      }
    }
    engine.Run(now);
  }
  const auto derived = Derived();
  EXPECT_EQ(engine.Entries()[0].error, "");
  ASSERT_EQ(derived.size(), 3U) << testing::PrintToString(derived);
  const std::string slope =
      "outrider_trend_slope{container=\"app\", entry=\"workload_memory\", namespace=\"shop\", "
      "window=\"5m\", workload=\"web\", workload_kind=\"Deployment\"}";
  ASSERT_TRUE(derived.contains(slope)) << testing::PrintToString(derived);
  EXPECT_NEAR(derived.at(slope), 2, 1e-9) << "two pods, each endpoint once";
}

}  // namespace
}  // namespace outrider
