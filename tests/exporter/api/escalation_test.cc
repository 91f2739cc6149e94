// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct EscalationWorld : DeskWorld {
  EscalationWorld() {
    DeskConfig config = *desk->config();
    const auto incidents = ParseIncidentsConfig(R"(
users:
- {name: anna, webhook_configs: [{url: "http://x/"}]}
escalation_policies:
- name: database
  match: ['team="db"']
  tiers: [{users: [anna]}, {delay: 10m, targets: ["user:nobody"]}]
  fallback: ["user:anna"]
  repeat: forever
- name: critical
  severities: [critical]
  tiers: [{users: [anna]}, {delay: 5m, users: [anna]}]
)",
                                                "i.yml");
    EXPECT_TRUE(incidents.ok()) << incidents.status();
    config.incidents = *incidents;
    std::vector<Receiver> receivers(1);
    receivers[0].name = "user:anna";
    receivers[0].integrations.resize(1);
    receivers[0].integrations[0].kind = "webhook";
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
  std::string Incident() const {
    return GetJson("/outrider/v1/incidents").Find("incidents")->items[0].GetString("id");
  }
  JsonValue Escalation() const {
    return GetJson("/outrider/v1/incidents/" + Incident() + "/escalation");
  }
};

TEST(EscalationApi, ShowsTiersAndEscalatesByHand) {
  EscalationWorld world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  const std::string id = world.Incident();
  JsonValue view = world.Escalation();
  EXPECT_EQ(view.GetString("policy"), "critical");
  EXPECT_EQ(view.GetString("status"), "in_progress");
  const std::vector<JsonValue> tiers = view.Find("tiers")->items;
  ASSERT_EQ(tiers.size(), 2U);
  EXPECT_EQ(tiers[0].GetString("status"), "in_progress") << "its page is still to be sent";
  EXPECT_EQ(tiers[0].Find("events")->items[0].GetString("text"), "escalated to tier 1: user:anna");
  EXPECT_EQ(tiers[1].GetString("status"), "pending");
  EXPECT_EQ(tiers[1].GetString("due_at"), "2026-11-21T09:29:07.000Z");
  EXPECT_EQ(tiers[1].Find("tells")->items[0].string, "user:anna");
  EXPECT_EQ(view.GetString("next_due_at"), "2026-11-21T09:29:07.000Z");

  const std::string escalate = "/outrider/v1/incidents/" + id + "/escalate";
  EXPECT_EQ(world.Post(escalate, R"({"by":"ben","note":"alone here"})").status, 200);
  view = world.Escalation();
  EXPECT_EQ(view.GetString("status"), "completed");
  EXPECT_EQ(view.Find("tiers")->items[1].Find("events")->items[0].GetString("by"), "ben");
  const HttpResponse spent = world.Post(escalate, "");
  EXPECT_EQ(spent.status, 409);
  EXPECT_THAT(WholeBody(spent), HasSubstr("has told its last tier; force begins again"));
  EXPECT_EQ(world.Post(escalate, R"({"force":true})").status, 200);
  EXPECT_EQ(world.Post(escalate, R"({"force":"yes"})").status, 400);
  EXPECT_EQ(world.Post(escalate, R"({"policy":"x"})").status, 400);
  EXPECT_EQ(world.Post("/outrider/v1/incidents/nosuch/escalate", "").status, 404);
  EXPECT_EQ(world.Get("/outrider/v1/incidents/nosuch/escalation").status, 404);
}

TEST(EscalationApi, ReappliesAPolicy) {
  EscalationWorld world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  const std::string reapply = "/outrider/v1/incidents/" + world.Incident() + "/reapply-policy";
  EXPECT_EQ(world.Post(reapply, R"({"by":"ben","policy":"database"})").status, 200);
  EXPECT_EQ(world.Escalation().GetString("policy"), "database");
  EXPECT_TRUE(world.Escalation().Find("rounds")->IsNull()) << "without end";
  EXPECT_EQ(world.Post(reapply, R"({"policy":"nosuch"})").status, 404);
  EXPECT_EQ(world.Post(reapply, "").status, 200);
  EXPECT_EQ(world.Escalation().GetString("policy"), "critical") << "by its conditions";
  const JsonValue detail = world.GetJson("/outrider/v1/incidents/" + world.Incident());
  size_t applied = 0;
  for (const JsonValue& event : detail.Find("history")->items) {
    applied += event.GetString("kind") == "policy_applied" ? 1 : 0;
  }
  EXPECT_EQ(applied, 2U);
}

TEST(EscalationApi, ListsPoliciesWithWhoUsesThem) {
  EscalationWorld world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  DeskConfig config = *world.desk->config();
  config.incidents.escalation_policies.pop_back();
  ASSERT_TRUE(world.desk->Reload(std::move(config), world.clock.NowNanos()).ok());
  const JsonValue answer = world.GetJson("/outrider/v1/escalation/policies");
  const std::vector<JsonValue>& policies = answer.Find("policies")->items;
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies[0].GetString("name"), "database");
  EXPECT_TRUE(policies[0].Find("incidents")->items.empty());
  EXPECT_EQ(policies[0].Find("match")->items[0].string, R"(team="db")");
  EXPECT_EQ(policies[0].GetInt("repeat"), -1);
  EXPECT_EQ(policies[1].GetString("name"), "critical");
  EXPECT_FALSE(policies[1].GetBool("configured")) << "its incident keeps it";
  EXPECT_EQ(policies[1].Find("incidents")->items[0].string, world.Incident());
}

TEST(EscalationApi, PreviewsWithoutDoingAnything) {
  EscalationWorld world;
  const HttpResponse response =
      world.Post("/outrider/v1/escalation/preview",
                 R"({"labels":{"alertname":"X","team":"db"},"severity":"low",)"
                 R"("at":"2026-12-24T20:00:00Z"})");
  ASSERT_EQ(response.status, 200);
  const JsonValue answer = ParseJson(WholeBody(response)).value_or(JsonValue());
  const JsonValue& escalation = *answer.Find("escalation");
  EXPECT_EQ(escalation.GetString("policy"), "database");
  const JsonValue& second = escalation.Find("tiers")->items[1];
  EXPECT_EQ(second.GetString("due_at"), "2026-12-24T20:10:00.000Z");
  EXPECT_TRUE(second.Find("tells")->items.empty());
  EXPECT_EQ(second.Find("remarks")->items[0].string, "receiver user:nobody is not configured");
  EXPECT_EQ(escalation.Find("fallback_tells")->items[0].string, "user:anna");
  EXPECT_TRUE(world.GetJson("/outrider/v1/incidents").Find("incidents")->items.empty());
  const std::pair<const char*, const char*> bad[] = {
      {R"({"severity":"bad"})", "want critical, high"},
      {R"({"at":"yesterday"})", "at"},
      {R"({"labels":["a"]})", "labels must be an object of texts"},
      {R"({"labels":{"a":1}})", "label \\\"a\\\" must be a text"},
      {R"({"lables":"a"})", "unknown key"},
      {R"([])", "want an object"},
  };
  for (const auto& [body, error] : bad) {
    const HttpResponse refused = world.Post("/outrider/v1/escalation/preview", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_THAT(WholeBody(refused), HasSubstr(error)) << body;
  }
}

}  // namespace
}  // namespace outrider
