// SPDX-License-Identifier: Apache-2.0
// Opening incidents by hand, and what people change about them, over the API.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

constexpr const char* kIncidents = "/outrider/v1/incidents";

// Posts; the object that came back, when the status is the wanted one.
JsonValue Post(DeskWorld& world, const std::string& target, const std::string& body,
               int status = 200) {
  const HttpResponse response = world.Post(target, body);
  EXPECT_EQ(response.status, status) << target << " " << body << response.body;
  const StatusOr<JsonValue> json = ParseJson(response.body);
  EXPECT_TRUE(json.ok()) << response.body;
  return json.ok() ? *json : JsonValue();
}

TEST(IncidentChangesApi, AnIncidentByHandIsWorkedOn) {
  DeskWorld world;
  const JsonValue made = Post(world, kIncidents,
                              R"({"title":"Shop is slow","severity":"high","summary":"calls",)"
                              R"("labels":{"team":"web","service":"shop"},"by":"anna"})",
                              201);
  const std::string id = made.GetString("id");
  const std::string path = fmt::format("{}/{}", kIncidents, id);
  EXPECT_EQ(made.GetString("source"), "hand");
  EXPECT_EQ(made.GetString("team"), "web");
  EXPECT_EQ(made.GetString("service"), "shop");
  EXPECT_EQ(made.GetString("severity"), "high");
  EXPECT_EQ(Post(world, path + "/assign", R"({"assignee":"bob"})").GetString("assignee"), "bob");
  EXPECT_EQ(
      Post(world, path + "/severity", R"({"severity":"low","note":"few"})").GetString("severity"),
      "low");
  EXPECT_EQ(Post(world, path + "/snooze", R"({"for":"2h"})").GetString("snoozed_until"),
            "2026-11-21T11:24:07.000Z");
  EXPECT_EQ(Post(world, path + "/snooze", R"({"until":"2026-11-22T00:00:00+01:00"})")
                .GetString("snoozed_until"),
            "2026-11-21T23:00:00.000Z");
  EXPECT_TRUE(Post(world, path + "/wake", "").Find("snoozed_until")->IsNull());
  Post(world, path + "/confirm", "", 409);
  Post(world, path + "/acknowledge", R"({"by":"bob"})");
  Post(world, path + "/confirm", R"({"by":"bob"})");
  std::string kinds;
  const JsonValue shown = world.GetJson(path);
  for (const JsonValue& event : shown.Find("history")->items) {
    const std::string kind = event.GetString("kind");
    if (!kind.starts_with("sla_")) kinds += kind + " ";
  }
  EXPECT_EQ(kinds,
            "opened assigned severity_lowered snoozed snoozed woken state_changed ack_confirmed ");
  EXPECT_EQ(shown.Find("history")->items[0].Find("data")->GetString("team"), "web");
}

TEST(IncidentChangesApi, MergedAndBack) {
  DeskWorld world;
  world.Fire("A");
  world.clock.Advance(1000);
  world.Fire("B");
  const JsonValue list = world.GetJson(kIncidents);
  const std::string b = list.Find("incidents")->items[0].GetString("id");
  const std::string a = list.Find("incidents")->items[1].GetString("id");
  const std::string path = fmt::format("{}/{}", kIncidents, a);
  EXPECT_EQ(
      Post(world, path + "/merge", fmt::format(R"({{"into":"{}"}})", b)).GetString("merged_into"),
      b);
  const JsonValue whole = world.GetJson(fmt::format("{}/{}", kIncidents, b));
  ASSERT_EQ(whole.Find("parts")->items.size(), 1U);
  EXPECT_EQ(whole.Find("parts")->items[0].string, a);
  EXPECT_EQ(whole.GetInt("firing"), 2);
  EXPECT_NE(Post(world, path + "/acknowledge", "{}", 409).GetString("error").find("part of " + b),
            std::string::npos);
  EXPECT_EQ(Post(world, path + "/unmerge", "").GetString("merged_into", "?"), "");
  EXPECT_EQ(world.GetJson(path).GetInt("firing"), 1);
}

TEST(IncidentChangesApi, Errors) {
  DeskWorld world;
  world.Fire("High");
  const std::string id = world.desk->Incidents({}).incidents[0]->id;
  const std::string path = fmt::format("{}/{}", kIncidents, id);
  struct Case {
    std::string target;
    std::string body;
    int status;
  };
  const Case cases[] = {
      {kIncidents, "{}", 400},
      {kIncidents, R"({"title":""})", 400},
      {kIncidents, R"({"title":"x","severity":"bad"})", 400},
      {kIncidents, R"({"title":"x","labels":{"a":1}})", 400},
      {kIncidents, R"({"title":"x","labels":[]})", 400},
      {kIncidents, R"({"title":"x","policy":"nosuch"})", 400},
      {kIncidents, R"({"title":"x","colour":"red"})", 400},
      {path + "/assign", "{}", 400},
      {path + "/assign", R"({"assignee":7})", 400},
      {path + "/severity", R"({"severity":"worse"})", 400},
      {path + "/snooze", "{}", 400},
      {path + "/snooze", R"({"for":"2h","until":"2026-11-22T00:00:00Z"})", 400},
      {path + "/snooze", R"({"for":"0s"})", 400},
      {path + "/snooze", R"({"for":"2y"})", 400},
      {path + "/snooze", R"({"until":"2020-01-01T00:00:00Z"})", 400},
      {path + "/snooze", R"({"until":"tomorrow"})", 400},
      {path + "/wake", "{}", 409},
      {path + "/merge", "{}", 400},
      {path + "/merge", R"({"into":"i0"})", 404},
      {path + "/merge", fmt::format(R"({{"into":"{}"}})", id), 409},
      {path + "/unmerge", "{}", 409},
      {path + "/confirm", "{}", 409},
      {path + "/acknowledge", fmt::format(R"({{"by":"{}"}})", std::string(257, 'x')), 400},
      {path + "/notes", fmt::format(R"({{"note":"{}"}})", std::string(8193, 'x')), 400},
      {fmt::format("{}/i0/assign", kIncidents), R"({"assignee":"bob"})", 404},
  };
  for (const Case& c : cases) {
    EXPECT_FALSE(Post(world, c.target, c.body, c.status).GetString("error").empty()) << c.body;
  }
  for (const char* query : {"label=a%3D~%28", "from=soon", "to=later"}) {
    EXPECT_EQ(world.Get(fmt::format("{}?{}", kIncidents, query)).status, 400) << query;
  }
}

TEST(IncidentChangesApi, ListsAndStatisticsByFilter) {
  DeskWorld world;
  world.Fire("A", "critical");
  world.clock.Advance(60'000);
  world.Fire("B", "info");
  const std::string b = world.desk->Incidents({}).incidents[0]->id;
  Post(world, fmt::format("{}/{}/assign", kIncidents, b), R"({"assignee":"bob"})");
  const auto titles = [&](const std::string& query) {
    std::string out;
    const JsonValue page = world.GetJson(fmt::format("{}?{}", kIncidents, query));
    for (const JsonValue& incident : page.Find("incidents")->items) {
      out += incident.GetString("title");
    }
    return out;
  };
  EXPECT_EQ(titles("assignee=bob"), "B");
  EXPECT_EQ(titles("assignee="), "A");
  EXPECT_EQ(titles("label=severity%3D~%22crit.*%22"), "A");
  EXPECT_EQ(titles("label=alertname%3DA&label=severity%3Dinfo"), "");
  EXPECT_EQ(titles("from=2026-11-21T09:25:00Z"), "B");
  EXPECT_EQ(titles("to=2026-11-21T09:25:00Z"), "A");
  EXPECT_EQ(titles("q=INFO"), "B");
  EXPECT_EQ(titles("team=web"), "");
  const JsonValue all = world.GetJson("/outrider/v1/incidents/statistics");
  EXPECT_EQ(all.GetInt("total_groups"), 2);
  EXPECT_EQ(all.GetInt("active_groups"), 2);
  EXPECT_EQ(all.GetInt("closed_groups"), 0);
  EXPECT_EQ(all.GetInt("total_alerts_grouped"), 2);
  EXPECT_EQ(all.GetNumber("avg_alerts_per_group"), 1);
  EXPECT_EQ(all.GetInt("max_alerts_in_group"), 1);
  EXPECT_EQ(all.GetNumber("overall_noise_reduction_pct", -1), 0);
  EXPECT_EQ(world.GetJson("/outrider/v1/incidents/statistics?assignee=bob").GetInt("total_groups"),
            1);
}

// A caller with a name is who acts, whatever the body says.
TEST(IncidentChangesApi, TheCallerIsWhoActs) {
  DeskWorld world;
  world.router.AddGuard([](HttpRequest& request) -> std::optional<HttpResponse> {
    request.caller.name = "carol";
    return std::nullopt;
  });
  world.Fire("A");
  const std::string id = world.desk->Incidents({}).incidents[0]->id;
  const JsonValue taken =
      Post(world, fmt::format("{}/{}/acknowledge", kIncidents, id), R"({"by":"anna"})");
  EXPECT_EQ(taken.GetString("acknowledged_by"), "carol");
}

}  // namespace
}  // namespace outrider
