// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/slo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'795'253'047'000;

SloView Availability() {
  SloView view;
  view.spec.name = "shop-api";
  view.spec.service = "shop";
  view.spec.origin = SloOrigin::kSloth;
  view.spec.objective = 0.99;
  view.spec.alerts.push_back(
      {.name = "ShopErrors",
       .severity = "page",
       .any_of = {{.short_window = 5 * kMinute, .long_window = kHour, .factor = 14.4}}});
  SloSeriesView& series = view.series.emplace_back();
  series.labels = Labels({{"region", "eu"}});
  series.windows = {{5 * kMinute, {5, 100}}, {kHour, {0, 0}}};
  series.period = {30 * kDay, {5, 1000}};
  series.period_begin = kNow - 30 * kDay;
  series.first_event = kNow - kDay;
  series.newest_event = kNow;
  series.timeline.push_back({kNow - kDay, kNow, {5, 1000}, {5, 1000}});
  return view;
}

TEST(SloApiTest, ListAndOne) {
  DeskWorld world;
  EXPECT_TRUE(world.GetJson("/outrider/v1/slos").Find("slos")->items.empty());
  world.slos.push_back(Availability());
  const JsonValue all = world.GetJson("/outrider/v1/slos");
  ASSERT_EQ(all.Find("slos")->items.size(), 1U);
  const JsonValue& listed = all.Find("slos")->items[0];
  EXPECT_EQ(listed.GetString("name"), "shop-api");
  EXPECT_EQ(listed.GetString("origin"), "sloth");
  EXPECT_EQ(listed.GetString("period"), "30d");
  EXPECT_EQ(listed.Find("series")->items[0].Find("timeline"), nullptr) << "of one only";

  const JsonValue one = world.GetJson("/outrider/v1/slos/shop-api");
  const JsonValue& series = one.Find("series")->items[0];
  EXPECT_EQ(series.Find("labels")->GetString("region"), "eu");
  EXPECT_NEAR(series.GetNumber("error_budget_remaining_ratio"), 0.5, 1e-12);
  EXPECT_TRUE(series.Find("period_end")->IsNull()) << "it rolls";
  const JsonValue& windows = *series.Find("windows");
  ASSERT_EQ(windows.items.size(), 3U);
  EXPECT_NEAR(windows.items[0].GetNumber("burn_rate"), 5, 1e-9);
  EXPECT_TRUE(windows.items[1].Find("burn_rate")->IsNull()) << "no events are no ratio";
  EXPECT_EQ(windows.items[2].GetString("window"), "30d");
  const JsonValue& bucket = series.Find("timeline")->items.at(0);
  EXPECT_NEAR(bucket.GetNumber("error_budget_remaining_ratio"), 0.5, 1e-12);
  EXPECT_EQ(one.Find("alerts")->items[0].Find("windows")->items[0].GetString("long"), "1h");
}

TEST(SloApiTest, UnknownOnes) {
  DeskWorld world;
  const HttpResponse answer = world.Get("/outrider/v1/slos/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, testing::HasSubstr("no objective named nothing"));
}

}  // namespace
}  // namespace outrider
