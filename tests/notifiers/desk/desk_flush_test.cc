// SPDX-License-Identifier: Apache-2.0
// What a flush of a group says, and when: mute times, silences, repeats, retries, named receivers.
#include "storage/base/duration.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

struct MuteCase {
  const char* name;
  bool active;         // the interval is an active one, else a mute one
  int64_t from, to;    // seconds after kT0 that the interval covers; minutes of the day in UTC
  size_t before, now;  // messages after 5 minutes, and after 30
};

// kT0 is 2026-09-21T14:13:20Z.
TEST_F(DeskTest, MuteAndActiveTimesHoldMessagesBack) {
  constexpr int kMinuteOfDay = 14 * 60 + 13;
  const MuteCase cases[] = {
      {"muted, then not", false, 0, 15, 0, 1}, {"never muted", false, 100, 200, 1, 1},
      {"muted all along", false, 0, 60, 0, 0}, {"active from later on", true, 15, 60, 0, 1},
      {"active", true, 0, 60, 1, 1},           {"not active any more", true, -60, 0, 0, 0},
  };
  for (const MuteCase& c : cases) {
    NamedTimeInterval interval;
    interval.name = "window";
    TimeIntervalSpec spec;
    spec.times = {{kMinuteOfDay + static_cast<int>(c.from), kMinuteOfDay + static_cast<int>(c.to)}};
    interval.intervals = {spec};
    clock_.Set(kT0);
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    Adjust([&](DeskConfig& config) {
      config.alertmanager.time_intervals = {interval};
      RouteConfig& root = config.alertmanager.route;
      (c.active ? root.active_time_intervals : root.mute_time_intervals) = {"window"};
    });
    ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
    Run(300);
    EXPECT_EQ(Got("team"), c.before) << c.name;
    if (c.before == 0) {
      EXPECT_EQ(desk_->Groups(clock_.NowNanos())[0].alerts[0].muted_by,
                std::vector<std::string>{"window"})
          << c.name;
      EXPECT_EQ(desk_->Groups(clock_.NowNanos())[0].last_reason, "muted by window; ") << c.name;
    }
    EXPECT_NE(Newest(), nullptr) << c.name << ": mute times are of routes, not of incidents";
    Run(1500);
    EXPECT_EQ(Got("team"), c.now) << c.name;
  }
}

TEST_F(DeskTest, ASilenceThatEndsExactlyAtAFlushHidesNothing) {
  Mute("Down", kT0, kT0 + Sec(30));
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(29);
  EXPECT_EQ(Got("team"), 0U);
  Run(1);
  EXPECT_EQ(Got("team"), 1U);
  Run(5);
  EXPECT_NE(Newest(), nullptr);
}

TEST_F(DeskTest, ASilenceOverATalkingGroupIsNoNews) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(1000));
  Run(3000);
  EXPECT_EQ(Got("team"), 1U) << "neither its beginning nor its end";
  Run(4 * 3600);
  EXPECT_EQ(Got("team"), 2U) << "the repeat";
}

// In Alertmanager the next firing of it would not be told until the repeat interval is over.
TEST_F(DeskTest, AnAlertResolvedWhileSilencedIsNewsWhenItFiresAgain) {
  Adjust([](DeskConfig& config) { config.fixes.refire_after_silence = true; });
  const Alert down = MakeAlert("Down");
  ASSERT_TRUE(Fire(down).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(1200));
  Run(10);
  ASSERT_TRUE(End(down).ok());
  Run(1300);
  EXPECT_EQ(Got("team"), 1U) << "silenced";
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[1].reason, "first notification");
}

// The same, in a group that lives on.
TEST_F(DeskTest, AMemberResolvedWhileSilencedIsNewsWhenItFiresAgain) {
  Adjust([](DeskConfig& config) {
    config.fixes.refire_after_silence = true;
    config.alertmanager.route.group_by = {"severity"};
  });
  const Alert down = MakeAlert("Down");
  ASSERT_TRUE(Fire(down).ok());
  ASSERT_TRUE(Fire(MakeAlert("Other")).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(1200));
  Run(10);
  ASSERT_TRUE(End(down).ok());
  Run(1300);
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(310);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[1].reason, "new alerts added");
}

// Live measurement of Alertmanager: group_interval 2 s and repeat_interval 4 s repeat every 6 s.
TEST_F(DeskTest, ARepeatComesOneGroupIntervalLate) {
  struct Case {
    int interval, repeat, every;
  };
  const Case cases[] = {{2, 4, 6}, {300, 600, 900}, {300, 599, 600}, {300, 100, 300}};
  for (const Case& c : cases) {
    clock_.Set(kT0);
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    Adjust([&](DeskConfig& config) {
      config.alertmanager.route.group_interval = c.interval * kSecond;
      config.alertmanager.route.repeat_interval = c.repeat * kSecond;
    });
    ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
    Run(30 + 5 * c.every);
    ASSERT_EQ(Got("team"), 6U) << c.interval << " " << c.repeat;
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(inbox_["team"].got[static_cast<size_t>(i)].now, kT0 + Sec(30 + i * c.every));
    }
    EXPECT_EQ(inbox_["team"].got[5].reason, "repeat interval elapsed");
  }
}

TEST_F(DeskTest, AcknowledgingStopsRepeatsOnlyWhenAsked) {
  for (const bool stops : {false, true}) {
    clock_.Set(kT0);
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    Adjust([&](DeskConfig& config) {
      config.alertmanager.route.repeat_interval = 10 * kMinute;
      config.incidents.ack_stops_repeats = stops;
    });
    const Alert alert = MakeAlert("Down");
    ASSERT_TRUE(Fire(alert).ok());
    Run(40);
    ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
    Run(3600);
    EXPECT_EQ(Got("team"), stops ? 1U : 5U);
    const size_t before = Got("team");
    ASSERT_TRUE(desk_->Unacknowledge(By(Newest()->id), clock_.NowNanos()).ok());
    Run(1000);
    EXPECT_GT(Got("team"), before) << "nobody works on it any more";
    const size_t repeats = Got("team");
    ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
    ASSERT_TRUE(End(alert).ok());
    Run(301);
    EXPECT_EQ(Got("team"), repeats + 1) << "that it is over is no repeat";
  }
}

TEST_F(DeskTest, ARetryAfterLongerThanTheIntervalIsHonoured) {
  inbox_["team"].answers = {SendResult::Retry("HTTP 429", "rateLimited", 3'600'000)};
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  Run(3590);
  EXPECT_EQ(Got("team"), 1U);
  Run(310);
  EXPECT_EQ(Got("team"), 2U);
}

TEST_F(DeskTest, AQuietGroupIsNotWritten) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(700);  // first message, and the flush after it
  const uint64_t before = disk_->Stats().commits;
  Run(3 * 3600);
  EXPECT_EQ(disk_->Stats().commits - before, 4U)
      << "three timers of its SLA, once that the process lives, and nothing else";
  EXPECT_EQ(Got("team"), 1U);
  Run(3600);
  EXPECT_EQ(Got("team"), 2U) << "the repeat";
}

TEST_F(DeskTest, AQuietGroupKeepsItsBeat) {
  Adjust([](DeskConfig& config) { config.alertmanager.route.group_by = {"severity"}; });
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(2000);
  ASSERT_EQ(Got("team"), 1U);
  ASSERT_TRUE(Fire(MakeAlert("Up")).ok());
  Run(600);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[1].now, kT0 + Sec(30 + 7 * 300));
}

TEST_F(DeskTest, AnAnnotationThatChangesMovesTheAlert) {
  Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(40);
  ASSERT_EQ(Got("team"), 1U);
  alert.annotations["outrider_receiver"] = "other";
  ASSERT_TRUE(Fire(alert).ok());
  Run(40);
  EXPECT_EQ(Got("other"), 1U);
  EXPECT_EQ(inbox_["other"].got[0].group_key,
            "{}/{outrider_receiver=\"other\"}:{alertname=\"Down\"}");
  ASSERT_TRUE(End(alert).ok());
  Run(700);
  EXPECT_EQ(Got("other"), 2U);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_TRUE(desk_->Groups(clock_.NowNanos()).empty());
}

// A receiver that fails over many flushes sees one key as long as it is told the same.
TEST_F(DeskTest, TheKeyStaysWhileTheMessageSaysTheSame) {
  inbox_["team"].answers.assign(1000, SendResult::Retry("HTTP 503", "serverError", 0));
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(700);
  std::set<std::string> keys;
  for (const Notification& notification : inbox_["team"].got) {
    keys.insert(notification.idempotency_key);
  }
  EXPECT_EQ(keys.size(), 1U) << "three flushes";
  Start(*disk_);
  inbox_["team"].answers.clear();
  Run(600);
  keys.insert(inbox_["team"].got.back().idempotency_key);
  EXPECT_EQ(keys.size(), 1U);
  const size_t before = Got("team");
  Run(5 * 3600);
  ASSERT_EQ(Got("team"), before + 1);
  EXPECT_FALSE(keys.contains(inbox_["team"].got.back().idempotency_key)) << "a repeat is another";
}

}  // namespace
}  // namespace outrider
