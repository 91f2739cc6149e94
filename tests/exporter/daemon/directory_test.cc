// SPDX-License-Identifier: Apache-2.0
// A whole daemon's services, its routes and its guard: who may call what, and what is configured by
// API beside the files.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "exporter/access/route_roles.h"
#include "exporter/http/auth.h"
#include "storage/base/duration.h"
#include "tests/exporter/daemon/daemon_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A path that the pattern matches.
std::string PathFor(const std::string& pattern) {
  std::string path;
  for (const std::string_view part : Split(std::string_view(pattern).substr(1), '/')) {
    const bool variable = part.starts_with(':') || part.starts_with('*');
    path += "/" + (variable ? std::string("x") : std::string(part));
  }
  return path;
}

// Every route of the router but the open ones wants to know who calls; nothing else may slip in.
TEST_F(DaemonAccessTest, EveryRouteNeedsARole) {
  WriteUsers();
  Start(true);
  size_t open = 0;
  size_t writes = 0;
  for (const auto& [method, pattern] : router_->Routes()) {
    const std::string path = PathFor(pattern);
    // What another route takes first is judged by that one's row.
    FakeRequest probe(method, path);
    const int code = router_->Dispatch(probe).status;
    if (NeededRole(method, probe.route) == Role::kNone) {
      EXPECT_TRUE(probe.route.starts_with("/-/") || probe.route.starts_with("/outrider/v1/log") ||
                  probe.route.starts_with("/outrider/v1/a/") ||
                  probe.route.starts_with("/outrider/v1/callbacks/"))
          << method << " " << pattern;
      ++open;
      continue;
    }
    EXPECT_EQ(code, 401) << method << " " << pattern;
    writes += method != "GET";
  }
  EXPECT_GE(open, 5U);
  EXPECT_GE(writes, 40U);
}

// By the router's own table: a viewer changes nothing, and reads everything but secrets. What is a
// read is said here again, so that a mistake in the table of roles shows.
TEST_F(DaemonAccessTest, AViewerOnlyReads) {
  constexpr std::string_view kReadsByPost[] = {"/api/v1/query",
                                               "/api/v1/query_range",
                                               "/api/v1/query_exemplars",
                                               "/api/v1/format_query",
                                               "/api/v1/parse_query",
                                               "/api/v1/series",
                                               "/api/v1/labels",
                                               "/api/v1/read",
                                               "/api/chat/query",
                                               "/outrider/v1/state/verify",
                                               "/outrider/v1/escalation/preview"};
  // URLs of webhooks and tokens are secrets; fetching a heartbeat's URL is a beat.
  constexpr std::string_view kNotToBeRead[] = {"/api/v1/webhooks", "/outrider/v1/tokens",
                                               "/outrider/v1/heartbeats/"};
  WriteUsers();
  Start(true);
  std::map<std::string, int> seen;
  for (const auto& [method, pattern] : router_->Routes()) {
    const std::string path = PathFor(pattern);
    FakeRequest probe(method, path);
    (void)router_->Dispatch(probe);
    if (IsOpenPath(probe.route)) continue;
    const bool get = method == "GET" || method == "HEAD";
    const bool secret = std::ranges::any_of(
        kNotToBeRead, [&](std::string_view top) { return probe.route.starts_with(top); });
    const bool read =
        !secret && (get || (method == "POST" && std::ranges::find(kReadsByPost, probe.route) !=
                                                    std::end(kReadsByPost)));
    const int code = Send(method, path, "viewer").status;
    ++seen[read ? "reads" : "writes"];
    if (!read) {
      EXPECT_EQ(code, 403) << method << " " << pattern;
      continue;
    }
    EXPECT_NE(code, 401) << method << " " << pattern;
    EXPECT_NE(code, 403) << method << " " << pattern;
    // What is not here is answered 500 there, as in Prometheus.
    if (probe.route.starts_with("/api/v1/search/")) continue;
    EXPECT_LT(code, 500) << method << " " << pattern;
  }
  EXPECT_GE(seen["reads"], 60);
  EXPECT_GE(seen["writes"], 60);
  EXPECT_EQ(Send("GET", "/metrics", "viewer").status, 200);
  EXPECT_EQ(Send("GET", "/outrider/v1/incidents", "viewer").status, 200);
}

TEST_F(DaemonAccessTest, UsersCountFromTheNextReloadOn) {
  Write("web.yml", "");
  Start(true);
  EXPECT_EQ(Send("GET", "/metrics").status, 200);
  WriteUsers();
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  EXPECT_EQ(Send("GET", "/metrics").status, 401);
  EXPECT_EQ(Send("GET", "/metrics", "viewer").status, 200);
  // All or nothing: a mistake in one file changes neither.
  Write("web.yml", "outrider_users: [{name: x}]\n");
  const HttpResponse refused = Send("POST", "/-/reload", "admin");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("web.yml:1:18"));
  EXPECT_EQ(Send("GET", "/metrics", "viewer").status, 200);
}

TEST_F(DaemonAccessTest, TlsStopsTheStart) {
  Write("web.yml", "tls_server_config: {cert_file: a, key_file: b}\n");
  AppOptions options;
  options.storage_path = (top_ / "data").string();
  options.web_config_file = (top_ / "web.yml").string();
  const LoadedFiles files = LoadFiles("").value();
  const auto services = Services::Make(files, options, "http://x.example", clock_, random_,
                                       std::make_unique<SharedStore>(store_, broken_));
  ASSERT_FALSE(services.ok());
  EXPECT_THAT(Message(services.status()), HasSubstr("never falls back to plain text"));
}

TEST_F(DaemonAccessTest, TokensOfPrograms) {
  WriteUsers();
  Start(true);
  const HttpResponse made = Send("POST", "/outrider/v1/tokens", "admin",
                                 R"({"name":"ci","role":"operator","expires_in":"1d"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = ParseJson(made.body)->GetString("token");
  EXPECT_EQ(AuditOf("token:ci", "admin"), 1U);
  const auto with = [&](const char* path) {
    FakeRequest request("GET", path);
    request.With("Authorization", "Bearer " + token);
    return router_->Dispatch(request);
  };
  EXPECT_THAT(with("/outrider/v1/whoami").body,
              HasSubstr(R"("name":"ci","role":"operator","teams":[],"via":"token")"));
  EXPECT_EQ(with("/outrider/v1/tokens").status, 403);
  const std::string list = Send("GET", "/outrider/v1/tokens", "admin").body;
  EXPECT_THAT(list, HasSubstr("\"ci\""));
  EXPECT_THAT(list, Not(HasSubstr(token)));
  Start(true);  // another process on the same store
  EXPECT_EQ(with("/metrics").status, 200);
  clock_.Advance(kDay);
  EXPECT_EQ(with("/metrics").status, 401);
  clock_.Advance(-kDay);
  EXPECT_EQ(Send("DELETE", "/outrider/v1/tokens/ci", "admin").status, 204);
  EXPECT_EQ(with("/metrics").status, 401);
  EXPECT_EQ(Send("DELETE", "/outrider/v1/tokens/ci", "admin").status, 404);
  for (const char* bad : {"", "{}", "[]", R"({"name":"a/b"})", R"({"name":"a","role":"boss"})",
                          R"({"name":"a","expires_in":"-1d"})", R"({"name":"a","x":1})",
                          R"({"name":"a","teams":"x"})"}) {
    EXPECT_EQ(Send("POST", "/outrider/v1/tokens", "admin", bad).status, 400) << bad;
  }
}

TEST_F(DaemonAccessTest, TheAuditNamesTheCaller) {
  WriteUsers();
  Start(true);
  ASSERT_EQ(Send("POST", "/api/v2/alerts", "operator",
                 R"([{"labels":{"alertname":"A","severity":"critical"}}])")
                .status,
            200);
  const std::string id = Json("/outrider/v1/incidents").Find("incidents")->items[0].GetString("id");
  EXPECT_EQ(Send("POST", "/outrider/v1/incidents/" + id + "/acknowledge", "operator",
                 R"({"by":"somebody else"})")
                .status,
            200);
  EXPECT_EQ(Json("/outrider/v1/incidents/" + id).GetString("acknowledged_by"), "operator");
  const HttpResponse silenced = Send("POST", "/api/v2/silences", "operator", R"({
    "matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":"2026-09-21T00:00:00Z",
    "endsAt":"2026-09-30T00:00:00Z","createdBy":"somebody else","comment":"x"})");
  ASSERT_EQ(silenced.status, 200) << silenced.body;
  const std::string silence = ParseJson(silenced.body)->GetString("silenceID");
  EXPECT_EQ(Json("/api/v2/silence/" + silence).GetString("createdBy"), "operator");
  EXPECT_EQ(Send("DELETE", "/api/v2/silence/" + silence, "admin").status, 200);
  EXPECT_EQ(AuditOf("silence:" + silence, "admin", AuditKind::kSilenceExpired), 1U);
  EXPECT_EQ(AuditOf("silence:" + silence, "operator", AuditKind::kSilenceSet), 1U);
}

TEST_F(DaemonAccessTest, SigningIn) {
  WriteUsers();
  Start(true);
  FakeRequest form =
      FakeRequest::Form("/outrider/v1/login", "username=viewer&password=test&next=%2Fgraph%3Fx");
  const HttpResponse in = router_->Dispatch(form);
  ASSERT_EQ(in.status, 303) << in.body;
  std::string cookie;
  std::string where;
  for (const auto& [name, value] : in.headers) {
    if (name == "Set-Cookie") cookie = value.substr(0, value.find(';'));
    if (name == "Location") where = value;
  }
  EXPECT_EQ(where, "/graph?x");
  FakeRequest page("GET", "/");
  page.With("Cookie", cookie);
  EXPECT_EQ(router_->Dispatch(page).status, 200);
  FakeRequest wrong = FakeRequest::Form("/outrider/v1/login", "username=viewer&password=no");
  const HttpResponse again = router_->Dispatch(wrong);
  EXPECT_EQ(again.status, 401);
  EXPECT_THAT(again.body, HasSubstr("the name or the password is wrong"));
  EXPECT_EQ(
      Send("POST", "/outrider/v1/login", "", R"({"username":"admin","password":"test"})").status,
      200);
  FakeRequest out("POST", "/outrider/v1/logout");
  out.With("Cookie", cookie);
  EXPECT_EQ(router_->Dispatch(out).status, 204);
  EXPECT_EQ(router_->Dispatch(page).status, 401);
}

// ---- the directory

TEST_F(DaemonAccessTest, AUserIsMadeChangedAndDeleted) {
  Start(false);
  const std::string users = "/outrider/v1/users";
  const HttpResponse made =
      Send("POST", users, "", R"({"name":"ben","time_zone":"Europe/Berlin"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(AuditOf("user:ben", "anonymous"), 1U);
  EXPECT_EQ(Send("POST", users, "", R"({"name":"ben"})").status, 409);
  EXPECT_EQ(Send("POST", users, "", R"({"name":"anna"})").status, 409);
  const JsonValue list = Json(users, "");
  ASSERT_EQ(list.Find("users")->items.size(), 2U);
  EXPECT_EQ(list.Find("users")->items[0].GetString("source"), "file");
  EXPECT_EQ(list.Find("users")->items[1].GetString("source"), "api");
  ASSERT_EQ(services_->desk->config()->incidents.users.size(), 2U);
  EXPECT_EQ(Send("PUT", users + "/ben", "", R"({"time_zone":"UTC"})", "\"1\"").status, 200);
  EXPECT_EQ(Send("PUT", users + "/ben", "", R"({"time_zone":"UTC"})", "\"1\"").status, 412);
  EXPECT_EQ(Send("PUT", users + "/ben", "", "{}", "x").status, 400);
  EXPECT_EQ(services_->desk->config()->incidents.users[1].time_zone, "UTC");
  EXPECT_EQ(Send("PUT", users + "/anna", "", "{}").status, 409);
  EXPECT_EQ(Send("PUT", users + "/nobody", "", "{}").status, 404);
  // What the parsers refuse changes nothing.
  const HttpResponse bad = Send("PUT", users + "/ben", "", "time_zone: UTC\nfoo: 1\n");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("user ben:2:"));
  EXPECT_EQ(Json(users + "/ben", "").GetInt("version"), 2);
  EXPECT_EQ(Send("DELETE", users + "/ben", "").status, 204);
  EXPECT_EQ(Send("GET", users + "/ben", "").status, 404);
  EXPECT_EQ(services_->desk->config()->incidents.users.size(), 1U);
}

TEST_F(DaemonAccessTest, ContactsAreForAdmins) {
  WriteUsers();
  Start(true);
  const std::string shown = Send("GET", "/outrider/v1/users", "viewer").body;
  EXPECT_THAT(shown, HasSubstr(R"("contacts":["slack"])"));
  EXPECT_THAT(shown, Not(HasSubstr("api_url")));
  const std::string all = Send("GET", "/outrider/v1/users/anna", "admin").body;
  EXPECT_THAT(all, HasSubstr("<secret>"));
  EXPECT_THAT(all, Not(HasSubstr("hidden")));
}

TEST_F(DaemonAccessTest, SchedulesAndOverrides) {
  Start(false);
  ASSERT_EQ(Send("POST", "/outrider/v1/users", "", R"({"name":"ben"})").status, 201);
  // Of the file, and changed for a day by the API.
  const std::string overrides = "/outrider/v1/oncall/schedules/primary/overrides";
  const HttpResponse made =
      Send("POST", overrides, "",
           R"({"user":"ben","start":"2026-09-22T00:00:00Z","end":"2026-09-23T00:00:00Z"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = ParseJson(made.body)->GetString("id");
  const auto on_call = [&](const char* when) {
    const Schedule& schedule = services_->desk->config()->schedules[0];
    const OnCall found = OnCallAt(schedule, ParseRfc3339(when).value());
    return Join(found.users, ",");
  };
  EXPECT_EQ(on_call("2026-09-21T12:00:00Z"), "anna");
  EXPECT_EQ(on_call("2026-09-22T12:00:00Z"), "ben");
  EXPECT_EQ(AuditOf("schedule:primary", "anonymous"), 1U);
  EXPECT_EQ(Json(overrides, "").Find("overrides")->items.size(), 1U);
  // The user is needed as long as the override is there.
  const HttpResponse used = Send("DELETE", "/outrider/v1/users/ben", "");
  EXPECT_EQ(used.status, 409);
  EXPECT_THAT(used.body, HasSubstr("used by schedule \\\"primary\\\""));
  const HttpResponse bad = Send("POST", overrides, "", R"({"user":"nobody"})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("of schedule primary:1:"));
  EXPECT_EQ(Send("POST", "/outrider/v1/oncall/schedules/x/overrides", "", "{}").status, 404);
  // Nobody stands in for whom an override removes.
  const HttpResponse gap = Send(
      "POST", overrides, "",
      R"({"kind":"remove","user":"anna","start":"2026-09-25T00:00:00Z","end":"2026-09-25T01:00:00Z"})");
  ASSERT_EQ(gap.status, 201) << gap.body;
  EXPECT_THAT(gap.body, HasSubstr(R"j("gaps":[{"start":"2026-09-25T00:00:00.000Z",)j"
                                  R"j("start_local":"2026-09-25T00:00:00+00:00 (UTC)","end":)j"));
  Start(false);  // survives a restart
  EXPECT_EQ(on_call("2026-09-22T12:00:00Z"), "ben");
  EXPECT_EQ(Send("DELETE", overrides + "/" + id, "").status, 200);
  EXPECT_EQ(on_call("2026-09-22T12:00:00Z"), "anna");
  EXPECT_EQ(Send("DELETE", overrides + "/" + id, "").status, 404);
  EXPECT_EQ(Send("DELETE", "/outrider/v1/users/ben", "").status, 204);
}

// Nobody is paged by a daemon that does not start.
TEST_F(DaemonAccessTest, AStartLeavesOutObjectsThatDoNotFit) {
  Start(false);
  for (const char* schedule :
       {R"({"name":"second","layers":[{"users":["anna"],"start":"2026-01-05T09:00"}]})",
        R"({"name":"empty","layers":[{"users":[""],"start":"2026-01-05T09:00"}]})"}) {
    ASSERT_EQ(Send("POST", "/outrider/v1/oncall/schedules", "", schedule).status, 201);
  }
  Write("incidents.yml", "users: [{name: cleo}]\n");
  Start(false);
  ASSERT_EQ(services_->desk->config()->schedules.size(), 1U);
  EXPECT_EQ(services_->desk->config()->schedules[0].name, "empty");
  EXPECT_EQ(Send("DELETE", "/outrider/v1/oncall/schedules/second", "").status, 204);
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
}

TEST_F(DaemonAccessTest, PoliciesAsInsaHasThem) {
  WriteUsers();
  Start(true);
  const std::string path = "/api/v1/escalation-policies";
  const struct {
    const char* name;
    const char* rules;
  } kShapes[] = {
      {"engine", R"({"tiers":[{"level":1,"delay_minutes":0,"channels":["log"]},)"
                 R"({"level":2,"delay_minutes":5,"recipients":["user:anna"]}]})"},
      {"schema", R"([{"tier":1,"delay_minutes":0,"targets":["oncall:primary"]},)"
                 R"({"tier":2,"delay_minutes":5,"targets":["user:anna"]}])"},
  };
  for (const auto& shape : kShapes) {
    const std::string body = fmt::format(R"({{"name":"{}","severities":["critical"],"rules":{}}})",
                                         shape.name, shape.rules);
    EXPECT_EQ(Send("POST", path, "operator", body).status, 403);
    const HttpResponse made = Send("POST", path, "admin", body);
    ASSERT_EQ(made.status, 201) << made.body;
    const JsonValue answer = ParseJson(made.body).value();
    EXPECT_EQ(answer.GetString("policy_id"), shape.name);
    const JsonValue& tiers = *answer.Find("policy")->Find("rules")->Find("tiers");
    ASSERT_EQ(tiers.items.size(), 2U) << made.body;
    EXPECT_EQ(tiers.items[1].GetInt("delay_minutes"), 5);
    EXPECT_EQ(Send("POST", path, "admin", body).status, 409);
    EXPECT_EQ(AuditOf(fmt::format("policy:{}", shape.name), "admin"), 1U);
  }
  EXPECT_EQ(Json(path).GetInt("total"), 2);
  EXPECT_EQ(Json("/outrider/v1/policies/engine").GetString("source"), "api");
  const HttpResponse nobody = Send(
      "POST", path, "admin",
      R"({"name":"x","severities":["low"],"rules":[{"tier":1,"delay_minutes":0,"targets":["user:no"]}]})");
  EXPECT_EQ(nobody.status, 400);
  EXPECT_THAT(nobody.body, HasSubstr("user:no"));
}

TEST_F(DaemonAccessTest, FilesAndObjectsTogether) {
  Start(false);
  ASSERT_EQ(Send("POST", "/outrider/v1/oncall/schedules", "",
                 R"({"name":"second","layers":[{"users":["anna"],"start":"2026-01-05T09:00"}]})")
                .status,
            201);
  ASSERT_EQ(Send("POST", "/outrider/v1/policies", "",
                 R"({"name":"p","tiers":[{"delay":"5m","schedules":["second"]}]})")
                .status,
            201);
  EXPECT_EQ(services_->desk->config()->incidents.escalation_policies.size(), 1U);
  const HttpResponse unknown = Send("POST", "/outrider/v1/policies", "",
                                    R"({"name":"q","tiers":[{"receivers":["user:nobody"]}]})");
  EXPECT_EQ(unknown.status, 400) << unknown.body;
  EXPECT_EQ(Send("DELETE", "/outrider/v1/oncall/schedules/second", "").status, 409);
  // A reload keeps the objects …
  Write("incidents.yml", R"(
users: [{name: anna}, {name: cleo}]
schedules: [{name: primary, layers: [{users: [anna], start: 2026-01-05T09:00}]}]
)");
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  EXPECT_EQ(services_->desk->config()->schedules.size(), 2U);
  EXPECT_EQ(services_->desk->config()->incidents.users.size(), 2U);
  // … and is refused when they would not fit any more.
  Write("incidents.yml", "users: [{name: cleo}]\n");
  const HttpResponse refused = Send("POST", "/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("schedule second:1:"));
  EXPECT_EQ(services_->desk->config()->schedules.size(), 2U);
  // A change by API works on what is in force, not on what lies on the disk.
  EXPECT_EQ(Send("DELETE", "/outrider/v1/policies/p", "").status, 204);
  EXPECT_EQ(services_->desk->config()->schedules.size(), 2U);
  // The file takes the name over: it counts.
  Write("incidents.yml", R"(
users: [{name: anna}, {name: cleo}]
schedules: [{name: second, layers: [{users: [cleo], start: 2026-01-05T09:00}]}]
)");
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  ASSERT_EQ(services_->desk->config()->schedules.size(), 1U);
  EXPECT_EQ(Json("/outrider/v1/oncall/schedules/second", "").GetString("source"), "file");
}

// The policy of a heartbeat may be one of the API; a typo must not cost the page.
TEST_F(DaemonAccessTest, HeartbeatsNamePoliciesThatAreThere) {
  Start(false);
  const std::string policies = "/outrider/v1/policies";
  const std::string file =
      "users: [{name: anna}]\nheartbeats: [{name: h, interval: 1h, policy: p}]\n";
  Write("incidents.yml", file);
  const HttpResponse refused = Send("POST", "/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body,
              HasSubstr("incidents.yml:2:46: heartbeat \"h\" names the escalation policy \"p\", "
                        "which the file does not have"));
  const std::string text = R"({"name":"p","tiers":[{"users":["anna"]}]})";
  ASSERT_EQ(Send("POST", policies, "", text).status, 201);
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  EXPECT_EQ(Send("DELETE", policies + "/p", "").status, 409);
  const HttpResponse off =
      Send("PUT", policies + "/p", "", R"({"enabled":false,"tiers":[{"users":["anna"]}]})");
  EXPECT_EQ(off.status, 400);
  EXPECT_THAT(off.body, HasSubstr("which is not enabled"));
  Start(false);  // a start knows the objects too
  EXPECT_EQ(services_->desk->config()->incidents.escalation_policies.size(), 1U);
}

TEST_F(DaemonAccessTest, AStartIsRefusedForAPolicyThatIsNotThere) {
  Write("incidents.yml", "heartbeats: [{name: h, interval: 1h, policy: p}]\n");
  AppOptions options;
  options.storage_path = (top_ / "data").string();
  const LoadedFiles files = LoadFiles((top_ / "outrider.yml").string()).value();
  const auto services = Services::Make(files, options, "http://x.example", clock_, random_,
                                       std::make_unique<SharedStore>(store_, broken_));
  ASSERT_FALSE(services.ok());
  EXPECT_THAT(Message(services.status()), HasSubstr("incidents.yml:1:46: heartbeat \"h\" names"));
}

TEST_F(DaemonAccessTest, MistakesOfAnObjectHaveTheirPlaces) {
  Start(false);
  const HttpResponse refused =
      Send("POST", "/outrider/v1/policies", "",
           R"({"name":"q","tiers":[{"users":["x"]}],"fallback":["team:y"]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("policy q:1:32: escalation policy \\\"q\\\" names user:x"));
  EXPECT_THAT(refused.body, HasSubstr("policy q:1:51: escalation policy \\\"q\\\" names team:y"));
}

TEST_F(DaemonAccessTest, ObjectsNameNoFiles) {
  Start(false);
  const HttpResponse refused =
      Send("POST", "/outrider/v1/users", "",
           R"({"name":"ben","webhook_configs":[{"url":"http://x.example","http_config":)"
           R"({"authorization":{"credentials_file":"/etc/passwd"}}}]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body,
              HasSubstr("webhook_configs[0].http_config.authorization.credentials_file names a "
                        "file of the daemon"));
  EXPECT_EQ(Send("GET", "/outrider/v1/users/ben", "").status, 404);
}

TEST_F(DaemonAccessTest, APolicyOfOpenIncidentsStays) {
  WriteUsers();
  Start(true);
  const std::string policies = "/outrider/v1/policies";
  const auto send = [&](const std::string& method, const std::string& path,
                        const std::string& body = "") { return Send(method, path, "admin", body); };
  const std::string text = R"({"name":"p","tiers":[{"users":["anna"]}]})";
  ASSERT_EQ(send("POST", policies, text).status, 201);
  for (int i = 0; i < 7; ++i) {
    const std::string alert =
        fmt::format(R"([{{"labels":{{"alertname":"A{}","severity":"critical"}}}}])", i);
    ASSERT_EQ(send("POST", "/api/v2/alerts", alert).status, 200);
  }
  const HttpResponse used = send("DELETE", policies + "/p");
  EXPECT_EQ(used.status, 409);
  EXPECT_THAT(used.body, HasSubstr("policy \\\"p\\\" is used by 7 open incidents: "));
  EXPECT_THAT(used.body, HasSubstr(", …"));
  EXPECT_EQ(Send("DELETE", policies + "/p", "admin", "", "\"7\"").status, 412);
  const JsonValue incidents = Json("/outrider/v1/incidents");
  for (const JsonValue& incident : incidents.Find("incidents")->items) {
    const std::string path = "/outrider/v1/incidents/" + incident.GetString("id");
    if (&incident == &incidents.Find("incidents")->items.back()) {
      const HttpResponse last = send("DELETE", policies + "/p");
      EXPECT_THAT(last.body, HasSubstr("used by 1 open incident: " + incident.GetString("id")));
    }
    EXPECT_EQ(send("POST", path + "/resolve", "{}").status, 200);
  }
  EXPECT_EQ(send("DELETE", policies + "/p").status, 204);
}

}  // namespace
}  // namespace outrider
