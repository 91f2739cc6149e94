// SPDX-License-Identifier: Apache-2.0
// Routes and groupings that are taken away and put back, as in a rollback: the end of what ended
// meanwhile is told, and it is news when it fires again.
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class ReloadTest : public DeskTest {
 protected:
  struct Case {
    const char* name;
    std::function<void(DeskConfig&)> away;
    bool restarts;  // … in place of a reload
    bool ends;      // while the route is away
    size_t told;    // messages to `other` in the end
  };
  static void Route(DeskConfig& config, bool there, const char* group_by) {
    config.alertmanager.route.group_by = {"alertname"};
    if (!there) return;
    RouteConfig child = config.alertmanager.route;
    child.receiver = "other";
    child.matchers = {Matcher::Equal("severity", "warning")};
    child.key = child.former_key = "{}/{severity=\"warning\"}";
    child.group_by = {group_by};
    config.alertmanager.route.routes = {child};
  }
  size_t Known() {
    size_t rows = 0;
    EXPECT_TRUE(disk_
                    ->Scan(Family::kAlerts, "", "",
                           [&](const Row&) {
                             ++rows;
                             return true;
                           })
                    .ok());
    return rows;
  }
  void Change(const Case& c, std::function<void(DeskConfig&)> to) {
    adjust_ = std::move(to);
    if (c.restarts) {
      Start(*disk_);
    } else {
      ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
    }
  }
};

TEST_F(ReloadTest, ARouteThatIsTakenAwayAndPutBack) {
  const auto no_route = [](DeskConfig& config) { Route(config, false, ""); };
  const auto other_grouping = [](DeskConfig& config) { Route(config, true, "severity"); };
  const Case cases[] = {
      {"the route, ended meanwhile", no_route, false, true, 3},
      {"the route, over two starts", no_route, true, true, 3},
      {"the route, still firing", no_route, false, false, 1},
      {"the grouping, ended meanwhile", other_grouping, false, true, 5},
      {"the grouping, still firing", other_grouping, false, false, 2},
  };
  for (const Case& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    adjust_ = [](DeskConfig& config) { Route(config, true, "alertname"); };
    Start(*disk_);
    const Alert alert = MakeAlert("A");
    ASSERT_TRUE(Fire(alert).ok());
    Run(60);
    ASSERT_EQ(Got("other"), 1U) << c.name;
    Change(c, c.away);
    Run(60);
    if (c.ends) {
      ASSERT_TRUE(End(alert).ok());
    }
    Run(400);
    Change(c, [](DeskConfig& config) { Route(config, true, "alertname"); });
    Run(60);
    EXPECT_EQ(inbox_["other"].got.back().resolved, c.ends) << c.name;
    ASSERT_TRUE(Fire(MakeAlert("A")).ok());
    Run(400);
    EXPECT_EQ(Got("other"), c.told) << c.name;
    EXPECT_FALSE(inbox_["other"].got.back().resolved) << c.name;
  }
}

class RouteAway : public ReloadTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Restarts, RouteAway, testing::Bool());

// What has ended waits for its group as long as the log of the group is kept, then it is forgotten.
TEST_P(RouteAway, AnEndWaitsAsLongAsTheLog) {
  adjust_ = [](DeskConfig& config) {
    config.limits.retention = kHour;
    Route(config, true, "alertname");
  };
  Start(*disk_);
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  const auto away = [](DeskConfig& config) {
    config.limits.retention = kHour;
    Route(config, false, "");
  };
  const Case c{"", away, GetParam(), true, 0};
  Change(c, away);
  ASSERT_TRUE(End(alert).ok());
  Run(600);
  EXPECT_EQ(Known(), 1U) << "it waits";
  Change(c, away);
  Run(4000);
  EXPECT_EQ(Known(), 0U);
  Change(c, [](DeskConfig& config) { Route(config, true, "alertname"); });
  Run(400);
  EXPECT_EQ(Got("other"), 1U);
}

// It ended, and before its group had told so a reload took the route away.
TEST_P(RouteAway, AnEndThatWasNotToldYetIsToldLater) {
  adjust_ = [](DeskConfig& config) { Route(config, true, "alertname"); };
  Start(*disk_);
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  ASSERT_TRUE(End(alert).ok());
  const Case c{"", nullptr, GetParam(), true, 0};
  Change(c, [](DeskConfig& config) { Route(config, false, ""); });
  Run(600);
  ASSERT_EQ(Got("other"), 1U);
  Change(c, [](DeskConfig& config) { Route(config, true, "alertname"); });
  if (GetParam()) Start(*disk_);  // once more, before the group speaks
  Run(400);
  EXPECT_EQ(Got("other"), 2U);
  EXPECT_TRUE(inbox_["other"].got.back().resolved);
}

// Under the route that takes its place the log is kept longer than under its own.
TEST_P(RouteAway, ALogThatEndsAsTheRouteComesBackIsToldFrom) {
  const auto there = [](DeskConfig& config) {
    Route(config, true, "alertname");
    config.alertmanager.route.routes[0].repeat_interval = kHour;
  };
  adjust_ = there;
  Start(*disk_);
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  const Case c{"", nullptr, GetParam(), true, 0};
  Change(c, [](DeskConfig& config) { Route(config, false, ""); });
  ASSERT_TRUE(End(alert).ok());
  Run(3 * 3600);
  Change(c, there);
  Run(400);
  EXPECT_EQ(Got("other"), 2U);
  EXPECT_TRUE(inbox_["other"].got.back().resolved);
}

// One group is gone, and its log ends while nothing runs; the other has to tell the end still.
TEST_F(ReloadTest, AnEndIsToldByTheGroupThatStays) {
  const auto both = [](DeskConfig& config) {
    config.limits.retention = kHour;
    Route(config, true, "alertname");
    config.alertmanager.route.routes[0].continue_matching = true;
    RouteConfig team = config.alertmanager.route.routes[0];
    team.receiver = "team";
    config.alertmanager.route.routes.push_back(team);
  };
  const auto one = [&](DeskConfig& config) {
    both(config);
    config.alertmanager.route.routes.erase(config.alertmanager.route.routes.begin());
  };
  adjust_ = both;
  Start(*disk_);
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  ASSERT_EQ(Got("other"), 1U);
  ASSERT_EQ(Got("team"), 1U);
  const Case c{"", nullptr, false, true, 0};
  Change(c, one);
  ASSERT_TRUE(End(alert).ok());
  clock_.Set(clock_.NowNanos() + Sec(2 * 3600));
  Start(*disk_);
  Run(400);
  EXPECT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got.back().resolved);
}

}  // namespace
}  // namespace outrider
