// SPDX-License-Identifier: Apache-2.0
// The product API over a real desk, and its description.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

std::string FirstId(DeskWorld& world) {
  const JsonValue page = world.GetJson("/outrider/v1/incidents");
  return page.Find("incidents")->items.empty() ? ""
                                               : page.Find("incidents")->items[0].GetString("id");
}

TEST(IncidentsApi, Life) {
  DeskWorld world;
  world.Fire("High");
  const std::string id = FirstId(world);
  ASSERT_FALSE(id.empty());
  const std::string path = "/outrider/v1/incidents/" + id;
  world.clock.Advance(90'000);
  const HttpResponse acked =
      world.Post(path + "/acknowledge", R"({"by":"anna","note":"on it","channel":"cli"})");
  ASSERT_EQ(acked.status, 200) << acked.body;
  const JsonValue shown = world.GetJson(path);
  EXPECT_EQ(shown.GetString("state"), "acknowledged");
  EXPECT_EQ(shown.GetString("severity"), "critical");
  EXPECT_EQ(shown.GetString("acknowledged_by"), "anna");
  EXPECT_EQ(shown.GetString("opened_at"), "2026-11-21T09:24:07.000Z");
  const JsonValue* clock = shown.Find("sla")->Find("acknowledge");
  EXPECT_EQ(clock->GetString("state"), "met");
  EXPECT_EQ(clock->GetNumber("target_seconds"), 300);
  EXPECT_EQ(clock->GetNumber("elapsed_seconds"), 90);
  EXPECT_EQ(shown.Find("sla")->Find("resolve")->GetString("state"), "running");
  EXPECT_EQ(shown.Find("alert_details")->items.size(), 1U);
  const auto& history = shown.Find("history")->items;
  EXPECT_TRUE(std::ranges::any_of(history, [](const JsonValue& event) {
    return event.GetString("by") == "anna" && event.GetString("channel") == "cli" &&
           event.GetString("to") == "acknowledged";
  })) << WholeBody(world.Get(path));
  for (const char* action : {"/investigate", "/notes", "/resolve", "/reopen"}) {
    const HttpResponse response = world.Post(path + action, R"({"by":"anna","note":"x"})");
    EXPECT_EQ(response.status, 200) << action << response.body;
  }
}

TEST(IncidentsApi, Errors) {
  DeskWorld world;
  world.Fire("High");
  const std::string path = "/outrider/v1/incidents/" + FirstId(world);
  struct Case {
    std::string target;
    const char* body;
    int status;
  };
  for (const Case& c : {
           Case{"/outrider/v1/incidents/nope/resolve", "{}", 404},
           Case{path + "/unacknowledge", "{}", 409},
           Case{path + "/reopen", "", 409},
           Case{path + "/notes", "{}", 400},
           Case{path + "/acknowledge", "{", 400},
           Case{path + "/acknowledge", R"({"bye":"x"})", 400},
           Case{path + "/acknowledge", R"({"by":1})", 400},
           Case{path + "/acknowledge", "[]", 400},
           Case{path + "/nope", "{}", 404},
           Case{path, "{}", 405},
       }) {
    const HttpResponse response = world.Post(c.target, c.body);
    EXPECT_EQ(response.status, c.status) << c.target << " " << c.body << response.body;
    const StatusOr<JsonValue> json = ParseJson(response.body);
    ASSERT_TRUE(json.ok()) << response.body;
    EXPECT_FALSE(json->GetString("error").empty()) << response.body;
  }
  EXPECT_EQ(world.Get("/outrider/v1/incidents/nope").status, 404);
  EXPECT_EQ(world.Get("/outrider/v1/incidents?state=odd").status, 400);
  EXPECT_EQ(world.Get("/outrider/v1/incidents?severity=odd").status, 400);
  EXPECT_EQ(world.Get("/outrider/v1/incidents?after=odd").status, 400);
}

TEST(IncidentsApi, FiltersAndPages) {
  DeskWorld world;
  for (const char* name : {"A", "B", "C"}) {
    world.Fire(name, std::string(name) == "B" ? "info" : "critical");
    world.clock.Advance(1000);
  }
  const auto titles = [&](const std::string& target) {
    std::string out;
    const JsonValue page = world.GetJson(target);
    for (const JsonValue& incident : page.Find("incidents")->items)
      out += incident.GetString("title");
    return out + "|" + page.GetString("next", "end").substr(0, 3);
  };
  EXPECT_EQ(titles("/outrider/v1/incidents"), "CBA|end");
  EXPECT_EQ(titles("/outrider/v1/incidents?severity=info,low"), "B|end");
  EXPECT_EQ(titles("/outrider/v1/incidents?state=open"), "CBA|end");
  EXPECT_EQ(titles("/outrider/v1/incidents?state=resolved"), "|end");
  EXPECT_EQ(titles("/outrider/v1/incidents?limit=2"), "CB|179");
  const std::string next = world.GetJson("/outrider/v1/incidents?limit=2").GetString("next");
  world.Fire("D");  // a new incident does not shift the next page
  EXPECT_EQ(titles("/outrider/v1/incidents?limit=2&after=" + next), "A|end");
}

TEST(SlaApi, Report) {
  DeskWorld world;
  world.Fire("High");
  const JsonValue report = world.GetJson("/outrider/v1/sla");
  const JsonValue* acknowledge = report.Find("acknowledge");
  ASSERT_NE(acknowledge, nullptr);
  EXPECT_EQ(acknowledge->Find("severities")->items.size(), 5U);
  EXPECT_EQ(acknowledge->Find("severities")->items[0].GetString("severity"), "critical");
  EXPECT_EQ(acknowledge->Find("severities")->items[0].GetNumber("target_seconds"), 300);
  const JsonValue* ratio = acknowledge->Find("compliance_ratio");
  ASSERT_NE(ratio, nullptr);
  EXPECT_TRUE(ratio->IsNull()) << "nothing was measured";
  EXPECT_EQ(report.Find("resolve")->Find("severities")->items[4].GetNumber("target_seconds"),
            10080 * 60);
  const std::string id = world.desk->Incidents({}).incidents[0]->id;
  ASSERT_TRUE(world.desk->Acknowledge({id, "anna", "api", ""}, world.clock.NowNanos()).ok());
  const JsonValue later = world.GetJson("/outrider/v1/sla");
  EXPECT_EQ(later.Find("acknowledge")->GetNumber("compliance_ratio"), 1);
  EXPECT_TRUE(later.Find("resolve")->Find("compliance_ratio")->IsNull());
}

TEST(CapacityApi, EmptyAnswers) {
  DeskWorld world;
  const JsonValue none = world.GetJson("/outrider/v1/recommendations");
  EXPECT_TRUE(none.Find("recommendations")->items.empty());
  EXPECT_TRUE(none.Find("summary")->Find("score")->IsNull());
  EXPECT_EQ(world.GetJson("/outrider/v1/costs").GetString("currency"), "USD");
}

TEST(StateSeriesApi, WhatIsKeptForWhom) {
  DeskWorld world;
  const Timestamp now = world.clock.Now();
  for (const char* name : {"up", "other", "third"}) {
    const LabeledSample sample{Labels{{"__name__", name}}, {now, 1}};
    world.windows.AppendBatch({&sample, 1}, Origin::kRemote, now);
  }
  world.windows.SetReferences(
      {{.matchers = {Matcher::Equal("__name__", "up")},
        .horizon = 8 * kHour,
        .owner = {.kind = "rule", .name = R"(a.yml group "g" alert "Down")"}}});
  const JsonValue all = world.GetJson("/outrider/v1/state/series");
  EXPECT_EQ(all.GetInt("retention_seconds"), 86400);
  EXPECT_EQ(all.GetInt("unreferenced_retention_seconds"), 6 * 3600);
  EXPECT_EQ(all.Find("total")->GetInt("series"), 3);
  ASSERT_EQ(all.Find("owners")->items.size(), 1U);
  const JsonValue& owner = all.Find("owners")->items[0];
  EXPECT_EQ(owner.GetString("kind"), "rule");
  EXPECT_EQ(owner.GetString("name"), R"(a.yml group "g" alert "Down")");
  EXPECT_EQ(owner.GetInt("horizon_seconds"), 8 * 3600);
  EXPECT_EQ(owner.GetInt("keep_seconds"), 8 * 3600);
  EXPECT_EQ(owner.GetInt("samples"), 1);
  EXPECT_GT(owner.GetInt("bytes"), 0);
  ASSERT_EQ(all.Find("kinds")->items.size(), 2U);
  EXPECT_EQ(all.Find("kinds")->items[1].GetString("kind"), "unreferenced");
  EXPECT_EQ(all.Find("kinds")->items[1].GetInt("series"), 2);
  const JsonValue two = world.GetJson("/outrider/v1/state/series?limit=2");
  EXPECT_EQ(two.Find("metrics")->items.size(), 2U);
  EXPECT_EQ(two.GetInt("metrics_total"), 3);
  EXPECT_EQ(world.GetJson("/outrider/v1/state/series?limit=0").Find("metrics")->items.size(), 3U);
  EXPECT_EQ(world.Get("/outrider/v1/state/series?limit=x").status, 400);
}

// Every path of the document is routed and every route under /outrider/v1 is described.
TEST(OpenApi, SaysWhatThereIs) {
  DeskWorld world;
  const StatusOr<JsonValue> document = ParseJson(OpenApiDocument());
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->GetString("openapi"), "3.1.0");
  std::set<std::string> described;
  for (const auto& [path, operations] : document->Find("paths")->members) {
    for (const auto& [method, operation] : operations.members) {
      described.insert(ToUpper(method) + " " + path);
      EXPECT_FALSE(operation.GetString("operationId").empty()) << path;
    }
  }
  std::set<std::string> routed;
  for (const auto& [method, pattern] : world.router.Routes()) {
    // Of other families what configures us.
    if (!pattern.starts_with("/outrider/v1") && pattern != "/api/v1/escalation-policies") continue;
    std::string path;
    for (std::string_view part : Split(std::string_view(pattern).substr(1), '/')) {
      path += '/';
      path += part.starts_with(':') ? fmt::format("{{{}}}", part.substr(1)) : std::string(part);
    }
    routed.insert(fmt::format("{} {}", method, path));
  }
  EXPECT_EQ(described, routed);
}

}  // namespace
}  // namespace outrider
