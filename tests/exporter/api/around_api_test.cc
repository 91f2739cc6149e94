// SPDX-License-Identifier: Apache-2.0
// Heartbeats, maintenance windows and dependencies through the API.
#include <gmock/gmock.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct AroundWorld : DeskWorld {
  AroundWorld() {
    DeskConfig config = *desk->config();
    IncidentsConfig incidents = ParseIncidentsConfig(R"(
heartbeats: [{name: nightly backup, interval: 24h, grace: 1h, severity: high, team: storage}]
maintenance: [{name: weekend, match: [tier = batch], every: {hours: [{weekdays: [saturday]}]}}]
dependencies: [{name: redis, match: [alertname = App], on: [alertname = Redis]}]
)",
                                                     "incidents.yml")
                                    .value();
    config.around = ParseAround(incidents).value();
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
};

TEST(AroundApi, AHeartbeatIsHeardByPostAndByGet) {
  AroundWorld world;
  EXPECT_EQ(world.Get("/outrider/v1/heartbeats").body,
            R"j({"heartbeats":[{"name":"nightly backup","state":"waiting","last_beat_at":null,)j"
            R"j("due_at":"2026-11-22T10:24:07.000Z","missing_since":null,)j"
            R"j("failing_since":null,"failures":0,"error":"",)j"
            R"j("interval_seconds":86400,"grace_seconds":3600,"severity":"high",)j"
            R"j("team":"storage"}]})j");
  const HttpResponse beat = world.Post("/outrider/v1/heartbeats/nightly backup", "");
  EXPECT_EQ(beat.status, 200);
  EXPECT_THAT(beat.body, HasSubstr(R"("state":"up","last_beat_at":"2026-11-21T09:24:07.000Z")"));
  world.clock.Advance(kHour);
  EXPECT_THAT(world.Get("/outrider/v1/heartbeats/nightly backup").body,
              HasSubstr(R"("last_beat_at":"2026-11-21T10:24:07.000Z")"));
  world.clock.Advance(26 * kHour);
  EXPECT_TRUE(world.desk->Tick(world.clock.NowNanos()).ok());
  EXPECT_THAT(world.Get("/outrider/v1/heartbeats").body,
              HasSubstr(R"("state":"missing","last_beat_at":"2026-11-21T10:24:07.000Z",)"
                        R"("due_at":null,"missing_since":"2026-11-22T11:24:07.000Z")"));
  EXPECT_EQ(world.Post("/outrider/v1/heartbeats/nosuch", "").status, 404);
}

// As Gatus' external endpoints are told.
TEST(AroundApi, ABeatBringsAResult) {
  AroundWorld world;
  const std::string beat = "/outrider/v1/heartbeats/nightly backup";
  EXPECT_THAT(world.Post(beat + "?success=false&error=no+route&duration=3s", "").body,
              HasSubstr(R"("failing_since":null,"failures":1,"error":"no route")"));
  EXPECT_EQ(world.Get(beat + "?success=false").status, 200);
  EXPECT_THAT(world.Post(beat + "?success=false&error=timeout", "").body,
              HasSubstr(R"("state":"failing")"));
  EXPECT_THAT(world.Get("/outrider/v1/heartbeats").body,
              HasSubstr(R"("failing_since":"2026-11-21T09:24:07.000Z","failures":3,)"
                        R"("error":"timeout")"));
  EXPECT_EQ(world.Post(beat, "").status, 200);
  EXPECT_THAT(world.Post(beat + "?success=true", "").body, HasSubstr(R"("state":"up")"));
  EXPECT_EQ(world.Post(beat + "?success=maybe", "").status, 400);
  EXPECT_EQ(world.Post(beat + "?success=false&error=%ff", "").status, 400);
  // A letter of two bytes that does not fit is left out.
  const std::string error = std::string(999, 'x') + "%C3%A4";
  EXPECT_THAT(world.Post(beat + "?success=false&error=" + error, "").body,
              HasSubstr("\"error\":\"" + std::string(999, 'x') + "\""));
}

TEST(AroundApi, MaintenanceIsMadeListedAndEnded) {
  AroundWorld world;
  const std::string window =
      R"({"name":"db","match":["service=db"],"end":"2026-11-21T11:00:00+01:00","note":"CHG-1"})";
  const HttpResponse made = world.Post("/outrider/v1/maintenance", window);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, R"j({"name":"db","source":"api","active":true,)j"
                       R"j("next_edge_at":"2026-11-21T10:00:00.000Z","match":"{service=\"db\"}",)j"
                       R"j("recurring":false,"start":null,"end":"2026-11-21T10:00:00.000Z",)j"
                       R"j("time_zone":"UTC","note":"CHG-1","made_by":""})j");
  const JsonValue list = world.GetJson("/outrider/v1/maintenance");
  ASSERT_EQ(list.Find("maintenance")->items.size(), 2U);
  const JsonValue& weekend = list.Find("maintenance")->items[0];
  EXPECT_EQ(weekend.GetString("source"), "file");
  EXPECT_TRUE(weekend.GetBool("active")) << "21 November 2026 is a Saturday";
  EXPECT_TRUE(weekend.GetBool("recurring"));
  EXPECT_EQ(world.Post("/outrider/v1/maintenance", window).status, 409);
  EXPECT_EQ(world.Delete("/outrider/v1/maintenance/weekend").status, 409);
  EXPECT_EQ(world.Delete("/outrider/v1/maintenance/db").status, 204);
  EXPECT_EQ(world.Delete("/outrider/v1/maintenance/db").status, 404);
}

TEST(AroundApi, WhatIsWrongWithAWindowIsSaid) {
  AroundWorld world;
  const struct {
    const char* body;
    const char* error;
  } kCases[] = {
      {"", "missing name"},
      {"[]", "body:1:1"},
      {"{", "body:"},
      {R"({"name":"w","match":["a=b"],"end":"2026-11-21T09:00:00Z"})", "its end is past already"},
      {R"({"name":"w","match":["a=b"],"end":"x"})", "body:1:35: \\\"x\\\" is no time"},
      {R"({"name":"w","match":["a=b"],"until":"x"})", "until"},
      {R"({"name":"w","match":[],"end":"2027-11-21T09:00:00Z"})", "needs matchers"},
  };
  for (const auto& c : kCases) {
    const HttpResponse response = world.Post("/outrider/v1/maintenance", c.body);
    EXPECT_EQ(response.status, 400) << c.body;
    EXPECT_THAT(response.body, HasSubstr(c.error));
  }
}

TEST(AroundApi, DependenciesShowWhatHangsOnAnOutage) {
  AroundWorld world;
  EXPECT_EQ(world.Get("/outrider/v1/dependencies").body,
            R"({"dependencies":[{"name":"redis","outages":[]}]})");
  EXPECT_EQ(world.Fire("Redis").status, 200);
  EXPECT_EQ(world.Fire("App").status, 200);
  const JsonValue answer = world.GetJson("/outrider/v1/dependencies");
  const JsonValue& outage = answer.Find("dependencies")->items.at(0).Find("outages")->items.at(0);
  EXPECT_EQ(outage.GetString("title"), "Redis");
  EXPECT_EQ(outage.Find("dependants")->items.size(), 1U);
}

}  // namespace
}  // namespace outrider
