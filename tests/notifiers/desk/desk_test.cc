// SPDX-License-Identifier: Apache-2.0
// The desk from outside, with fake channels, a store in memory and virtual time.
#include "notifiers/desk/desk.h"

#include <gtest/gtest.h>

#include <thread>

#include "notifiers/desk/decide.h"
#include "storage/state/faulty_store.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

TEST_F(DeskTest, TellsOnceWhenItFiresAndOnceWhenItEnds) {
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(29);
  EXPECT_EQ(Got("team"), 0U) << "group_wait";
  Run(2);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].reason, "first notification");
  EXPECT_EQ(inbox_["team"].got[0].group_key, "{}:{alertname=\"Down\"}");
  EXPECT_EQ(inbox_["team"].got[0].alerts[0].ends_at.nanos, 0);
  Run(3600);
  EXPECT_EQ(Got("team"), 1U) << "nothing new";
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got[1].resolved);
  EXPECT_TRUE(desk_->Groups(clock_.NowNanos()).empty());
  EXPECT_TRUE(desk_->Alerts(clock_.NowNanos()).empty());
  Run(36'000);
  EXPECT_EQ(Got("team"), 2U);
}

TEST_F(DeskTest, RestartNeitherForgetsNorTellsAgain) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(40);
  ASSERT_EQ(Got("team"), 1U);
  ASSERT_EQ(Got("pager"), 1U);
  const Nanos deadline = Newest()->Clock(SlaKind::kResolve).DeadlineAt();
  Start(*disk_);
  Run(600);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).DeadlineAt(), deadline);
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(DeskTest, NamedReceiverTakesThePlaceOfRouting) {
  Alert alert = MakeAlert("Down");
  alert.annotations["outrider_receiver"] = "other";
  ASSERT_TRUE(Fire(alert).ok());
  alert = MakeAlert("Up");
  alert.annotations["outrider_receiver"] = "nobody knows this one";
  ASSERT_TRUE(Fire(alert).ok());
  Run(40);
  EXPECT_EQ(Got("other"), 1U);
  EXPECT_EQ(Got("team"), 1U);
}

TEST_F(DeskTest, HonoursRetryAfterAndKeepsTheKey) {
  inbox_["team"].answers = {SendResult::Retry("HTTP 429", "rateLimited", 120'000)};
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  Run(110);
  EXPECT_EQ(Got("team"), 1U);
  Run(15);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[0].idempotency_key, inbox_["team"].got[1].idempotency_key);
}

TEST_F(DeskTest, ARejectedMessageIsTriedAgainAtTheNextFlush) {
  inbox_["team"].answers = {SendResult::Rejected("HTTP 400", "clientError")};
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(31);
  Run(290);
  EXPECT_EQ(Got("team"), 1U);
  Run(20);
  EXPECT_EQ(Got("team"), 2U);
  EXPECT_EQ(desk_->RecentDeliveries(1)[0].outcome, "delivered");
}

TEST_F(DeskTest, SilencedAlertsOpenNoIncidentUntilTheSilenceEnds) {
  const std::string id = Mute("Down", kT0, kT0 + Sec(600));
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  EXPECT_EQ(Newest(), nullptr);
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos())[0].silenced_by, std::vector<std::string>{id});
  EXPECT_EQ(Got("team"), 0U);
  Run(900);
  EXPECT_NE(Newest(), nullptr);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_TRUE(absl::IsNotFound(desk_->ExpireSilence("x", "api", clock_.NowNanos())));
}

TEST_F(DeskTest, PeopleGetClearErrors) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  const HumanAction human{.incident_id = Newest()->id, .who = "anna", .channel = "api", .note = ""};
  EXPECT_TRUE(absl::IsNotFound(
      desk_->Acknowledge({.incident_id = "x", .who = "", .channel = "", .note = ""}, kT0)
          .status()));
  EXPECT_TRUE(absl::IsInvalidArgument(desk_->AddNote(human, kT0).status()));
  EXPECT_EQ(desk_->Acknowledge(human, kT0 + 1).value()->state, IncidentState::kAcknowledged);
  EXPECT_TRUE(desk_->Acknowledge(human, kT0 + 2).ok()) << "a second click of the same person";
  HumanAction ben = human;
  ben.who = "ben";
  const Status late = desk_->Acknowledge(ben, kT0 + Sec(12)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(late));
  EXPECT_EQ(Message(late),
            "an incident that is acknowledged cannot be acknowledged: acknowledged by anna 11s ago "
            "through api");
  EXPECT_EQ(desk_->GetIncident(human.incident_id, kT0).value().events.back().who, "anna");
  Run(30);
  EXPECT_EQ(Got("pager"), 0U) << "acknowledged before the page was sent";
}

TEST_F(DeskTest, PostedAlertsEndByThemselves) {
  Alert alert;
  alert.labels = Labels({{"alertname", "Posted"}});
  const Alert bad;
  const PostAlertsResult result = desk_->PostAlerts(std::vector<Alert>{alert, bad}, kT0).value();
  EXPECT_EQ(result.stored, 1U);
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.errors[0], "at least one label pair required");
  Run(299);
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos()).size(), 1U);
  EXPECT_TRUE(Newest()->Open());
  Run(2);
  EXPECT_TRUE(desk_->Alerts(clock_.NowNanos()).empty());
  EXPECT_FALSE(Newest()->Open());
}

TEST_F(DeskTest, RepeatedPostsAreWrittenRarely) {
  Alert alert;
  alert.labels = Labels({{"alertname", "Posted"}});
  alert.starts_at = {kT0, 0};
  ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, kT0).ok());
  ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, kT0 + Sec(1)).ok());  // it is being refreshed: kept
  const uint64_t before = disk_->Stats().commits;
  for (int i = 1; i <= 10; ++i) {
    ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, kT0 + Sec(i * 5)).ok());
  }
  EXPECT_EQ(disk_->Stats().commits, before);
  ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, kT0 + Sec(62)).ok());
  EXPECT_EQ(disk_->Stats().commits, before + 1);
}

TEST_F(DeskTest, ARefusedCommitChangesNothing) {
  FaultyStore faulty(
      *disk_,
      {.fault = StoreFault::kFailOnce, .at = 2, .until = 0, .error = absl::UnavailableError("io")});
  Start(faulty);
  const Alert alert = MakeAlert("Down", "critical");
  EXPECT_FALSE(Fire(alert).ok());
  EXPECT_TRUE(desk_->Alerts(kT0).empty());
  EXPECT_EQ(Newest(), nullptr);
  EXPECT_TRUE(Fire(alert).ok());
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
}

TEST_F(DeskTest, AFullDiskStillTellsPeopleAndIsWrittenLater) {
  FaultyStore faulty(*disk_, {.fault = StoreFault::kFailFrom, .at = 2});
  Start(faulty);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(40);
  ASSERT_EQ(Got("pager"), 1U);
  EXPECT_NE(inbox_["pager"].got[0].note.find("not recorded"), std::string::npos);
  EXPECT_TRUE(desk_->Stats(clock_.NowNanos()).store_failing);
  faulty.Repair();
  Run(10);
  EXPECT_FALSE(desk_->Stats(clock_.NowNanos()).store_failing);
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).unrecorded_decisions, 0U);
  Start(*disk_);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  Run(600);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Got("team"), 1U);
}

TEST_F(DeskTest, ASecondProcessTakesOver) {
  MemoryStore& disk = *disk_;
  const std::unique_ptr<Desk> second = Desk::Load(disk, random_, Config(), kT0).value();
  EXPECT_TRUE(absl::IsAborted(Fire(MakeAlert("Down"))));
}

TEST_F(DeskTest, ReloadMovesAlertsToTheNewRoutes) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(40);
  ASSERT_TRUE(desk_->Reload(Config("team"), clock_.NowNanos()).ok());
  Run(400);
  EXPECT_EQ(Got("team"), 1U) << "the same routes: nothing new";
  ASSERT_TRUE(desk_->Reload(Config("other"), clock_.NowNanos()).ok());
  Run(40);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_EQ(Got("other"), 1U);
}

TEST_F(DeskTest, CountsWhatItDid) {
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(400);
  DeskStats stats = desk_->Stats(clock_.NowNanos());
  EXPECT_EQ((stats.alerts[{"Down", "critical", "active"}]), 1U);
  EXPECT_EQ((stats.incidents[{IncidentState::kNew, Severity::kCritical}]), 1U);
  EXPECT_EQ((stats.sla[{SlaKind::kAcknowledge, Severity::kCritical}].open_breaches), 1U);
  EXPECT_EQ((stats.notifications[{"team", "webhook[0]", "delivered"}]), 1U);
  EXPECT_EQ((stats.escalations[{"p", 1, "paged"}]), 1U);
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  EXPECT_EQ(Got("pager"), 2U) << "the recovery goes to who was paged";
}

// Real threads, as in the daemon: nothing is lost or told twice, reads do not tear.
TEST_F(DeskTest, WorksWithThreads) {
  const SystemClock clock;
  DeskConfig config = Config();
  config.alertmanager.route.group_wait = 0;
  const std::unique_ptr<Desk> desk =
      Desk::Load(*disk_, random_, std::move(config), clock.NowNanos()).value();
  Dispatcher dispatcher(*desk, clock);
  DeliveryConfig one;
  one.all.max_in_flight = 1;  // the fake inbox of a receiver is for one thread
  dispatcher.SetDelivery(one);
  desk->SetWakeDispatcher([&] { dispatcher.Wake(); });
  dispatcher.Start();
  std::jthread timers([&](std::stop_token stop) { desk->RunTimers(clock, std::move(stop)); });
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      EXPECT_LE(desk->Stats(clock.NowNanos()).groups, 20U);
      desk->Groups(clock.NowNanos());
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::string name = "Alert" + std::to_string(i);
    Alert alert;
    alert.labels = Labels({{"alertname", name}, {"severity", "critical"}});
    alert.starts_at = {clock.NowNanos(), 0};
    ASSERT_TRUE(desk->OnAlerts({&alert, 1}, {}, clock.NowNanos()).ok());
  }
  while (desk->RecentDeliveries(100).size() < 40) std::this_thread::yield();
  reader.request_stop();
  timers.request_stop();
  reader.join();
  timers.join();
  dispatcher.Stop();
  EXPECT_EQ(Got("team"), 20U);
  EXPECT_EQ(Got("pager"), 20U);
}

TEST(MergePosted, FollowsAlertmanager) {
  struct Case {
    const char* name;
    int64_t old_start, old_end;
    bool old_timeout;
    int64_t start, end, now;
    int64_t want_start, want_end;
  };
  const Case cases[] = {
      {"no overlap: replaced", 10, 20, false, 30, 40, 35, 30, 40},
      {"same start, later end: replaced", 10, 20, false, 10, 30, 15, 10, 30},
      {"starts inside: earlier start", 10, 20, false, 15, 30, 16, 10, 30},
      {"ends inside, firing: the later end", 10, 40, false, 12, 30, 16, 10, 40},
      {"ends inside, the old end was a guess", 10, 40, true, 12, 30, 16, 10, 30},
      {"resolved: its own end", 10, 40, false, 12, 15, 16, 10, 15},
      {"both resolved: the later end", 10, 40, false, 12, 15, 50, 10, 40},
  };
  for (const Case& c : cases) {
    AlertRecord stored;
    stored.starts_at.nanos = c.old_start;
    stored.ends_at.nanos = c.old_end;
    stored.timeout = c.old_timeout;
    IncomingAlert merged;
    merged.starts_at.nanos = c.start;
    merged.ends_at.nanos = c.end;
    MergePosted(stored, &merged, c.now);
    EXPECT_EQ(merged.starts_at.nanos, c.want_start) << c.name;
    EXPECT_EQ(merged.ends_at.nanos, c.want_end) << c.name;
  }
}

}  // namespace
}  // namespace outrider
