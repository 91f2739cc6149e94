// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct OnCallWorld : DeskWorld {
  OnCallWorld() {
    DeskConfig config = *desk->config();
    Schedule schedule;
    schedule.name = "web team";
    schedule.zone_name = "Europe/Berlin";
    absl::LoadTimeZone(schedule.zone_name, &schedule.zone);
    Layer layer;
    layer.name = "days";
    layer.rotation = {schedule.zone,       absl::CivilSecond(2026, 11, 16, 9),
                      ShiftUnit::kWeeks,   1,
                      {"anna", "ben", ""}, {}};
    schedule.layers = {layer};
    schedule.fallback = {"boss"};
    config.schedules = {schedule};
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
  HttpResponse Get(const std::string& path, const std::string& query = "") {
    FakeRequest request("GET", path);
    request.query = query;
    return router.Dispatch(request);
  }
};

TEST(OnCallApi, SaysWhoIsOnCallNowAndNextInBothZones) {
  OnCallWorld world;
  const HttpResponse response = world.Get("/outrider/v1/oncall", "time_zone=Asia/Tokyo");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"j({"time":"2026-11-21T09:24:07.000Z","schedules":[{"name":"web team",)j"
            R"j("time_zone":"Europe/Berlin","now":{"users":["anna"],"source":"layer",)j"
            R"j("layer":"days"},"next":{"start":"2026-11-23T08:00:00.000Z",)j"
            R"j("start_local":"2026-11-23T09:00:00+01:00 (CET)",)j"
            R"j("start_reader":"2026-11-23T17:00:00+09:00 (JST)","users":["ben"],)j"
            R"j("source":"layer","layer":"days"},"fallback":["boss"],"gaps":[{)j"
            R"j("start":"2026-11-30T08:00:00.000Z",)j"
            R"j("start_local":"2026-11-30T09:00:00+01:00 (CET)",)j"
            R"j("start_reader":"2026-11-30T17:00:00+09:00 (JST)",)j"
            R"j("end":"2026-12-05T09:24:07.000Z",)j"
            R"j("end_local":"2026-12-05T10:24:07+01:00 (CET)",)j"
            R"j("end_reader":"2026-12-05T18:24:07+09:00 (JST)","seconds":437047,"users":[],)j"
            R"j("source":"nobody"}]}]})j");
}

TEST(OnCallApi, ShowsAPeriodWithGapsAndFairness) {
  OnCallWorld world;
  const HttpResponse response = world.Get("/outrider/v1/oncall/web team",
                                          "from=2026-11-16T08:00:00Z&to=2026-12-07T08:00:00Z");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              HasSubstr(R"("fairness":{"coverage":0.6666666666666666,"balance":1,"quality":)"));
  EXPECT_THAT(response.body, HasSubstr(R"("seconds":{"anna":604800,"ben":604800}})"));
  EXPECT_THAT(response.body, HasSubstr(R"("gaps":[{"start":"2026-11-30T08:00:00.000Z",)"));
}

TEST(OnCallApi, FeedsACalendar) {
  OnCallWorld world;
  const HttpResponse response = world.Get("/outrider/v1/oncall/web team/calendar.ics", "user=ben");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/calendar; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("SUMMARY:On call: ben (web team)\r\n"));
  EXPECT_THAT(response.body, HasSubstr("DTSTART:20261123T080000Z\r\nDTEND:20261130T080000Z\r\n"));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("anna")));
}

// Calendars know an event by its UID: a shift that runs since before the feed's begin keeps it.
TEST(OnCallApi, AShiftOfACalendarKeepsItsIdentity) {
  OnCallWorld world;
  const std::string path = "/outrider/v1/oncall/web team/calendar.ics";
  const auto uid = [&](const char* from) {
    const std::string body =
        world.Get(path, fmt::format("from={}&to=2026-11-25T00:00:00Z&user=anna", from)).body;
    const size_t at = body.find("UID:");
    return at == std::string::npos ? "" : body.substr(at, body.find('\r', at) - at);
  };
  EXPECT_EQ(uid("2026-11-17T00:00:00Z"), "UID:web team-anna-20261116T080000Z@outrider");
  EXPECT_EQ(uid("2026-11-17T00:00:01Z"), "UID:web team-anna-20261116T080000Z@outrider");
  EXPECT_EQ(uid("2026-11-23T08:00:00Z"), "") << "it has ended";
}

TEST(CalendarFeeds, AreMadeShownOnceAndRevoked) {
  OnCallWorld world;
  const std::string path = "/outrider/v1/oncall/web team/feeds";
  const auto call = [&](const char* method, const std::string& target, const std::string& body) {
    FakeRequest request(method, target, body);
    return world.router.Dispatch(request);
  };
  const HttpResponse made = call("POST", path, R"({"user":"ben","expires_in":"30d"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const JsonValue json = ParseJson(made.body).value();
  const std::string url = json.GetString("url");
  EXPECT_THAT(url, testing::StartsWith("http://outrider:9909/outrider/v1/oncall/web%20team/"
                                       "calendar.ics?user=ben&token=otc_"));
  EXPECT_FALSE(json.GetString("expires_at").empty());
  const HttpResponse list = call("GET", path, "");
  EXPECT_THAT(list.body, HasSubstr(json.GetString("id")));
  const std::string secret = url.substr(url.find("otc_"));
  EXPECT_THAT(list.body, testing::Not(HasSubstr(secret)));
  EXPECT_TRUE(world.tokens->UseFeed(secret, "web team", "ben", world.clock.NowNanos()));
  const HttpResponse calendar =
      call("GET", "/outrider/v1/oncall/web team/calendar.ics?user=ben&token=" + secret, "");
  EXPECT_EQ(calendar.status, 200);
  EXPECT_THAT(calendar.body, HasSubstr("SUMMARY:On call: ben"));
  const std::string one = path + "/" + json.GetString("id");
  EXPECT_EQ(call("DELETE", "/outrider/v1/oncall/other/feeds/" + json.GetString("id"), "").status,
            404);
  EXPECT_EQ(call("DELETE", one, "").status, 204);
  EXPECT_EQ(call("DELETE", one, "").status, 404);
  EXPECT_FALSE(world.tokens->UseFeed(secret, "web team", "ben", world.clock.NowNanos()));
  EXPECT_EQ(call("POST", path, "").status, 201) << "of all, for ever";
  EXPECT_EQ(call("POST", path, R"({"users":"ben"})").status, 400);
  EXPECT_EQ(call("POST", path, R"({"expires_in":"0s"})").status, 400);
  EXPECT_EQ(call("POST", path, R"({"user":5})").status, 400);
  EXPECT_EQ(call("POST", "/outrider/v1/oncall/nosuch/feeds", "").status, 404);
}

TEST(OnCallApi, Errors) {
  OnCallWorld world;
  const struct {
    const char* path;
    const char* query;
    int status;
    const char* text;
  } table[] = {
      {"/outrider/v1/oncall/nosuch", "", 404, "no schedule"},
      {"/outrider/v1/oncall/nosuch/calendar.ics", "", 404, "no schedule"},
      {"/outrider/v1/oncall", "time_zone=../x", 400, "unknown time zone"},
      {"/outrider/v1/oncall/web team", "from=20&to=10", 400, "to must be later than from"},
      {"/outrider/v1/oncall/web team", "from=0&to=2026-01-01T00:00:00Z", 400, "two years"},
      {"/outrider/v1/oncall/web team", "from=x", 400, "invalid parameter"},
  };
  for (const auto& c : table) {
    const HttpResponse response = world.Get(c.path, c.query);
    EXPECT_EQ(response.status, c.status) << c.path << c.query;
    EXPECT_THAT(response.body, HasSubstr(c.text));
  }
}

}  // namespace
}  // namespace outrider
