// SPDX-License-Identifier: Apache-2.0
// The first start after an update that spells the keys of routes with match_re otherwise.
#include "notifiers/desk/former_keys.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

constexpr const char* kConfig = R"(
route:
  receiver: team
  group_by: [alertname]
  routes:
  - match_re: {severity: 'warn.*'}
    receiver: team
  - matchers: ['severity=~"warn.*|info"']
    receiver: team
    repeat_interval: 1h
  - matchers: ['severity=~"warn.*"']
    receiver: team
receivers: [{name: team}]
)";

class FormerKeysTest : public DeskTest {
 protected:
  void Configure(bool former) {
    adjust_ = [former](DeskConfig& config) {
      config.alertmanager.route = ParseAlertmanagerConfig(kConfig, "am.yml")->route;
      if (!former) return;
      for (RouteConfig& route : config.alertmanager.route.routes) route.key = route.former_key;
    };
  }
  // As an earlier version left it.
  void RunFormer() {
    Configure(true);
    Start(*disk_);
  }
  void Update() {
    Configure(false);
    Batch batch;
    batch.Delete(Family::kMeta, std::string(kRouteKeysKey));
    ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
    Start(*disk_);
  }
};

constexpr const char* kFormer = R"({}/{severity=~"warn.*"}:{alertname="A"})";
constexpr const char* kToday = R"({}/{severity=~"^(?:warn.*)$"}:{alertname="A"})";

TEST_F(FormerKeysTest, WhatWasToldIsNotToldAgainAndEndsUnderItsKey) {
  RunFormer();
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].group_key, kFormer);
  Update();
  Run(3600);
  EXPECT_EQ(Got("team"), 1U);
  Start(*disk_);
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got[1].resolved);
  EXPECT_EQ(inbox_["team"].got[1].group_key, kFormer) << "it was opened under it";
  ASSERT_TRUE(Fire(MakeAlert("A")).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 3U);
  EXPECT_EQ(inbox_["team"].got[2].group_key, kToday);
}

TEST_F(FormerKeysTest, TheFirstFlushKeepsItsTime) {
  RunFormer();
  ASSERT_TRUE(Fire(MakeAlert("A")).ok());
  Run(10);
  Update();
  Run(19);
  EXPECT_EQ(Got("team"), 0U);
  Run(2);
  EXPECT_EQ(Got("team"), 1U);
}

TEST_F(FormerKeysTest, AMessageThatWaitsIsSentOnceWithItsKey) {
  RunFormer();
  inbox_["team"].answers.assign(1000, SendResult::Retry("HTTP 503", "serverError"));
  ASSERT_TRUE(Fire(MakeAlert("A")).ok());
  Run(31);
  ASSERT_GE(Got("team"), 1U);
  const size_t tried = Got("team");
  inbox_["team"].answers.clear();
  Update();
  Run(200);
  ASSERT_GT(Got("team"), tried);
  std::set<std::string> keys;
  for (const Notification& told : inbox_["team"].got) keys.insert(told.idempotency_key);
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_TRUE(desk_->Outbox().empty());
}

TEST_F(FormerKeysTest, TheLogOfAGroupThatIsGoneIsFound) {
  RunFormer();
  const Alert alert = MakeAlert("A");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  const std::string silence = Mute("A", clock_.NowNanos(), clock_.NowNanos() + Sec(1000));
  ASSERT_TRUE(End(alert).ok());
  Run(700);  // not told that it ended
  ASSERT_EQ(Got("team"), 1U);
  Update();
  Run(1000);
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  EXPECT_EQ(Got("team"), 1U) << "the log says that it fires, as in Alertmanager";
}

// A route that had the same key as the other one is still the other one, also at later starts.
TEST_F(FormerKeysTest, TheSecondOfTwoWithOneFormerKey) {
  RunFormer();
  adjust_ = [](DeskConfig& config) {
    config.alertmanager.route = ParseAlertmanagerConfig(kConfig, "am.yml")->route;
    std::vector<RouteConfig>& routes = config.alertmanager.route.routes;
    for (RouteConfig& route : routes) route.key = route.former_key;
    routes[0].continue_matching = routes[1].continue_matching = true;
  };
  Start(*disk_);
  ASSERT_TRUE(Fire(MakeAlert("A")).ok());
  Run(60);
  const size_t told = Got("team");
  adjust_ = [](DeskConfig& config) {
    config.alertmanager.route = ParseAlertmanagerConfig(kConfig, "am.yml")->route;
    std::vector<RouteConfig>& routes = config.alertmanager.route.routes;
    routes[0].continue_matching = routes[1].continue_matching = true;
  };
  Batch batch;
  batch.Delete(Family::kMeta, std::string(kRouteKeysKey));
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  for (int start = 0; start < 3; ++start) {
    Start(*disk_);
    Run(600);
    EXPECT_EQ(Got("team"), told);
    EXPECT_EQ(desk_->Groups(clock_.NowNanos()).size(), 3U);
  }
}

}  // namespace
}  // namespace outrider
