// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/analytics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rules/analytics/builtin.h"
#include "rules/analytics/checkpoint.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/plain_selector.h"
#include "rules/detect/detector_table.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The example of design/contract.md, word for word.
constexpr std::string_view kContract = R"(entries:
- name: disk_full                  # becomes the label entry="disk_full"
  kind: forecast                   # trend | anomaly | forecast | slo
  expr: node_filesystem_avail_bytes{fstype!="tmpfs"}
  windows: [1h, 6h, 24h]           # trend
  detector: seasonal               # anomaly
  threshold: 0                     # forecast
  labels: {team: storage}
  max_series: 10000                # more is refused, counted and said
)";

TEST(AnalyticsFile, ReadsTheContract) {
  const auto file = ParseAnalyticsFile(kContract, "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->entries.size(), 1U);
  const Entry& entry = file->entries[0];
  EXPECT_EQ(entry.name, "disk_full");
  EXPECT_EQ(entry.kind, EntryKind::kForecast);
  EXPECT_EQ(entry.windows, (std::vector<DurationMs>{kHour, 6 * kHour, 24 * kHour}));
  EXPECT_EQ(entry.threshold, 0);
  EXPECT_EQ(entry.forecast.model, ForecastModel::kSeasonal) << "its `detector`";
  EXPECT_EQ(entry.max_series, 10000U);
  EXPECT_TRUE(entry.compiled.has_value()) << entry.error;
  EXPECT_EQ(entry.labels.size(), 1U);
}

TEST(AnalyticsFile, ReadsHowASeriesIsJudged) {
  const auto file = ParseAnalyticsFile(R"(entries:
- name: requests
  kind: anomaly
  expr: sum by (job) (rate(http_requests_total[5m]))
  interval: 1m
  detector: auto
  threshold: 5
  direction: below
  min_deviation: 2
  min_relative_deviation: 0.1
  data_range: [0, null]
  warm_up: 2h
  half_life: 1d
  rest: 30m
  seasons: [hour_of_day]
  time_zone: Europe/Berlin
- {name: nodes, kind: anomaly, expr: node_load1, detector: peers, peer_labels: [job, dc]}
- {name: usual, kind: anomaly, expr: node_load1, seasons: [], risk: 0.001}
)",
                                       "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const Entry& entry = file->entries[0];
  EXPECT_EQ(entry.detector, "auto");
  EXPECT_EQ(entry.interval, kMinute);
  const DetectorOptions& options = entry.detection;
  EXPECT_EQ(options.threshold, 5);
  EXPECT_EQ(options.direction, AnomalyDirection::kBelow);
  EXPECT_EQ(options.min_deviation, 2);
  EXPECT_EQ(options.min_relative_deviation, 0.1);
  EXPECT_EQ(options.data_min, 0);
  EXPECT_EQ(options.data_max, std::nullopt);
  EXPECT_EQ(options.warm_up, 2 * kHour);
  EXPECT_EQ(options.half_life, kDay);
  EXPECT_EQ(options.rest, 30 * kMinute);
  EXPECT_TRUE(options.hour_of_day);
  EXPECT_FALSE(options.day_of_week);
  EXPECT_EQ(options.time_zone, "Europe/Berlin");
  EXPECT_EQ(entry.threshold, std::nullopt) << "that of forecasts";
  EXPECT_EQ(file->entries[1].peer_labels, (std::vector<std::string>{"dc", "job"}));
  EXPECT_FALSE(file->entries[2].detection.hour_of_day);
  EXPECT_EQ(file->entries[2].detection.risk, 0.001);
  EXPECT_EQ(FindDetector(EntryKind::kAnomaly, file->entries[2].detector)->name, "seasonal");
}

TEST(AnalyticsFile, StateBelongsToWhatShapesIt) {
  const auto identity = [](const std::string& entry) {
    const auto file = ParseAnalyticsFile("entries:\n- " + entry, "a.yml");
    EXPECT_TRUE(file.ok()) << file.status();
    const Hash128 hash = EntryIdentity(file->entries[0]);
    return std::pair(hash.low, hash.high);
  };
  const auto base = identity("{name: a, kind: anomaly, expr: x, risk: 0.001, rest: 1h}");
  for (const char* same :
       {"{rest: 1h, risk: 0.001, kind: anomaly, expr: 'x', name: a}",
        "{name: a, kind: anomaly, expr: x, risk: 0.001, rest: 1h, labels: {team: b}}",
        "{name: a, kind: anomaly, expr: x, risk: 0.001, rest: 1h, max_series: 5}"}) {
    EXPECT_EQ(identity(same), base) << same;
  }
  for (const char* other : {"{name: b, kind: anomaly, expr: x, risk: 0.001, rest: 1h}",
                            "{name: a, kind: anomaly, expr: y, risk: 0.001, rest: 1h}",
                            "{name: a, kind: anomaly, expr: x, risk: 0.002, rest: 1h}",
                            "{name: a, kind: anomaly, expr: x, risk: 0.001}",
                            "{name: a, kind: anomaly, expr: x, risk: 0.001, rest: 1h, "
                            "detector: mad}"}) {
    EXPECT_NE(identity(other), base) << other;
  }
}

TEST(AnalyticsFile, EveryDetectorOfASeriesIsThere) {
  const std::vector<std::string> names = DetectorNames(EntryKind::kAnomaly);
  for (const std::string& name : SeriesDetectorNames()) {
    EXPECT_THAT(names, testing::Contains(name));
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"peers", "robust_z"}));
}

struct ErrorCase {
  std::string_view text;
  const char* place;
  const char* message;
};

class AnalyticsFileError : public testing::TestWithParam<ErrorCase> {};

TEST_P(AnalyticsFileError, NamesThePlace) {
  const auto file = ParseAnalyticsFile(GetParam().text, "a.yml");
  ASSERT_FALSE(file.ok());
  const std::string message = Message(file.status());
  EXPECT_THAT(message, StartsWith(GetParam().place));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AnalyticsFileError,
    testing::Values(
        ErrorCase{"entries:\n- name: a\n  kind: tren\n  expr: x\n",
                  "a.yml:3:9:", "trend, anomaly, forecast, slo"},
        ErrorCase{"entries:\n- kind: trend\n  expr: x\n", "a.yml:2:3:", "needs a name"},
        ErrorCase{"entries:\n- name: a\n  expr: x\n", "a.yml:2:3:", "needs a kind"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n", "a.yml:2:3:", "needs an expression"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: x\n  exp: x\n", "a.yml:5:3:", "exp"},
        ErrorCase{"entries:\n- name: a\n  name: b\n", "a.yml:3:3:", "name"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, windows: [59s]}\n",
                  "a.yml:2:44:", "from 1m to 7d"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, windows: [8d]}\n",
                  "a.yml:2:44:", "from 1m to 7d"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, stable_per_hour: -1}\n",
                  "a.yml:2:", "must not be negative"},
        ErrorCase{"entries:\n- {name: a, kind: anomaly, expr: x, theil_sen: true}\n",
                  "a.yml:2:", "theil_sen"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, model: prophet}\n",
                  "a.yml:2:", "linear, holt_winters, seasonal, auto"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, direction: both}\n",
                  "a.yml:2:", "auto, above, below"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, horizons: []}\n",
                  "a.yml:2:", "one to 4 horizons"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, horizons: [1h, soon]}\n",
                  "a.yml:2:", "is not a duration"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, horizon: 31d}\n",
                  "a.yml:2:", "1m to 30d"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, horizon: 1h, horizons: [1h]}\n",
                  "a.yml:2:", "not both"},
        ErrorCase{"entries:\n- {name: a, kind: forecast, expr: x, confidence: 95}\n",
                  "a.yml:2:", "0.5 to 0.999"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, windows: []}\n",
                  "a.yml:2:", "at least one"},
        ErrorCase{"entries:\n- {name: a, kind: anomaly, expr: x, detector: magic}\n",
                  "a.yml:2:", "unknown"},
        ErrorCase{"entries:\n- {name: a, kind: anomaly, expr: x, threshold: 0}\n",
                  "a.yml:2:", "above 0"},
        ErrorCase{"entries:\n- {name: a, kind: anomaly, expr: x, direction: up}\n",
                  "a.yml:2:", "both, above, below"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, max_series: 0}\n",
                  "a.yml:2:", "at least 1"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, labels: {entry: b}}\n",
                  "a.yml:2:", "set by Outrider"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x, labels: {a-b: c}}\n",
                  "a.yml:2:", "not a label name"},
        ErrorCase{"entries:\n- {name: a, kind: trend, expr: x}\n"
                  "- {name: a, kind: trend, expr: y}\n",
                  "a.yml:3:3:", "second trend entry"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  risk: 0\n",
                  "a.yml:5:9:", "1e-9 to 0.01"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  min_relative_deviation: -1\n",
                  "a.yml:5:27:", "at least 0"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  min_deviation: 0\n",
                  "a.yml:5:18:", "above 0"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  data_range: [1]\n",
                  "a.yml:5:15:", "two numbers"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  data_range: [2, 1]\n",
                  "a.yml:5:15:", "more than data_min"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  data_range: [.nan, 1]\n",
                  "a.yml:5:15:", "two numbers"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  half_life: 0s\n",
                  "a.yml:5:14:", "half_life"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  time_zone: Mars/Base\n",
                  "a.yml:5:14:", "Europe/Berlin"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  seasons: [moon]\n",
                  "a.yml:5:12:", "hour_of_day, day_of_week"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  peer_labels: [job]\n",
                  "a.yml:5:16:", "detector peers only"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: x\n  risk: 0.001\n",
                  "a.yml:5:9:", "for anomaly entries, not for trend entries"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: x\n  interval: 1m\n",
                  "a.yml:5:13:", "for expressions"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: sum(x)\n  interval: 0s\n",
                  "a.yml:5:13:", "above 0"},
        ErrorCase{
            "entries:\n- name: a\n  kind: anomaly\n  expr: x\n  detector: peers\n  half_life: 1d\n",
            "a.yml:6:14:", "detector peers does not look at half_life"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  detector: robust_z\n"
                  "  time_zone: UTC\n",
                  "a.yml:6:14:", "robust_z does not look at time_zone"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  detector: mad\n"
                  "  seasons: []\n",
                  "a.yml:6:12:", "mad does not look at seasons"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  detector: novelty\n"
                  "  threshold: 4\n",
                  "a.yml:6:14:", "novelty does not look at threshold"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: x\n  threshold: 4\n",
                  "a.yml:5:14:", "for anomaly and forecast entries"},
        ErrorCase{"entries:\n- name: a\n  kind: trend\n  expr: x\n  detector: seasonal\n",
                  "a.yml:5:13:", "trend entries can use ols"},
        ErrorCase{"entries:\n- name: a\n  kind: forecast\n  expr: x\n  threshold: NaN\n",
                  "a.yml:5:14:", "finite"},
        ErrorCase{"entries:\n- name: a\n  kind: forecast\n  expr: x\n  detector: mad\n",
                  "a.yml:5:13:", "linear, holt_winters, seasonal, auto"},
        ErrorCase{"entries:\n- name: a\n  kind: forecast\n  expr: x\n  model: auto\n"
                  "  detector: seasonal\n",
                  "a.yml:6:13:", "model or detector"},
        ErrorCase{"entries:\n- name: a\n  kind: forecast\n  expr: x\n  direction: above\n",
                  "a.yml:5:14:", "there is none"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  windows: [1h]\n",
                  "a.yml:5:12:", "not for anomaly entries"},
        ErrorCase{"entries:\n- name: a\n  kind: anomaly\n  expr: x\n  threshold: 8\n"
                  "  risk: 0.01\n",
                  "a.yml:6:9:", "risk or threshold"},
        ErrorCase{"builtin_entries: {host_cup: false}\n", "a.yml:1:", "host_cup"},
        ErrorCase{"entries: 5\n", "a.yml:1:10:", "must be a list"}));

TEST(AnalyticsFile, AWrongExpressionIsShownNotFatal) {
  const auto file = ParseAnalyticsFile(
      "entries:\n- name: a\n  kind: trend\n  expr: sum(\n- name: b\n  kind: trend\n  expr: x[5m]\n",
      "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->entries[0].compiled.has_value());
  EXPECT_THAT(file->entries[0].error, StartsWith("a.yml:4:9: "));
  EXPECT_THAT(file->entries[0].error, HasSubstr("parse error"));
  EXPECT_THAT(file->entries[1].error, HasSubstr("range vector"));
}

TEST(AnalyticsFile, BuiltinEntriesCanBeSwitchedOffAndReplaced) {
  std::set<std::string> names;
  for (const Entry& entry : BuiltinEntries()) {
    EXPECT_TRUE(entry.compiled.has_value()) << entry.name << entry.error;
    names.insert(entry.name);
  }
  EXPECT_EQ(names.size(), 5U);

  const auto file = ParseAnalyticsFile(
      "builtin_entries: {host_cpu: false, host_disk: true}\n"
      "entries:\n- {name: host_memory, kind: trend, expr: x}\n",
      "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto entries = CombineEntries({*file});
  ASSERT_TRUE(entries.ok());
  std::map<std::string, int> count;
  for (const Entry& entry : *entries) ++count[entry.name];
  EXPECT_EQ(count["host_cpu"], 0);
  EXPECT_EQ(count["host_disk"], 2);
  EXPECT_EQ(count["host_memory"], 1);
  EXPECT_EQ(count["workload_cpu"], 2);

  EXPECT_FALSE(CombineEntries({*file, *file}).ok());
  EXPECT_EQ(CombineEntries({})->size(), 10U);
}

TEST(AnalyticsFile, ObjectivesAreLeftToOthers) {
  const auto file = ParseAnalyticsFile(
      "entries:\n- {name: a, kind: slo, objective: 99, bad: b, total: t}\n"
      "- {name: a, kind: trend, expr: up}\n",
      "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->entries.size(), 1U);
  EXPECT_EQ(file->entries[0].kind, EntryKind::kTrend);
}

TEST(AnalyticsFile, ExamplesLoad) {
  size_t entries = 0;
  for (const std::string& path : Glob(OUTRIDER_SOURCE_DIR, "examples/analytics/*.yml")) {
    const auto file = ParseAnalyticsFile(*ReadFile(path), path);
    ASSERT_TRUE(file.ok()) << file.status();
    for (const Entry& entry : file->entries) {
      EXPECT_TRUE(entry.compiled.has_value()) << entry.error;
      ++entries;
    }
  }
  EXPECT_GE(entries, 3U);
}

TEST(PlainSelector, OnlyBareSelectors) {
  for (const char* text : {"up", "a:b", "up{job=\"x\"}", "{__name__=~\"a|b\"}",
                           "up{a=\"}\",b=\"\\\"}\"}", "{\"with space\"}"}) {
    EXPECT_TRUE(IsPlainSelector(text)) << text;
  }
  for (const char* text : {"up offset 5m", "up{a=\"b\"} offset 5m", "up @ 5", "sum(up)", "-up",
                           "up{a=\"b\"} > 1", "up + up", "", "up{"}) {
    EXPECT_FALSE(IsPlainSelector(text)) << text;
  }
}

TEST(AnalyticsFile, TrendAndForecastOptions) {
  const auto file = ParseAnalyticsFile(
      "entries:\n"
      "- {name: a, kind: trend, expr: x, windows: [7d, 1m, 90s, 1m], errors: true,\n"
      "   theil_sen: true, mann_kendall: true, changepoints: true, stable_per_hour: 0.2}\n"
      "- {name: b, kind: forecast, expr: x, model: auto, horizons: [1d, 1h], confidence: 0.8,\n"
      "   direction: above, threshold: 5, intervals: false}\n"
      "- {name: c, kind: forecast, expr: x, horizon: 2h}\n",
      "a.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const Entry& trend = file->entries[0];
  EXPECT_EQ(trend.windows, (std::vector<DurationMs>{kMinute, 90 * kSecond, 7 * kDay}));
  EXPECT_EQ(trend.trend, (TrendOptions{.stable_per_hour = 0.2,
                                       .errors = true,
                                       .theil_sen = true,
                                       .mann_kendall = true,
                                       .changepoints = true}));
  EXPECT_EQ(file->entries[1].forecast, (ForecastOptions{.model = ForecastModel::kAuto,
                                                        .horizons = {kHour, kDay},
                                                        .label_horizons = true,
                                                        .confidence = 0.8,
                                                        .intervals = false,
                                                        .crossing = CrossingDirection::kAbove}));
  EXPECT_EQ(file->entries[2].forecast.horizons, (std::vector<DurationMs>{2 * kHour}));
  EXPECT_FALSE(file->entries[2].forecast.label_horizons);
}

}  // namespace
}  // namespace outrider
