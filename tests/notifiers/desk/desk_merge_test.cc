// SPDX-License-Identifier: Apache-2.0
// Posted alerts that meet their like: within one body, resolved twice; and groups over a reload.
#include <gtest/gtest.h>

#include "storage/base/duration.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

struct Posted {
  int64_t starts = 0;  // seconds after kT0; 0: not given
  int64_t ends = 0;
};
struct MergeCase {
  const char* name;
  std::vector<std::vector<Posted>> bodies;  // one a second, from kT0 + 100 s
  int64_t starts, ends;                     // as kept; ends 0: not compared
};

class DeskMergeTest : public DeskTest {
 protected:
  void Post(const std::vector<Posted>& body) {
    std::vector<Alert> alerts;
    for (const Posted& posted : body) {
      Alert alert;
      alert.labels = Labels({{"alertname", "Down"}});
      if (posted.starts != 0) alert.starts_at = {kT0 + Sec(posted.starts), 0};
      if (posted.ends != 0) alert.ends_at = {kT0 + Sec(posted.ends), 0};
      alerts.push_back(alert);
    }
    ASSERT_TRUE(desk_->PostAlerts(alerts, clock_.NowNanos()).ok());
  }
};

TEST_F(DeskMergeTest, AlertsOfOneBodyAreMergedLikeThoseOfTwo) {
  const MergeCase cases[] = {
      {"two starts", {{{10, 0}, {50, 0}}}, 10, 0},
      {"two starts, the later first", {{{50, 0}, {10, 0}}}, 10, 0},
      {"two ends to come", {{{10, 300}, {20, 200}}}, 10, 300},
      {"three", {{{30, 200}, {10, 250}, {20, 220}}}, 10, 250},
      {"apart: the last one", {{{1, 200}, {250, 300}}}, 250, 300},
      {"as two bodies", {{{10, 0}}, {{50, 0}}}, 10, 0},
  };
  for (const MergeCase& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0 + Sec(100));
    Start(*disk_);
    for (const std::vector<Posted>& body : c.bodies) {
      Post(body);
      clock_.Set(clock_.NowNanos() + Sec(1));
    }
    const std::vector<AlertView> alerts = desk_->Alerts(clock_.NowNanos());
    ASSERT_EQ(alerts.size(), 1U) << c.name;
    EXPECT_EQ(alerts[0].alert.starts_at.nanos, kT0 + Sec(c.starts)) << c.name;
    if (c.ends != 0) {
      EXPECT_EQ(alerts[0].alert.ends_at.nanos, kT0 + Sec(c.ends)) << c.name;
    }
  }
}

struct ResolveCase {
  const char* name;
  std::vector<std::vector<Posted>> bodies;  // after a firing one at kT0 + 10 s, told at 40 s
  int64_t told_end;                         // of the message that says resolved
};

TEST_F(DeskMergeTest, TheLaterOfTwoEndsIsTold) {
  const ResolveCase cases[] = {
      {"one", {{{10, 95}}}, 95},
      {"again, later", {{{10, 95}}, {{10, 98}}}, 98},
      {"again, earlier", {{{10, 98}}, {{10, 95}}}, 98},
      {"in one body", {{{10, 95}, {10, 98}}}, 98},
      {"in one body, the earlier last", {{{10, 98}, {10, 95}}}, 98},
      {"over a restart", {{{10, 95}}, {}, {{10, 98}}}, 98},
  };
  for (const ResolveCase& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    clock_.Set(kT0 + Sec(10));
    Start(*disk_);
    Post({{10, 0}});
    Run(89);
    ASSERT_EQ(Got("team"), 1U) << c.name;
    for (const std::vector<Posted>& body : c.bodies) {
      clock_.Set(clock_.NowNanos() + Sec(1));
      if (body.empty()) {
        Start(*disk_);
      } else {
        Post(body);
      }
    }
    Run(600);
    ASSERT_EQ(Got("team"), 2U) << c.name;
    const Notification& told = inbox_["team"].got[1];
    ASSERT_EQ(told.alerts.size(), 1U) << c.name;
    EXPECT_EQ(told.alerts[0].ends_at.nanos, kT0 + Sec(c.told_end)) << c.name;
    EXPECT_TRUE(desk_->Groups(clock_.NowNanos()).empty()) << c.name;
  }
}

TEST_F(DeskMergeTest, FiringAndResolvedInOneBodyKeepsTheIncidentRight) {
  clock_.Set(kT0 + Sec(10));
  Post({{10, 0}});
  Run(60);
  ASSERT_NE(Newest(), nullptr);
  Post({{10, 70}, {75, 0}});  // resolved, and fires again
  EXPECT_TRUE(Newest()->Open());
  EXPECT_EQ(Newest()->firing.size(), 1U);
  Post({{80, 0}, {10, 70}});
  Run(3600);
  EXPECT_FALSE(Newest()->Open());
  EXPECT_TRUE(Newest()->firing.empty());
}

struct ReloadCase {
  const char* name;
  int64_t reload;             // seconds after the first alert
  int64_t second;             // … of a second alert of the group; 0: none
  std::vector<int64_t> told;  // when messages go out
};

// Alertmanager builds all groups anew: the timers count from the reload.
TEST_F(DeskMergeTest, TimersCountFromTheReload) {
  const ReloadCase cases[] = {
      {"told already", 3, 4, {1, 9}},
      {"nothing new", 3, 0, {1}},
      {"not told yet, and young", 0, 0, {1}},
      {"on the old beat", 7, 8, {1, 13}},
  };
  for (const ReloadCase& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    clock_.Set(kT0);
    adjust_ = [](DeskConfig& config) {
      config.alertmanager.route.group_by = {"severity"};
      config.alertmanager.route.group_wait = kSecond;
      config.alertmanager.route.group_interval = 6 * kSecond;
    };
    Start(*disk_);
    ASSERT_TRUE(Fire(MakeAlert("First")).ok());
    std::vector<int64_t> told;
    for (int64_t second = 0; second < 60; ++second) {
      clock_.Set(kT0 + Sec(second));
      if (second == c.reload) {
        ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
      }
      if (c.second != 0 && second == c.second) {
        ASSERT_TRUE(Fire(MakeAlert("Second")).ok());
      }
      const size_t before = Got("team");
      ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
      dispatcher_->RunOnce(clock_.NowNanos());
      for (size_t i = before; i < Got("team"); ++i) told.push_back(second);
    }
    EXPECT_EQ(told, c.told) << c.name;
  }
}

TEST_F(DeskMergeTest, AReloadRepeatsAtOnceWhatIsDueToBeRepeated) {
  adjust_ = [](DeskConfig& config) {
    config.alertmanager.route.group_wait = kSecond;
    config.alertmanager.route.group_interval = 6 * kSecond;
    config.alertmanager.route.repeat_interval = 1;
  };
  Start(*disk_);
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(3);
  ASSERT_EQ(Got("team"), 1U);
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Run(1);
  EXPECT_EQ(Got("team"), 2U);
  Run(4);
  EXPECT_EQ(Got("team"), 2U);
  Run(1);
  EXPECT_EQ(Got("team"), 3U) << "six seconds after the reload";
}

// The time of a post is read when it is its turn, so that it never lies before what ran meanwhile.
TEST_F(DeskMergeTest, APostReadsTheClockInItsTurn) {
  clock_.Set(kT0 + Sec(77));
  Alert alert;
  alert.labels = Labels({{"alertname", "Down"}});
  IncomingAlerts incoming;
  incoming.Add(alert);
  ASSERT_TRUE(desk_->PostAlerts(incoming, clock_).ok());
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos())[0].alert.starts_at.nanos, kT0 + Sec(77));
}

}  // namespace
}  // namespace outrider
