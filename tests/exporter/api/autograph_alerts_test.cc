// SPDX-License-Identifier: Apache-2.0
// specs/source_systems.md §4.3 and its tests: endpoint, config, active, resolved, filter,
// structure, escalations.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

struct OutageWorld : DeskWorld {
  OutageWorld() {
    DeskConfig config = *desk->config();
    EscalationPolicy policy;
    policy.name = "service_down";
    policy.severities = {Severity::kCritical};
    policy.tiers.resize(1);
    policy.tiers[0].receivers = {"nobody"};
    policy.repeat = 1000;
    policy.repeat_interval = 15 * kMinute;
    config.incidents.escalation_policies = {policy};
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
  // Fails since five minutes; ends the outage with `over`.
  void Down(const char* service, bool over = false) {
    Alert alert;
    alert.labels =
        Labels({{"alertname", "ServiceDown"}, {"severity", "critical"}, {"service", service}});
    if (started[service] == 0) started[service] = clock.NowNanos();
    alert.starts_at.nanos = started[service];
    alert.annotations["outrider_since"] = fmt::to_string(started[service] / kNanosPerSecond - 300);
    if (over) alert.ends_at.nanos = clock.NowNanos();
    EXPECT_TRUE(desk->OnAlerts({&alert, 1}, {}, clock.NowNanos()).ok());
    if (over) started[service] = 0;
  }
  void Pass(int minutes) {
    clock.Advance(minutes * kMinute);
    EXPECT_TRUE(desk->Tick(clock.NowNanos()).ok());
  }
  std::vector<std::string> Services(const std::string& query) {
    std::vector<std::string> names;
    FakeRequest request("GET", "/alerts");
    request.query = query;
    const JsonValue answer = ParseJson(router.Dispatch(request).body).value_or(JsonValue());
    EXPECT_EQ(answer.GetInt("total_alerts"), 3) << query;
    EXPECT_EQ(answer.GetInt("active_alerts"), 2) << query;
    EXPECT_EQ(answer.GetInt("resolved_alerts"), 1) << query;
    for (const JsonValue& alert : answer.Find("alerts")->items) {
      names.push_back(alert.GetString("service_id"));
    }
    return names;
  }
  std::map<std::string, Nanos> started;
};

TEST(AutographAlerts, ShowsAnOutageWithItsLiveDuration) {
  OutageWorld world;
  world.Down("auth-service");
  world.Pass(31);
  JsonValue answer = world.GetJson("/alerts");
  EXPECT_EQ(answer.GetString("correlation_id").size(), 36U);
  EXPECT_EQ(answer.GetString("timestamp"), "2026-11-21T09:55:07.000Z");
  const JsonValue* config = answer.Find("config");
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->GetInt("service_down_threshold_minutes"), 5);
  EXPECT_EQ(config->GetInt("escalation_interval_minutes"), 15);
  EXPECT_FALSE(config->GetBool("email_enabled", true));
  EXPECT_FALSE(config->GetBool("slack_enabled", true));
  ASSERT_EQ(answer.Find("alerts")->items.size(), 1U);
  const JsonValue& alert = answer.Find("alerts")->items[0];
  EXPECT_EQ(alert.GetString("alert_id"), "service_down_auth-service");
  EXPECT_EQ(alert.GetString("type"), "service_down");
  EXPECT_EQ(alert.GetString("service_name"), "auth-service");
  EXPECT_EQ(alert.GetString("severity"), "critical");
  EXPECT_EQ(alert.GetString("status"), "active");
  EXPECT_EQ(alert.GetString("triggered_at"), "2026-11-21T09:24:07.000Z");
  EXPECT_TRUE(alert.Find("resolved_at")->IsNull());
  EXPECT_EQ(alert.GetInt("escalation_count"), 2);
  EXPECT_EQ(alert.GetInt("down_duration_seconds"), 36 * 60) << "from the first failure until now";
  EXPECT_EQ(alert.GetString("message"), "auth-service has been down for 36 minutes");
  EXPECT_EQ(alert.Find("last_notification"), nullptr) << "nothing internal is shown";
}

TEST(AutographAlerts, ARecoveryHasTheTrueDowntimeAndHistoryStays) {
  OutageWorld world;
  world.Down("redis");
  world.Pass(10);
  world.Down("redis", true);
  world.Pass(60);
  world.Down("redis");
  const JsonValue answer = world.GetJson("/alerts");
  ASSERT_EQ(answer.Find("alerts")->items.size(), 2U) << "the second does not overwrite the first";
  const JsonValue& resolved = answer.Find("alerts")->items[1];
  EXPECT_EQ(resolved.GetString("status"), "resolved");
  EXPECT_EQ(resolved.GetInt("down_duration_seconds"), 15 * 60);
  EXPECT_EQ(resolved.GetString("message"), "redis was down for 15 minutes");
  EXPECT_EQ(resolved.GetString("resolved_at"), "2026-11-21T09:34:07.000Z");
}

TEST(AutographAlerts, TotalsCountEverythingWhateverIsAsked) {
  OutageWorld world;
  world.Down("a");
  world.Pass(1);
  world.Down("b");
  world.Pass(1);
  world.Down("c");
  world.Pass(1);
  world.Down("b", true);
  using Names = std::vector<std::string>;
  EXPECT_EQ(world.Services(""), (Names{"c", "b", "a"})) << "newest first";
  EXPECT_EQ(world.Services("status=all"), (Names{"c", "b", "a"}));
  EXPECT_EQ(world.Services("status=bogus"), (Names{"c", "b", "a"})) << "unknown is all";
  EXPECT_EQ(world.Services("status=active"), (Names{"c", "a"}));
  EXPECT_EQ(world.Services("status=resolved"), (Names{"b"}));
  EXPECT_EQ(world.Services("limit=1"), (Names{"c"}));
}

TEST(AutographAlerts, OtherAlertsHaveTheirNameAsTypeAndTheirSummary) {
  DeskWorld world;
  EXPECT_EQ(world.Fire("Disk fills-up").status, 200);
  const JsonValue answer = world.GetJson("/alerts");
  const JsonValue& alert = answer.Find("alerts")->items.at(0);
  EXPECT_EQ(alert.GetString("type"), "disk_fills_up");
  EXPECT_EQ(alert.GetString("message"), "it is <b>bad</b>");
  EXPECT_EQ(alert.GetString("service_id"), alert.GetString("incident_id")) << "no label names one";
}

}  // namespace
}  // namespace outrider
