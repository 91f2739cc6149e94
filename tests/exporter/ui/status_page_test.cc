// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/status_page.h"

#include <gtest/gtest.h>

#include "exporter/ui/page.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

TEST(StatusPage, Ages) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "0s"},        {-5, "0s"},         {59, "59s"},         {60, "1m"},
      {61, "1m 1s"},    {3600, "1h"},       {3661, "1h 1m"},     {86400, "1d"},
      {90000, "1d 1h"}, {86400 + 60, "1d"}, {10 * 86400, "10d"},
  };
  for (const auto& [seconds, expected] : cases)
    EXPECT_EQ(ShortAge(seconds * kNanosPerSecond), expected);
}

StatusData SampleData() {
  StatusData data;
  data.now = 1'795'253'047 * kNanosPerSecond;
  data.started_at = data.now - 3600 * kNanosPerSecond;
  data.version = "0.1.0";
  data.ready = true;
  data.ingest.last_received = data.now / kNanosPerMilli - 5000;
  data.ingest.rejected = {{"out_of_order", 3}};
  data.failing_rules = {{"Bad", "a.yml;g", "parse error <x>"}};
  data.alerts = {{"<script>alert(1)</script>", "critical", "firing", "a & b",
                  data.now - 60 * kNanosPerSecond}};
  StatusData::IncidentRow incident;
  incident.id = "i1";
  incident.title = "High";
  incident.summary = "\"quoted\"";
  incident.severity = "high";
  incident.state = "new";
  incident.opened_at = data.now - 120 * kNanosPerSecond;
  incident.clock = "acknowledge";
  incident.clock_left = -90 * kNanosPerSecond;
  data.incidents = {incident};
  data.incidents_left_out = 7;
  data.receivers = {{"team", "webhook", "retry", "HTTP 503", data.now}, {"log", "log", "", "", 0}};
  return data;
}

TEST(StatusPage, ShowsAndEscapes) {
  StatusData data = SampleData();
  data.problems = FindProblems(data);
  const std::string page = RenderStatusPage(data);
  for (const char* part :
       {"&lt;script&gt;alert(1)&lt;/script&gt;", "a &amp; b", "parse error &lt;x&gt;",
        "acknowledge overdue by 1m 30s", "and 7 more", "3 samples were refused: out_of_order",
        "Receiver team: retry: HTTP 503", "nothing sent yet", "up 1h", "5s ago",
        "name=\"viewport\"", "prefers-color-scheme:dark"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find("<script>"), std::string::npos);
}

TEST(StatusPage, ProblemsAreSentences) {
  StatusData data;
  data.ready = false;
  EXPECT_EQ(FindProblems(data).size(), 1U);
  data.ready = true;
  ASSERT_EQ(FindProblems(data).size(), 1U);
  EXPECT_NE(FindProblems(data)[0].find("remote_write"), std::string::npos);
  data.ingest.last_received = 1;
  EXPECT_TRUE(FindProblems(data).empty());
  EXPECT_NE(RenderStatusPage(data).find("Nothing."), std::string::npos);
}

TEST(StatusPage, ProblemsOfTime) {
  StatusData good = SampleData();
  good.ingest.rejected.clear();
  good.failing_rules.clear();
  good.receivers.clear();
  good.outbox_oldest_seconds = 60;
  ASSERT_TRUE(FindProblems(good).empty());
  struct Case {
    void (*spoil)(StatusData*);
    const char* problem;
  };
  const Case cases[] = {
      {[](StatusData* d) { d->ingest.last_received -= 115'000; }, "No sample has come for 2m:"},
      {[](StatusData* d) { d->outbox_oldest_seconds = 61; }, "waiting for 1m 1s"},
      {[](StatusData* d) { d->open_breaches = 1; }, "1 SLA target is"},
      {[](StatusData* d) { d->open_breaches = 2; }, "2 SLA targets are"},
  };
  for (const Case& c : cases) {
    StatusData data = good;
    c.spoil(&data);
    const std::vector<std::string> problems = FindProblems(data);
    ASSERT_EQ(problems.size(), 1U) << c.problem;
    EXPECT_NE(problems[0].find(c.problem), std::string::npos) << problems[0];
  }
}

TEST(StatusPage, OverARealDesk) {
  DeskWorld world;
  world.Fire("HighLoad");
  world.clock.Advance(60'000);
  RegisterStatusPage(
      world.router,
      {.ingest =
           [] {
             IngestStoreStats stats;
             stats.ready = true;
             return stats;
           },
       .rules = [] { return std::vector<std::shared_ptr<const RuleGroupView>>(); },
       .desk = *world.desk,
       .clock = world.clock,
       .build = {},
       .started_at = world.clock.NowNanos(),
       .config_error = [] { return std::string("outrider.yml:1:1: no"); },
       .more_problems = [] { return std::vector<std::string>{"Analytics entry x fails."}; }});
  EXPECT_EQ(world.Get("/").body.find("Recently resolved"), std::string::npos);
  for (const char* name : {"R1", "R2", "R3", "R4", "R5", "R6"}) {
    world.Fire(name);
    IncidentFilter newest;
    newest.limit = 1;
    const std::string id = world.desk->Incidents(newest).incidents[0]->id;
    ASSERT_TRUE(world.desk->Resolve({id, "anna", "web", ""}, world.clock.NowNanos()).ok());
    world.clock.Advance(1000);
  }
  const HttpResponse response = world.Get("/");
  EXPECT_EQ(response.status, 200);
  for (const char* part :
       {"HighLoad", "it is &lt;b&gt;bad&lt;/b&gt;", "acknowledge in 3m 54s", "outrider.yml:1:1: no",
        "Analytics entry x fails.", "Recently resolved", "<td>R6</td><td>1s ago</td>",
        "<td>R2</td><td>5s ago</td>", "<td>anna</td>"}) {
    EXPECT_NE(response.body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(response.body.find("<td>R1</td><td>6s ago"), std::string::npos)
      << "the newest five only";
}

}  // namespace
}  // namespace outrider
