// SPDX-License-Identifier: Apache-2.0
// The Alertmanager API as amtool and Prometheus use it. Source: specs/alertmanager.md §3.
#include <gtest/gtest.h>

#include "storage/base/duration.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

std::string SilenceBody(const std::string& matchers, const char* ends = "2026-11-21T12:00:00.000Z",
                        const std::string& extra = "") {
  return R"({"matchers":)" + matchers + R"(,"startsAt":"2026-11-21T09:24:07.000Z","endsAt":")" +
         ends + R"(","createdBy":"anna","comment":"quiet")" + extra + "}";
}
constexpr const char* kMatchHigh = R"([{"name":"alertname","value":"High","isRegex":false}])";

TEST(AlertmanagerApi, Status) {
  DeskWorld world;
  const JsonValue status = world.GetJson("/api/v2/status");
  EXPECT_EQ(status.Find("config")->GetString("original"), "route: {receiver: log}\n");
  EXPECT_EQ(status.Find("cluster")->GetString("status"), "disabled");
  EXPECT_EQ(status.GetString("uptime"), "2026-11-21T09:24:07.000Z");
  EXPECT_EQ(status.Find("versionInfo")->GetString("version"), "0.34.0+outrider.0.1.0");
  EXPECT_EQ(WholeBody(world.Get("/api/v2/receivers")),
            "[{\"labels\":{\"name\":\"log\"},\"name\":\"log\"}]\n");
  EXPECT_EQ(WholeBody(world.Get("/api/v2/receivers?receiver_matchers=name%3D%22x%22")), "[]\n");
  EXPECT_NE(WholeBody(world.Get("/api/v2/receivers?receiver_matchers=foo"))
                .find("failed to parse receiver_matchers param: bad matcher format: foo"),
            std::string::npos);
}

TEST(AlertmanagerApi, AlertsComeBack) {
  DeskWorld world;
  ASSERT_EQ(world.Fire("High").status, 200);
  ASSERT_EQ(world.Fire("Low", "info").status, 200);
  const JsonValue alerts = world.GetJson("/api/v2/alerts");
  ASSERT_EQ(alerts.items.size(), 2U);
  const JsonValue high = world.GetJson("/api/v2/alerts?filter=alertname=%22High%22");
  ASSERT_EQ(high.items.size(), 1U);
  EXPECT_EQ(high.items[0].GetString("startsAt"), "2026-11-21T09:24:07.000Z");
  EXPECT_EQ(high.items[0].GetString("endsAt"), "2026-11-21T09:29:07.000Z");
  EXPECT_EQ(high.items[0].Find("status")->GetString("state"), "active");
  EXPECT_EQ(high.items[0].Find("receivers")->items[0].GetString("name"), "log");
  const std::pair<const char*, size_t> counts[] = {
      {"/api/v2/alerts?active=false", 0},
      {"/api/v2/alerts?active=", 2},
      {"/api/v2/alerts?active=yes", 2},
      {"/api/v2/alerts?active=ON", 2},
      {"/api/v2/alerts?active=nonsense", 0},
      {"/api/v2/alerts?active=false&active=true", 2},
      {"/api/v2/alerts?active=true&active=false", 0},
      {"/api/v2/alerts?filter=alertname=High,x=y", 0},
      {"/api/v2/alerts?filter=severity=~%22info|critical%22", 2},
      {"/api/v2/alerts?filter=alertname=%22High%22&filter=severity=%22info%22", 0},
      {"/api/v2/alerts?receiver=lo.", 2},
      {"/api/v2/alerts?receiver=lo", 0},
      {"/api/v2/alerts/groups?receiver=log", 2},
      {"/api/v2/alerts/groups?receiver=lo", 0},
      {"/api/v2/alerts/groups?filter=alertname=%22nope%22", 0},
  };
  for (const auto& [target, count] : counts)
    EXPECT_EQ(world.GetJson(target).items.size(), count) << target;
}

// What only the times of its route mute is active to the filter, whatever state it shows.
TEST(AlertmanagerApi, MutedGroupsAreActiveToTheFilter) {
  DeskWorld world;
  DeskConfig config = *world.desk->config();
  NamedTimeInterval always;
  always.name = "always";
  always.intervals = {TimeIntervalSpec()};
  config.alertmanager.time_intervals = {always};
  config.alertmanager.route.mute_time_intervals = {"always"};
  ASSERT_TRUE(world.desk->Reload(std::move(config), world.clock.NowNanos()).ok());
  ASSERT_EQ(world.Fire("High").status, 200);
  const JsonValue groups = world.GetJson("/api/v2/alerts/groups");
  ASSERT_EQ(groups.items.size(), 1U);
  EXPECT_EQ(groups.items[0].Find("alerts")->items[0].Find("status")->GetString("state"),
            "suppressed");
  EXPECT_EQ(world.GetJson("/api/v2/alerts/groups?active=false").items.size(), 0U);
  EXPECT_EQ(world.GetJson("/api/v2/alerts/groups?muted=false").items.size(), 0U);
}

TEST(AlertmanagerApi, RefusedAlerts) {
  DeskWorld world;
  struct Case {
    const char* body;
    int status;
    const char* part;
  };
  for (const Case& c : {
           Case{"{", 400, R"(parsing alerts body from \"\" failed, because )"},
           Case{R"([{"annotations":{}}])", 422, "0.labels in body is required"},
           Case{R"([{"labels":{"a":1}}])", 400, "cannot unmarshal number into a label"},
           Case{R"([{"labels":{"a":"b"},"startsAt":"yesterday"}])", 400,
                "parsing alerts body from"},
           Case{R"([{"labels":{}}])", 400, "at least one label pair required"},
           Case{R"([{"labels":{},"startsAt":"2026-11-21T10:00:00Z","endsAt":"2026-11-21T09:00:00Z"},
                    {"labels":{}}])",
                400, R"(start time must be before end time\nat least one label pair required)"},
           Case{"{}", 400, "cannot unmarshal object into the body"},
           Case{"", 422, "alerts in body is required"},
           Case{"null", 200, ""},
           Case{R"([{"labels":{"a":"b"},"generatorURL":"no uri"}])", 422,
                "0.generatorURL in body must be of type uri"},
           Case{R"([{"labels":{"":"x","a":"b"}}])", 400, "invalid label set: invalid name"},
           Case{R"([{"labels":{"a":"b"},"annotations":{"":"x"}}])", 400, "invalid annotations"},
           Case{R"([{"labels":{"a":"b"},"annotations":{"":""}}])", 400, "invalid annotations"},
       }) {
    const HttpResponse response = world.Post("/api/v2/alerts", c.body);
    EXPECT_EQ(response.status, c.status) << c.body;
    EXPECT_NE(response.body.find(c.part), std::string::npos) << response.body;
  }
  FakeRequest plain("POST", "/api/v2/alerts", "[]");
  EXPECT_EQ(world.router.Dispatch(plain).status, 415);
  for (const auto& [accept, status] :
       {std::pair("text/plain", 406), std::pair("text/html, */*", 200),
        std::pair("application/json;q=0.5", 200), std::pair("application/xml", 406),
        std::pair("", 200)}) {
    FakeRequest asks = FakeRequest("GET", "/api/v2/status").With("Accept", accept);
    EXPECT_EQ(world.router.Dispatch(asks).status, status) << accept;
  }
  EXPECT_EQ(world.Get("/api/v2/alerts?filter=foo").status, 400);
  EXPECT_NE(world.Get("/api/v2/alerts?filter=%7Ba%3D%22b%22%7D")
                .body.find("unexpected open or close brace: {a="),
            std::string::npos);
  EXPECT_EQ(world.Get("/api/v2/alerts?filter=a%3D%22b%22,c%3D%22d%22").status, 400);
  EXPECT_EQ(world.Delete("/api/v2/alerts").body,
            R"({"code":405,"message":"method DELETE is not allowed, but [GET,POST] are"})");
  const HttpResponse unknown = world.Get("/api/v2/nope");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"code":404,"message":"path /api/v2/nope was not found"})");
}

TEST(AlertmanagerApi, ABadAlertDoesNotCostTheOthers) {
  DeskWorld world;
  const HttpResponse response = world.Post(
      "/api/v2/alerts", R"([{"labels":{"":"x"}},{"labels":{"alertname":"Good","":""}}])");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(world.GetJson("/api/v2/alerts").items.size(), 1U);
}

TEST(AlertmanagerApi, SilenceLife) {
  DeskWorld world;
  world.Fire("High");
  const HttpResponse set = world.Post("/api/v2/silences", SilenceBody(kMatchHigh));
  ASSERT_EQ(set.status, 200) << set.body;
  const std::string id = ParseJson(set.body)->GetString("silenceID");
  EXPECT_EQ(world.GetJson("/api/v2/alerts?silenced=false").items.size(), 0U);
  EXPECT_EQ(world.GetJson("/api/v2/alerts").items[0].Find("status")->GetString("state"),
            "suppressed");
  const JsonValue one = world.GetJson("/api/v2/silence/" + id);
  EXPECT_EQ(one.Find("status")->GetString("state"), "active");
  EXPECT_EQ(one.GetString("createdBy"), "anna");
  EXPECT_TRUE(one.Find("matchers")->items[0].GetBool("isEqual"));
  EXPECT_EQ(world.GetJson("/api/v2/silences?filter=alertname=%22High%22").items.size(), 1U);
  EXPECT_EQ(world.GetJson("/api/v2/silences?filter=alertname=%22Other%22").items.size(), 0U);
  EXPECT_EQ(world.Delete("/api/v2/silence/" + id).status, 200);
  EXPECT_EQ(world.GetJson("/api/v2/silence/" + id).Find("status")->GetString("state"), "expired");
  EXPECT_EQ(world.GetJson("/api/v2/silences?expired=false").items.size(), 0U);
  const HttpResponse again = world.Delete("/api/v2/silence/" + id);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, "");
}

TEST(AlertmanagerApi, ExtensionsOfASilenceSurviveThoseWhoDoNotKnowThem) {
  DeskWorld world;
  const HttpResponse set = world.Post(
      "/api/v2/silences",
      SilenceBody(kMatchHigh, "2026-12-21T12:00:00.000Z",
                  R"(,"recurrence":[{"times":[{"start_time":"22:00","end_time":"24:00"}],)"
                  R"("weekdays":["monday:friday"],"location":"Europe/Berlin"}])"));
  ASSERT_EQ(set.status, 200) << set.body;
  const std::string id = ParseJson(set.body)->GetString("silenceID");
  const auto recurrence = [&] {
    const JsonValue silence = world.GetJson("/api/v2/silence/" + id);
    EXPECT_EQ(silence.Find("status")->GetString("state"), "pending");
    const JsonValue* list = silence.Find("recurrence");
    return list == nullptr ? "" : list->items[0].GetString("location");
  };
  EXPECT_EQ(recurrence(), "Europe/Berlin");
  const HttpResponse longer =
      world.Post("/api/v2/silences",
                 SilenceBody(kMatchHigh, "2026-12-22T12:00:00.000Z", R"(,"id":")" + id + "\""));
  ASSERT_EQ(ParseJson(longer.body)->GetString("silenceID"), id) << longer.body;
  EXPECT_EQ(recurrence(), "Europe/Berlin");
  const HttpResponse plain =
      world.Post("/api/v2/silences",
                 SilenceBody(kMatchHigh, "2026-12-22T12:00:00.000Z",
                             R"(,"recurrence":[],"expireWhenIdle":"1h","id":")" + id + "\""));
  ASSERT_EQ(plain.status, 200) << plain.body;
  const JsonValue silence = world.GetJson("/api/v2/silence/" + id);
  EXPECT_EQ(silence.Find("recurrence"), nullptr);
  EXPECT_EQ(silence.GetString("expireWhenIdle"), "1h");
  EXPECT_EQ(silence.Find("status")->GetString("state"), "active");
}

TEST(AlertmanagerApi, SilencePreview) {
  DeskWorld world;
  world.Fire("High");
  world.Fire("Low", "info");
  const JsonValue preview =
      world.GetJson("/outrider/v1/silences/preview?filter=severity%3D%22critical%22");
  EXPECT_EQ(preview.GetInt("matching"), 1);
  EXPECT_EQ(preview.GetInt("firing"), 2);
  EXPECT_EQ(preview.GetInt("last_day"), 1);
  EXPECT_EQ(preview.GetString("refused"), "");
  EXPECT_EQ(preview.Find("alerts")->items[0].Find("labels")->GetString("alertname"), "High");
  EXPECT_EQ(world.Get("/outrider/v1/silences/preview").status, 400);
  EXPECT_EQ(world.Get("/outrider/v1/silences/preview?filter=x").status, 400);
}

TEST(AlertmanagerApi, GetsBeyondTheLimitAreRefused) {
  FakeClock clock;
  AmMeter meter(clock, 1);
  FakeRequest outer("GET", "/api/v2/alerts");
  HttpResponse inner;
  const HttpResponse response = meter.Run(outer, [&](HttpRequest&) {
    FakeRequest second("GET", "/api/v2/status");
    inner = meter.Run(second, [](HttpRequest&) { return HttpResponse::Text(200, "x"); });
    FakeRequest post("POST", "/api/v2/alerts");
    EXPECT_EQ(meter.Run(post, [](HttpRequest&) { return HttpResponse::Text(200, ""); }).status,
              200);
    return HttpResponse::Text(200, "four");
  });
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(inner.status, 503);
  EXPECT_EQ(inner.body, "Limit of concurrent GET requests reached (1), try again later.\n");
  const AmApiStats stats = meter.Stats();
  EXPECT_EQ(stats.limit_exceeded, 1U);
  EXPECT_EQ(stats.gets_in_flight, 0);
  EXPECT_EQ(stats.seconds.size(), 2U);
}

TEST(AlertmanagerApi, AnAnswerThatIsStillReadCounts) {
  FakeClock clock;
  AmMeter meter(clock, 1);
  FakeRequest first("GET", "/api/v2/alerts");
  HttpResponse response = meter.Run(first, [](HttpRequest&) {
    HttpResponse streamed = HttpResponse::Text(200, "[");
    streamed.stream = [](std::string* piece) {
      *piece += "1234]";
      return false;
    };
    return streamed;
  });
  ASSERT_TRUE(response.stream);
  FakeRequest second("GET", "/api/v2/alerts");
  const auto one = [](HttpRequest&) { return HttpResponse::Text(200, "x"); };
  EXPECT_EQ(meter.Run(second, one).status, 503);
  EXPECT_EQ(meter.Stats().gets_in_flight, 1);
  EXPECT_TRUE(meter.Stats().seconds.empty());
  std::string piece;
  EXPECT_FALSE(response.stream(&piece));
  response.stream = nullptr;  // it was written
  EXPECT_EQ(piece, "1234]");
  EXPECT_EQ(meter.Run(second, one).status, 200);
  const AmApiStats stats = meter.Stats();
  EXPECT_EQ(stats.gets_in_flight, 0);
  EXPECT_EQ(stats.limit_exceeded, 1U);
  ASSERT_EQ(stats.bytes.size(), 1U);
  EXPECT_EQ(stats.bytes.begin()->second.sum, 7) << "six of the first, one of the other";
}

TEST(AlertmanagerApi, RefusedSilences) {
  DeskWorld world;
  struct Case {
    std::string body;
    int status;
    const char* part;
  };
  for (const Case& c : {
           Case{R"({"matchers":[],"createdBy":"a"})", 422, "comment in body is required"},
           Case{SilenceBody("[]"), 422, "should have at least 1 items"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T09:00:00.000Z"), 400,
                "start time must be before end time"},
           Case{SilenceBody(R"([{"name":"a","value":"(","isRegex":true}])"), 400,
                "invalid silence: invalid label matcher 0 in set 0: "},
           Case{SilenceBody(R"([{"name":"a","value":"","isRegex":false}])"), 400,
                "invalid silence: matcher set 0: at least one matcher must not match the empty "
                "string"},
           Case{SilenceBody(R"([{"name":"a","value":"web.*","isRegex":"true"}])"), 400,
                "matchers.0.isRegex is not true or false"},
           Case{SilenceBody(R"([{"name":"a","value":"b","isRegex":false,"isEqual":1}])"), 400,
                "matchers.0.isEqual is not true or false"},
           Case{SilenceBody(R"([{"name":"a","value":5,"isRegex":false}])"), 400,
                "matchers.0.value is not a text"},
           Case{SilenceBody(R"([{"name":null,"value":"b","isRegex":false}])"), 422,
                "matchers.0.name in body is required"},
           Case{SilenceBody("[7]"), 400, "matchers.0 is not an object"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T12:00:00.000Z", R"(,"annotations":{"a":1})"),
                400, "annotations.a is not a text"},
           Case{"", 422, "silence in body is required"},
           Case{"[]", 400, "parsing silence body from"},
           Case{"null", 422, "comment in body is required"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T12:00:00.000Z", R"(,"expireWhenIdle":5)"), 400,
                "expireWhenIdle is not a text"},
           Case{R"({"comment":7})", 400, "parsing silence body from"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T12:00:00.000Z", R"(,"recurrence":[{"x":1}])"),
                400, "field x not found"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T12:00:00.000Z", R"(,"expireWhenIdle":"soon")"),
                400, "soon"},
           Case{SilenceBody(kMatchHigh, "2026-11-21T12:00:00.000Z",
                            R"(,"id":"00000000-0000-4000-8000-000000000000")"),
                404, ""},
           Case{SilenceBody(R"([{"name":"","value":"b","isRegex":false}])",
                            "2026-11-21T12:00:00.000Z",
                            R"(,"id":"00000000-0000-4000-8000-000000000000")"),
                400, "invalid label matcher 0 in set 0"},
       }) {
    const HttpResponse response = world.Post("/api/v2/silences", c.body);
    EXPECT_EQ(response.status, c.status) << c.body << response.body;
    EXPECT_NE(response.body.find(c.part), std::string::npos) << response.body;
  }
  EXPECT_EQ(world.Get("/api/v2/silence/nonsense").status, 422);
  EXPECT_EQ(world.Get("/api/v2/silence/00000000-0000-4000-8000-000000000000").status, 404);
  EXPECT_EQ(world.Delete("/api/v2/silence/00000000-0000-4000-8000-000000000000").status, 404);
}

TEST(AlertmanagerApi, SilencesThatOnlyExclude) {
  DeskWorld world;
  EXPECT_EQ(world
                .Post("/api/v2/silences",
                      SilenceBody(R"([{"name":"a","value":"b","isRegex":false,"isEqual":false}])"))
                .status,
            200);
  EXPECT_EQ(world.Post("/api/v2/silences", SilenceBody(kMatchHigh, "9999-12-31T23:59:59Z")).status,
            200);
}

TEST(AlertmanagerApi, TimesOfClients) {
  const std::pair<const char*, const char*> good[] = {
      {"2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"},
      {"2026-11-21T10:00:00.123456", "2026-11-21T10:00:00.123456Z"},
      {"2026-11-21T10:00:00+0200", "2026-11-21T08:00:00Z"},
      {"2026-11-21T10:00:00.5-02:30", "2026-11-21T12:30:00.5Z"},
      {"2026-11-21T10:00:00,5Z", "2026-11-21T10:00:00.5Z"},
      {"2026-11-21T10:00:00.1234567891Z", "2026-11-21T10:00:00.123456789Z"},
      {"2026-11-21T10:00Z", "2026-11-21T10:00:00Z"},
      {"2026-11-21T10:00", "2026-11-21T10:00:00Z"},
      {"2026-11-21 10:00:00", "2026-11-21T10:00:00Z"},
      {"2026-11-21", "2026-11-21T00:00:00Z"},
      {"9999-12-31T23:59:59Z", "2262-04-11T23:47:15Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"0001-01-01T01:00:00+01:00", "0001-01-01T00:00:00Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z"},
      {"", "1970-01-01T00:00:00.000000001Z"},
  };
  for (const auto& [text, meant] : good) {
    const StatusOr<AlertTime> time = ParseAmTime(text);
    ASSERT_TRUE(time.ok()) << time.status();
    EXPECT_EQ(FormatRfc3339(time->nanos), meant) << text;
  }
  for (const char* bad :
       {"soon", "2026", "2026-13-01", "2026-11-31", "2026-11-21T", "2026-11-21T24:00:00Z",
        "2026-11-21T10:60", "2026-11-21T10:00:00.", "2026-11-21T10:00:00+02", "2026-11-21Z",
        "2026-11-21T10:00:00Zx", "20261-11-21", "2026-11-21T10:00:00+99:00", "T10:00:00"}) {
    EXPECT_FALSE(ParseAmTime(bad).ok()) << bad;
  }
}

TEST(AlertmanagerApi, Times) {
  EXPECT_EQ(AmTime(0), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(AmTime(1'500'000'000), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(AmTime(999'999'999), "1970-01-01T00:00:00.999Z");
  const Nanos time = 1'700'000'000'500'000'000;
  EXPECT_EQ(AmTime(AlertTime{time, 0}), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(AmTime(AlertTime{time, 5400}), "2023-11-14T23:43:20.500+01:30");
  EXPECT_EQ(AmTime(AlertTime{time, -3600}), "2023-11-14T21:13:20.500-01:00");
}

}  // namespace
}  // namespace outrider
