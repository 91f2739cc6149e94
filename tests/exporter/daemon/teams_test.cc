// SPDX-License-Identifier: Apache-2.0
// Operators of a team write what is of their team, and nothing of others, by the router's own
// table.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "exporter/access/route_roles.h"
#include "exporter/access/team_rules.h"
#include "tests/exporter/daemon/daemon_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

// `%` stands for the name of the team, which is in every name.
struct WriteRoute {
  const char* method;
  const char* pattern;
  const char* path;  // with the team's thing
  const char* body;
  bool divided = true;  // else everybody may
};

constexpr const char* kIncidents = "/outrider/v1/incidents/:id/";
constexpr const char* kAlerts = "/outrider/v1/insa/alerts/:id/";
constexpr const char* kPeriod = R"("start":"2026-09-22T00:00:00Z","end":"2026-09-23T00:00:00Z")";

// Every write of an operator. What an admin is wanted for stands in the table of roles. Routes of
// one incident differ by the last part only, and so do those of a webhook.
const WriteRoute kWrites[] = {
    {"POST", "/outrider/v1/incidents", "", R"({"title":"x","labels":{"squad":"%"}})"},
    {"POST", "/outrider/v1/maintenance", "",
     R"({"name":"new","match":["squad=\"%\"","alertname=~\"A.*\""],"end":"2026-09-30T00:00:00Z"})"},
    {"DELETE", "/outrider/v1/maintenance/:name", "/outrider/v1/maintenance/window-%", ""},
    {"POST", "/outrider/v1/oncall/schedules/:name/overrides",
     "/outrider/v1/oncall/schedules/rota-%/overrides", R"({"user":"lead-web",PERIOD})"},
    {"DELETE", "/outrider/v1/oncall/schedules/:name/overrides/:id",
     "/outrider/v1/oncall/schedules/rota-%/overrides/none", ""},
    {"POST", "/outrider/v1/oncall/schedules/:name/swaps",
     "/outrider/v1/oncall/schedules/rota-%/swaps", R"({"from":"anna","to":"lead-web",PERIOD})"},
    {"DELETE", "/outrider/v1/oncall/schedules/:name/swaps/:id",
     "/outrider/v1/oncall/schedules/rota-%/swaps/none", ""},
    {"POST", "/outrider/v1/oncall/schedules/:name/temporary",
     "/outrider/v1/oncall/schedules/rota-%/temporary", R"({PERIOD,"shifts":[]})"},
    {"DELETE", "/outrider/v1/oncall/schedules/:name/temporary/:id",
     "/outrider/v1/oncall/schedules/rota-%/temporary/none", ""},
    {"POST", "/outrider/v1/oncall/:name/feeds", "/outrider/v1/oncall/rota-%/feeds", "{}"},
    {"DELETE", "/outrider/v1/oncall/:name/feeds/:id", "/outrider/v1/oncall/rota-%/feeds/none", ""},
    {"POST", "/outrider/v1/heartbeats/:name", "/outrider/v1/heartbeats/beat-%", ""},
    {"GET", "/outrider/v1/heartbeats/:name", "/outrider/v1/heartbeats/beat-%", ""},
    {"POST", "/outrider/v1/users/:name/contacts/:method/verify/start",
     "/outrider/v1/users/lead-%/contacts/none/verify/start", "{}"},
    {"POST", "/outrider/v1/users/:name/contacts/:method/verify/confirm",
     "/outrider/v1/users/lead-%/contacts/none/verify/confirm", R"({"code":"1"})"},
    {"POST", "/outrider/v1/receivers/:name/test", "/outrider/v1/receivers/user:lead-%/test", ""},
    {"POST", "/api/v1/write", "", "", false},
    {"POST", "/api/v1/otlp/v1/metrics", "", "", false},
    {"POST", "/api/v2/alerts", "", R"([{"labels":{"alertname":"A","squad":"%"}}])", false},
    {"POST", "/api/v2/silences", "", "{}", false},
    {"DELETE", "/api/v2/silence/:id", "/api/v2/silence/none", "", false},
    {"POST", "/api/v1/optimize/run", "", "{}", false},
};
// Not of anybody: operators of a team may not, others may.
constexpr std::string_view kNobodysTops[] = {"/api/v1/webhooks", "/outrider/v1/insa/alerts"};
// Answers to questions, and what is switched off.
constexpr std::string_view kSharedTops[] = {"/api/v1/insights/", "/api/v1/realtime/",
                                            "/api/v1/admin/", "/api/v1/search/"};

std::string With(std::string text, const std::string& team) {
  if (const size_t at = text.find("PERIOD"); at != std::string::npos) text.replace(at, 6, kPeriod);
  for (size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at)) {
    text.replace(at, 1, team);
  }
  return text;
}

template <typename List>
bool StartsWithAny(std::string_view text, const List& tops) {
  return std::ranges::any_of(tops, [&](std::string_view top) { return text.starts_with(top); });
}

class TeamsTest : public DaemonAccessTest {
 protected:
  TeamsTest() {
    Write("incidents.yml", R"(
team_label: squad
users: [{name: anna}, {name: lead-web}, {name: lead-db}]
teams: [{name: web, members: [lead-web]}, {name: db, members: [anna], lead: lead-db}]
schedules:
- {name: rota-web, team: web, layers: [{users: [anna], start: 2026-01-05T09:00}]}
- {name: rota-db, team: db, layers: [{users: [anna], start: 2026-01-05T09:00}]}
- {name: rota, layers: [{users: [anna], start: 2026-01-05T09:00}]}
heartbeats:
- {name: beat-web, interval: 1h, team: web}
- {name: beat-db, interval: 1h, team: db}
)");
    const std::string hash = HashPassword("test", 4, random_).value();
    Write("web.yml", fmt::format(R"(outrider_users:
- {{name: admin, password_hash: {0}, role: admin}}
- {{name: chief, password_hash: {0}, role: admin, teams: [web]}}
- {{name: operator, password_hash: {0}, role: operator}}
- {{name: teo, password_hash: {0}, role: operator, teams: [web, mobile]}}
- {{name: lead-db, password_hash: {0}, role: operator, teams: [nobodys]}}
)",
                                 hash));
    Start(true);
    for (const std::string team : {"web", "db"}) {
      const HttpResponse made = Send(
          "POST", "/outrider/v1/maintenance", "admin",
          With(
              R"({"name":"window-%","match":["squad=\"%\""],"start":"2027-01-01T00:00:00Z","end":"2027-02-01T00:00:00Z"})",
              team));
      EXPECT_EQ(made.status, 201) << made.body;
      incidents_[team] = MakeIncident(team);
    }
  }
  std::string MakeIncident(const std::string& team) {
    const HttpResponse made = Send("POST", "/outrider/v1/incidents", "admin",
                                   With(R"({"title":"of %","labels":{"squad":"%"}})", team));
    EXPECT_EQ(made.status, 201) << made.body;
    return ParseJson(made.body)->GetString("id");
  }
  int As(const std::string& user, const WriteRoute& route, const std::string& team) {
    const std::string path = *route.path == '\0' ? route.pattern : route.path;
    return Send(route.method, With(path, team), user, With(route.body, team)).status;
  }
  // Of one incident: `verb` behind its id.
  int OnIncident(const std::string& user, std::string pattern, const std::string& team) {
    pattern.replace(pattern.find(":id"), 3, incidents_[team]);
    return Send("POST", pattern, user, "{}").status;
  }

  std::map<std::string, std::string> incidents_;
};

TEST_F(TeamsTest, EveryWriteRoute) {
  for (const WriteRoute& route : kWrites) {
    const std::string name = fmt::format("{} {}", route.method, route.pattern);
    const int other = As("teo", route, "db");
    if (route.divided) {
      EXPECT_EQ(other, 403) << name;
      // What the handler says of it: it was asked.
      EXPECT_NE(As("operator", route, "db"), 403) << name;
    } else {
      EXPECT_NE(other, 403) << name;
    }
    EXPECT_NE(As("teo", route, "web"), 403) << name;
  }
}

// By the router's own table, so that a new route is decided about.
TEST_F(TeamsTest, NoRouteIsForgotten) {
  std::set<std::pair<std::string, std::string>> known;
  for (const WriteRoute& route : kWrites) known.emplace(route.method, route.pattern);
  size_t of_incidents = 0;
  for (const auto& [method, pattern] : router_->Routes()) {
    const bool reads = (method == "GET" || method == "HEAD") && !IsBeat(pattern);
    if (reads || NeededRole(method, pattern) != Role::kOperator) continue;
    const std::string name = fmt::format("{} {}", method, pattern);
    if (pattern.starts_with(kIncidents) || pattern.starts_with(kAlerts)) {
      ++of_incidents;
      EXPECT_EQ(OnIncident("teo", pattern, "db"), 403) << name;
      EXPECT_NE(OnIncident("teo", pattern, "web"), 403) << name;
      EXPECT_NE(OnIncident("operator", pattern, "db"), 403) << name;
    } else if (StartsWithAny(pattern, kNobodysTops)) {
      std::string path = pattern;
      if (const size_t at = path.find(":id"); at != std::string::npos) path.replace(at, 3, "none");
      const std::string body = R"({"device_id":"d","rule_id":"r","severity":"high","message":"m"})";
      EXPECT_EQ(Send(method, path, "teo", body).status, 403) << name;
      EXPECT_NE(Send(method, path, "operator", body).status, 403) << name;
    } else if (!StartsWithAny(pattern, kSharedTops)) {
      EXPECT_TRUE(known.contains({method, pattern})) << name << " is not in the table";
    }
  }
  EXPECT_GE(of_incidents, 18U);
}

TEST_F(TeamsTest, WhatBelongsToNobodyIsForThoseOfNoTeam) {
  const struct {
    const char* path;
    const char* body;
    const char* why;
  } kCases[] = {
      {"/outrider/v1/incidents", R"({"title":"x"})",
       "teo acts for web, mobile; this incident is of no team"},
      {"/outrider/v1/incidents", R"({"title":"x","labels":{"team":"web"}})", "of no team"},
      {"/outrider/v1/oncall/schedules/rota/overrides", "{}", "this schedule is of no team"},
      {"/outrider/v1/receivers/log/test", "", "this receiver is of no team"},
      {"/outrider/v1/maintenance",
       R"({"name":"a","match":["squad=~\"web|db\""],"end":"2026-09-30T00:00:00Z"})",
       "a window without a matcher squad="},
      {"/outrider/v1/maintenance",
       R"({"name":"a","match":["squad!=\"db\""],"end":"2026-09-30T00:00:00Z"})", "of no team"},
      {"/outrider/v1/maintenance",
       R"({"name":"a","match":["team=\"web\""],"end":"2026-09-30T00:00:00Z"})", "of no team"},
      {"/api/v1/webhooks", "{}", "this is of no team"},
  };
  for (const auto& c : kCases) {
    const HttpResponse answer = Send("POST", c.path, "teo", c.body);
    EXPECT_EQ(answer.status, 403) << c.path << c.body << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(c.why)) << c.path << c.body;
    for (const char* user : {"operator", "admin", "chief"}) {
      EXPECT_NE(Send("POST", c.path, user, c.body).status, 403) << user << c.path << c.body;
    }
  }
}

// People confirm their own contacts, whatever they act for.
TEST_F(TeamsTest, OneselfIsNoOtherTeam) {
  const std::string path = "/outrider/v1/users/lead-{}/contacts/none/verify/start";
  EXPECT_NE(Send("POST", fmt::format(fmt::runtime(path), "db"), "lead-db", "{}").status, 403);
  EXPECT_EQ(Send("POST", fmt::format(fmt::runtime(path), "web"), "lead-db", "{}").status, 403);
}

TEST_F(TeamsTest, MergingIntoAnotherTeamsIncident) {
  const auto merge = [&](const char* user) {
    return Send("POST", fmt::format("/outrider/v1/incidents/{}/merge", incidents_["web"]), user,
                fmt::format(R"({{"into":"{}"}})", incidents_["db"]));
  };
  EXPECT_THAT(merge("teo").body, HasSubstr("is of db"));
  EXPECT_EQ(merge("operator").status, 200);
}

}  // namespace
}  // namespace outrider
