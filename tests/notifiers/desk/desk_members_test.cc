// SPDX-License-Identifier: Apache-2.0
// Who is in a group or an incident follows from the alerts: over restarts, with alerts that are in
// several groups, and with many of them.
#include <gtest/gtest.h>

#include "notifiers/desk/records.h"
#include "storage/state/faulty_store.h"
#include "storage/state/schema.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class DeskMembersTest : public DeskTest {
 protected:
  // Every alert goes to `team` and, on the way, to `other`.
  void TwoRoutes() {
    adjust_ = [](DeskConfig& config) {
      RouteConfig& root = config.alertmanager.route;
      for (const char* receiver : {"other", "team"}) {
        RouteConfig child = root;
        child.routes.clear();
        child.matchers = {*Matcher::Create(MatchType::kRegex, "alertname", ".+")};
        child.receiver = receiver;
        child.key = std::string("{}/{alertname=~\"") + (receiver[0] == 'o' ? ".+" : "..*") + "\"}";
        child.continue_matching = receiver[0] == 'o';
        root.routes.push_back(child);
      }
    };
    Start(*disk_);
  }
  uint64_t Rows(Family family) {
    uint64_t rows = 0;
    EXPECT_TRUE(disk_
                    ->Scan(family, "", "",
                           [&](const Row&) {
                             ++rows;
                             return true;
                           })
                    .ok());
    return rows;
  }
};

TEST_F(DeskMembersTest, AResolvedAlertStaysWhereItHasToBeTold) {
  TwoRoutes();
  const Alert down = MakeAlert("Down");
  const Alert up = MakeAlert("Other");
  ASSERT_TRUE(Fire(down).ok());
  ASSERT_TRUE(Fire(up).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 2U);
  ASSERT_EQ(Got("other"), 2U);
  inbox_["other"].answers.assign(3, SendResult::Rejected("HTTP 400", "clientError"));
  ASSERT_TRUE(End(down).ok());
  Run(310);
  EXPECT_EQ(Got("team"), 3U);
  EXPECT_EQ(Got("other"), 3U) << "refused";
  // `team` was told, `other` was not: over a restart too.
  Start(*disk_);
  EXPECT_EQ(Rows(Family::kAlerts), 2U);
  Run(400);
  EXPECT_EQ(Got("team"), 3U) << "not again";
  EXPECT_EQ(Got("other"), 4U);
  // It fires again: both hear of it, although one group remembers that it left.
  Alert again = down;
  again.starts_at = {clock_.NowNanos(), 0};
  again.updated_at = clock_.NowNanos();
  ASSERT_TRUE(Fire(again).ok());
  Run(700);
  EXPECT_EQ(Got("team"), 4U);
  Start(*disk_);
  ASSERT_TRUE(End(again).ok());
  Run(700);
  EXPECT_EQ(Got("team"), 5U);
  EXPECT_TRUE(inbox_["team"].got.back().resolved);
  EXPECT_EQ(Rows(Family::kAlerts), 1U);
}

TEST_F(DeskMembersTest, AnAlertMoreWritesNeitherTheGroupNorTheIncidentsAlerts) {
  Adjust([](DeskConfig& config) {
    config.alertmanager.route.group_by = {"severity"};
    config.incidents.group_by = {"severity"};
  });
  const auto post = [&](int from, int to) {
    std::vector<Alert> alerts;
    for (int i = from; i < to; ++i) {
      alerts.push_back(MakeAlert(("Alert" + std::to_string(i)).c_str()));
    }
    ASSERT_TRUE(desk_->PostAlerts(alerts, clock_.NowNanos()).ok());
  };
  post(0, 1000);
  uint64_t most = 0;
  const auto largest = [&] {
    most = 0;
    for (const Family family : {Family::kGroups, Family::kIncidents, Family::kMembers}) {
      EXPECT_TRUE(disk_
                      ->Scan(family, "", "",
                             [&](const Row& row) {
                               most = std::max<uint64_t>(most, row.value.size());
                               return true;
                             })
                      .ok());
    }
  };
  largest();
  EXPECT_LT(most, 1000U) << "before the first flush, nothing lists a thousand alerts";
  EXPECT_EQ(Rows(Family::kMembers), 0U) << "who fires says so in its own row";
  post(1000, 1001);
  EXPECT_EQ(Rows(Family::kMembers), 0U);
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].alerts.size(), 1001U);
  Start(*disk_);
  EXPECT_EQ(Newest()->firing.size(), 1001U);
  EXPECT_EQ(Newest()->alerts.size(), 1001U);
  EXPECT_EQ(desk_->Groups(clock_.NowNanos())[0].alerts.size(), 1001U);
  Run(200);
  for (int i = 0; i < 1001; ++i) {
    ASSERT_TRUE(End(MakeAlert(("Alert" + std::to_string(i)).c_str())).ok());
  }
  Run(700);
  EXPECT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got[1].resolved);
  EXPECT_FALSE(Newest()->Open());
  EXPECT_EQ(Newest()->alerts.size(), 1001U);
  EXPECT_EQ(Rows(Family::kAlerts), 0U);
  EXPECT_EQ(Rows(Family::kGroups), 0U);
}

// What was in an incident is known over restarts: from the alerts' rows while they feed it, from
// rows of its own once they do not.
TEST_F(DeskMembersTest, AnIncidentKnowsWhoWasInIt) {
  Adjust([](DeskConfig& config) { config.incidents.group_by = {"severity"}; });
  struct Step {
    const char* name;
    std::vector<const char*> fire;
    std::vector<const char*> end;
    size_t firing;
    size_t ever;
    uint64_t rows;
  };
  const Step steps[] = {
      {"two fire", {"A", "B"}, {}, 2, 2, 0},   {"one ends", {}, {"A"}, 1, 2, 1},
      {"and fires again", {"A"}, {}, 2, 2, 1}, {"a third begins and ends", {"C"}, {"C"}, 2, 3, 2},
      {"all end", {}, {"A", "B"}, 0, 3, 3},    {"it is opened again", {"B"}, {}, 1, 3, 3},
  };
  for (const Step& step : steps) {
    for (const char* name : step.fire) ASSERT_TRUE(Fire(MakeAlert(name)).ok());
    Run(1);
    for (const char* name : step.end) ASSERT_TRUE(End(MakeAlert(name)).ok());
    for (const char* when : {"before", "after"}) {
      EXPECT_EQ(Newest()->firing.size(), step.firing) << step.name << ", a start " << when;
      EXPECT_EQ(Newest()->alerts.size(), step.ever) << step.name << ", a start " << when;
      EXPECT_EQ(Rows(Family::kMembers), step.rows) << step.name << ", a start " << when;
      Start(*disk_);
    }
  }
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
}

TEST_F(DeskMembersTest, EndsThatCannotBeWrittenStayDue) {
  // The first commit is the fence, the second the post.
  FaultyStore faulty(*disk_, {.fault = StoreFault::kFailOnce,
                              .at = 3,
                              .until = 0,
                              .error = absl::UnavailableError("busy")});
  Start(faulty);
  Alert alert = MakeAlert("Down");
  alert.ends_at = {kT0 + Sec(100), 0};
  ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, clock_.NowNanos()).ok());
  clock_.Set(kT0 + Sec(150));
  EXPECT_FALSE(desk_->Tick(clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->NextDue().has_value());
  EXPECT_LE(*desk_->NextDue(), kT0 + Sec(100));
  EXPECT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_FALSE(Newest()->Open());
}

TEST_F(DeskMembersTest, AnEndThatMovesOnIsNoWrite) {
  Alert alert = MakeAlert("Down");
  const auto post = [&](int64_t end) {
    alert.ends_at = {kT0 + Sec(end), 0};
    ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, clock_.NowNanos()).ok());
  };
  post(100);
  Run(50);
  post(190);
  Run(5);
  const uint64_t before = disk_->Stats().commits;
  clock_.Set(kT0 + Sec(120));  // its first end passes
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(disk_->Stats().commits, before + 1) << "that the process lives";
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos()).size(), 1U);
  clock_.Set(kT0 + Sec(190));
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_TRUE(desk_->Alerts(clock_.NowNanos()).empty());
}

// Rows of the format before: the end's timer had a row, members stood in the group's.
TEST_F(DeskMembersTest, OldTimersOfEndsAreDropped) {
  Batch batch;
  const std::string hex(16, 'a');
  batch.Put(Family::kTimers, EncodeTimerKey({kT0 + Sec(5), TimerKind::kAlertEnd, hex}), "");
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  Start(*disk_);
  EXPECT_EQ(Rows(Family::kTimers), 0U);
}

}  // namespace
}  // namespace outrider
