// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "exporter/api/sla_report_text.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A desk that can be started again on the same store.
struct SlaWorld {
  FakeClock clock{1'795'253'047 * kNanosPerSecond};  // 2026-11-21T09:24:07Z
  SeededRandom random{1};
  MemoryStore store;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<Router> router;

  SlaWorld() { Start(); }
  void Start() {
    router.reset();
    desk.reset();
    DeskConfig config;
    config.alertmanager = DefaultAlertmanagerConfig();
    config.incidents = DefaultIncidentsConfig();
    config.incidents.retention = kDay;
    config.receivers = std::make_shared<const Receivers>(std::vector<Receiver>{});
    desk = Desk::Load(store, random, std::move(config), clock.NowNanos()).value();
    router = std::make_unique<Router>();
    RegisterIncidentsApi(*router, {*desk, clock});
    RegisterSlaApi(*router, {*desk, clock});
  }
  std::string Fire(const char* name, const char* severity) {
    Alert alert;
    alert.labels = Labels({{"alertname", name}, {"severity", severity}});
    alert.starts_at = {clock.NowNanos(), 0};
    EXPECT_TRUE(desk->OnAlerts({&alert, 1}, {}, clock.NowNanos()).ok());
    for (const auto& incident : desk->Incidents({}).incidents) {
      if (incident->title == name) return incident->id;
    }
    return "";
  }
  void Pass(DurationMs time) {
    clock.Advance(time);
    EXPECT_TRUE(desk->Tick(clock.NowNanos()).ok());
  }
  HttpResponse Send(const char* method, std::string_view target) const {
    FakeRequest request(method, target);
    return router->Dispatch(request);
  }
  std::string Report(const std::string& query) const {
    return Send("GET", "/outrider/v1/sla/report?" + query).body;
  }
};

TEST(SlaReportApi, AnswersInThreeFormats) {
  SlaWorld world;
  const std::string id = world.Fire("Down", "critical");
  world.Fire("Slow", "high");
  world.Pass(2 * kMinute);
  ASSERT_TRUE(world.desk->Acknowledge({id, "anna", "api", ""}, world.clock.NowNanos()).ok());
  world.Pass(20 * kMinute);
  EXPECT_EQ(
      world.Report("by=severity&severity=critical"),
      R"({"from":"2026-10-22T09:46:07.000Z","to":"2026-11-21T09:46:07.000Z","period":"whole",)"
      R"("time_zone":"UTC","rows":[{"period_start":"2026-10-22T09:46:07.000Z",)"
      R"("period_end":"2026-11-21T09:46:07.000Z","severity":"critical","incidents":1,)"
      R"("acknowledge":{"met":1,"breached":0,"open_breached":0,"running":0,"discarded":0,)"
      R"("compliance_ratio":1,"samples":1,"mean_seconds":120,"p50_seconds":120,)"
      R"("p90_seconds":120,"p95_seconds":120,"worst_seconds":120},"resolve":{"met":0,)"
      R"("breached":0,"open_breached":0,"running":1,"discarded":0,"compliance_ratio":null,)"
      R"("samples":0,"mean_seconds":null,"p50_seconds":null,"p90_seconds":null,)"
      R"("p95_seconds":null,"worst_seconds":null}}],"total":{)"
      R"("period_start":"2026-10-22T09:46:07.000Z","period_end":"2026-11-21T09:46:07.000Z",)"
      R"("incidents":1,"acknowledge":{"met":1,"breached":0,"open_breached":0,"running":0,)"
      R"("discarded":0,"compliance_ratio":1,"samples":1,"mean_seconds":120,"p50_seconds":120,)"
      R"("p90_seconds":120,"p95_seconds":120,"worst_seconds":120},"resolve":{"met":0,)"
      R"("breached":0,"open_breached":0,"running":1,"discarded":0,"compliance_ratio":null,)"
      R"("samples":0,"mean_seconds":null,"p50_seconds":null,"p90_seconds":null,)"
      R"("p95_seconds":null,"worst_seconds":null}},"without_facts":0})");
  const HttpResponse csv = world.Send("GET", "/outrider/v1/sla/report?by=severity&format=csv");
  EXPECT_EQ(csv.content_type, "text/csv; charset=utf-8");
  EXPECT_THAT(csv.body, StartsWith("period_start,period_end,team,service,severity,incidents,"
                                   "acknowledge_met,"));
  EXPECT_THAT(csv.body, HasSubstr("\r\n2026-10-22T09:46:07Z,2026-11-21T09:46:07Z,,,critical,1,"
                                  "1,0,0,0,0,1,1,120,120,120,120,120,0,0,0,1,0,,0,,,,,\r\n"));
  EXPECT_THAT(csv.body, HasSubstr("\r\n2026-10-22T09:46:07Z,2026-11-21T09:46:07Z,,,total,2,"
                                  "1,1,1,0,0,0.5,"));
  EXPECT_THAT(
      world.Report("by=severity&format=markdown&time_zone=Europe/Berlin"),
      testing::AllOf(HasSubstr("Incidents opened from 2026-10-22 11:46 CEST to 2026-11-21 "
                               "10:46 CET: 2.\n"),
                     HasSubstr("\n| critical | 1 | 1 | 0 | 0 | 0 | 100.0 % | 2m | 2m | 2m | "
                               "2m | 2m |\n"),
                     HasSubstr("\n| total | 2 | 1 | 1 | 1 | 0 | 50.0 % | 2m |")));
}

TEST(SlaReportApi, IsTheSameWhenIncidentsAreForgottenAndAfterAStart) {
  SlaWorld world;
  const std::string query = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&by=severity";
  const std::string down = world.Fire("Down", "critical");
  const std::string slow = world.Fire("Slow", "high");
  world.Fire("Stays", "low");
  world.Pass(6 * kMinute);
  ASSERT_TRUE(world.desk->Resolve({down, "anna", "api", ""}, world.clock.NowNanos()).ok());
  ASSERT_TRUE(world.desk->Hold({slow, "anna", "api", ""}, world.clock.NowNanos()).ok());
  world.Pass(60 * kMinute);
  ASSERT_TRUE(world.desk->Resolve({slow, "anna", "api", ""}, world.clock.NowNanos()).ok());
  world.Pass(20 * kHour);  // the third one's clocks are over
  const std::string before = world.Report(query);
  EXPECT_THAT(before, HasSubstr(R"("incidents":3,"acknowledge":{"met":1,"breached":2,)"));
  EXPECT_EQ(world.desk->Incidents({}).total, 3U);
  world.Pass(10 * kHour);
  EXPECT_EQ(world.desk->Incidents({}).total, 1U) << "two are forgotten";
  // The one that is open has missed its second target meanwhile: left out of the comparison.
  const std::string others = query + "&severity=";
  for (const char* severity : {"critical", "high"}) {
    const std::string now = world.Report(others + severity);
    EXPECT_THAT(now, HasSubstr(R"("incidents":1)"));
    world.Start();
    EXPECT_EQ(world.Report(others + severity), now);
  }
  SlaWorld fresh;
  EXPECT_THAT(fresh.Report(query), HasSubstr(R"("incidents":0)"));
}

TEST(SlaReportApi, HoldAndUnhold) {
  SlaWorld world;
  const std::string id = world.Fire("Down", "critical");
  world.Pass(kMinute);
  const HttpResponse held = world.Send("POST", "/outrider/v1/incidents/" + id + "/hold");
  EXPECT_EQ(held.status, 200);
  EXPECT_THAT(held.body, HasSubstr(R"("acknowledge":{"state":"paused","target_seconds":300,)"));
  EXPECT_THAT(held.body,
              HasSubstr(R"("deadline_at":null,"stopped_at":null,"elapsed_seconds":60,)"));
  EXPECT_THAT(held.body, HasSubstr(R"("paused_since":"2026-11-21T09:25:07.000Z")"));
  world.Pass(kHour);
  const HttpResponse back = world.Send("POST", "/outrider/v1/incidents/" + id + "/unhold");
  EXPECT_THAT(back.body, HasSubstr(R"("acknowledge":{"state":"running","target_seconds":300,)"));
  EXPECT_THAT(back.body, HasSubstr(R"("deadline_at":"2026-11-21T10:29:07.000Z")"));
  EXPECT_EQ(world.Send("POST", "/outrider/v1/incidents/i0/hold").status, 404);
  ASSERT_TRUE(world.desk->Resolve({id, "anna", "api", ""}, world.clock.NowNanos()).ok());
  EXPECT_EQ(world.Send("POST", "/outrider/v1/incidents/" + id + "/hold").status, 409);
}

TEST(SlaReportApi, RefusesWhatItDoesNotKnow) {
  const SlaWorld world;
  const std::pair<const char*, const char*> table[] = {
      {"by=owner", R"("owner\" is none of team, service, severity)"},
      {"format=xml", "json, csv and markdown are known"},
      {"period=decade", "whole, day, week, month and quarter are known"},
      {"severity=bad", "critical, high, medium, low and info are known"},
      {"time_zone=Mars/Base", R"(unknown time zone \"Mars/Base\")"},
      {"from=20&to=10", "to must be later than from"},
      {"from=x", "from"},
  };
  for (const auto& [query, error] : table) {
    const HttpResponse response =
        world.Send("GET", std::string("/outrider/v1/sla/report?") + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(response.body, HasSubstr(error)) << query;
  }
}

}  // namespace
}  // namespace outrider
