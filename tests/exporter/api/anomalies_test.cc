// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/anomalies over made-up judgements, and the picture.
#include "exporter/api/anomalies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/api/anomaly_chart.h"
#include "storage/base/json.h"
#include "tests/exporter/api/fake_querier.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp kNow = 1'763'700'000'000;

size_t Count(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

class AnomaliesApiTest : public ::testing::Test {
 protected:
  AnomaliesApiTest() {
    view_.id = "00000000deadbeef";
    view_.entry = "load";
    view_.expr = "node_load1";
    view_.source = Labels{{"__name__", "node_load1"}, {"instance", "h"}};
    view_.labels = Labels{{"entry", "load"}, {"instance", "h"}, {"metric", "node_load1"}};
    Explanation& why = view_.explanation;
    why.detector = "seasonal";
    why.time = kNow;
    why.value = 9;
    why.verdict = {.onset = 0, .state = 3, .expected = 1, .lower = 0.5, .upper = 1.5};
    why.level = 1;
    why.since = kNow - 10 * kMinute;
    why.tail_probability = 1e-5;
    why.samples = 400;
    why.reasons = {"it is <8> above"};
    std::vector<Sample> load, other, score;
    for (Timestamp t = kNow - 3 * kHour; t <= kNow; t += 15 * kSecond) {
      const bool high = t >= why.since;
      load.push_back({t, high ? 9.0 : 1.0});
      other.push_back({t, high ? 70.0 : 50.0});
      score.push_back({t, high ? 3.0 : 0.1});
    }
    values_ = load;
    windows_.Add(view_.source, load);
    windows_.Add(Labels{{"__name__", "temperature"}, {"instance", "h"}}, other);
    windows_.Add(view_.labels.With(kMetricName, "outrider_anomaly_score"), score);
    windows_.Add(view_.labels.With(kMetricName, "outrider_anomaly_lower"),
                 {{kNow - kHour, 0.5}, {kNow, 0.5}});
    windows_.Add(view_.labels.With(kMetricName, "outrider_anomaly_upper"),
                 {{kNow - kHour, 1.5}, {kNow, 1.5}});
    // Has a label more: another entry's.
    windows_.Add(view_.labels.With(kMetricName, "outrider_anomaly_lower").With("window", "x"),
                 {{kNow - kMinute, -5e9}});
    RegisterAnomaliesApi(router_,
                         {.list =
                              [this](const AnomalyQuery& query) {
                                asked_ = query;
                                return std::vector<AnomalyView>{view_, view_};
                              },
                          .find =
                              [this](std::string_view id) {
                                return id == view_.id ? std::optional(view_) : std::nullopt;
                              },
                          .values = [this](const AnomalyView&, Timestamp from, Timestamp to,
                                           DurationMs) -> StatusOr<std::vector<Sample>> {
                            range_ = {from, to};
                            return values_;
                          },
                          .windows = windows_,
                          .gate = gate_});
  }

  HttpResponse Get(const std::string& path, const std::string& query = "") {
    FakeRequest request("GET", query.empty() ? path : path + "?" + query);
    return router_.Dispatch(request);
  }
  JsonValue GetJson(const std::string& path, const std::string& query = "") {
    const HttpResponse response = Get(path, query);
    EXPECT_EQ(response.status, 200) << response.body;
    const auto json = ParseJson(response.body);
    EXPECT_TRUE(json.ok()) << response.body;
    return json.ok() ? *json : JsonValue();
  }

  FakeClock clock_{kNow * kNanosPerMilli};
  FakeQuerier windows_;
  QueryGate gate_{2, clock_};
  AnomalyView view_;
  std::vector<Sample> values_;
  AnomalyQuery asked_;
  TimeRange range_;
  Router router_;
};

TEST_F(AnomaliesApiTest, List) {
  const JsonValue answer = GetJson("/outrider/v1/anomalies", "entry=load&min_score=2.5&limit=7");
  EXPECT_EQ(asked_.entry, "load");
  EXPECT_EQ(asked_.min_score, 2.5);
  EXPECT_EQ(asked_.limit, 7u);
  ASSERT_EQ(answer.Find("anomalies")->items.size(), 2u);
  const JsonValue& row = answer.Find("anomalies")->items[0];
  EXPECT_EQ(row.GetString("id"), view_.id);
  EXPECT_EQ(row.GetNumber("score"), 3);
  EXPECT_TRUE(row.GetBool("anomalous"));
  EXPECT_EQ(row.Find("labels")->GetString("instance"), "h");
  EXPECT_EQ(Get("/outrider/v1/anomalies", "min_score=high").status, 400);
}

TEST_F(AnomaliesApiTest, OneWithWhatMovedWithIt) {
  const JsonValue row = GetJson("/outrider/v1/anomalies/00000000deadbeef");
  EXPECT_EQ(row.GetString("detector"), "seasonal");
  EXPECT_EQ(row.GetNumber("expected"), 1);
  EXPECT_TRUE(row.Find("season")->IsNull()) << "this detector has none";
  EXPECT_EQ(row.Find("reasons")->items[0].string, "it is <8> above");
  ASSERT_EQ(row.Find("related")->items.size(), 1u);
  const JsonValue& related = row.Find("related")->items[0];
  EXPECT_EQ(related.Find("labels")->GetString("__name__"), "temperature");
  EXPECT_NEAR(related.GetNumber("correlation"), 1, 1e-9);
  EXPECT_EQ(related.GetNumber("after"), 70);
  EXPECT_EQ(row.GetString("chart"), "/outrider/v1/anomalies/00000000deadbeef/chart.svg");
  EXPECT_EQ(range_.from, kNow - 3 * kHour);
  EXPECT_EQ(range_.to, kNow);

  EXPECT_EQ(GetJson("/outrider/v1/anomalies/00000000deadbeef", "related=false").Find("related"),
            nullptr);
  GetJson("/outrider/v1/anomalies/00000000deadbeef", "span=30m");
  EXPECT_EQ(range_.from, kNow - 30 * kMinute);
  EXPECT_EQ(Get("/outrider/v1/anomalies/00000000deadbeef", "span=8d").status, 400);
  EXPECT_EQ(Get("/outrider/v1/anomalies/1").status, 404);
}

TEST_F(AnomaliesApiTest, AnOldAnomalyIsShownFromItsBeginning) {
  view_.explanation.since = kNow - kDay;
  GetJson("/outrider/v1/anomalies/00000000deadbeef");
  EXPECT_EQ(range_.from, kNow - kDay - kHour);
  view_.explanation.since = kNow - 30 * kDay;
  GetJson("/outrider/v1/anomalies/00000000deadbeef");
  EXPECT_EQ(range_.from, kNow - 7 * kDay);
}

TEST_F(AnomaliesApiTest, Picture) {
  const HttpResponse response = Get("/outrider/v1/anomalies/00000000deadbeef/chart.svg");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "image/svg+xml; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("load: node_load1{instance=&#34;h&#34;}"));
  EXPECT_EQ(Count(response.body, R"(class="v")"), 1u);
  EXPECT_EQ(Count(response.body, R"(<rect class="a")"), 1u) << "one time of high scores";
  EXPECT_EQ(Count(response.body, R"(<line class="s")"), 1u) << "its beginning";
  EXPECT_EQ(Count(response.body, "G<"), 0u) << "the other entry's band is not on the scale";
}

TEST(AnomalyChartTest, GapsBreakLinesAndBands) {
  AnomalyChart chart;
  chart.from = kNow;
  chart.to = kNow + 10 * kHour;
  chart.values = {
      {kNow, 1}, {kNow + kMinute, 2}, {kNow + 5 * kHour, 3}, {kNow + 5 * kHour + kMinute, 3}};
  chart.lower = {
      {kNow, 0}, {kNow + kMinute, 0}, {kNow + 5 * kHour, 0}, {kNow + 5 * kHour + kMinute, 0}};
  chart.upper = {
      {kNow, 9}, {kNow + kMinute, 9}, {kNow + 5 * kHour, 9}, {kNow + 5 * kHour + kMinute, 9}};
  const std::string svg = RenderAnomalyChart(chart);
  EXPECT_EQ(Count(svg, R"(class="b")"), 2u);
  const size_t line = svg.find(R"(class="v")");
  ASSERT_NE(line, std::string::npos);
  EXPECT_EQ(Count(svg.substr(line), "M"), 2u);
}

TEST(AnomalyChartTest, NothingToShowIsAnEmptyFrame) {
  AnomalyChart chart;
  chart.title = "a<b>";
  chart.from = kNow;
  chart.to = kNow;
  const std::string svg = RenderAnomalyChart(chart);
  EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;"));
  EXPECT_THAT(svg, ::testing::EndsWith("</svg>"));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace outrider
