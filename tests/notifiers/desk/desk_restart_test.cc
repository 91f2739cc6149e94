// SPDX-License-Identifier: Apache-2.0
// What is settled at a start: ends that passed meanwhile, messages in mid-sending, rules that are
// gone, timers that are overdue.
#include "storage/state/faulty_store.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

TEST_F(DeskTest, ReconcileResolvesWhatNoRuleOwns) {
  const Alert kept = MakeAlert("Kept");
  ASSERT_TRUE(Fire(kept).ok());
  ASSERT_TRUE(Fire(MakeAlert("Gone")).ok());
  Alert posted;
  posted.labels = Labels({{"alertname", "Posted"}});
  posted.ends_at = {kT0 + Sec(7200), 0};
  posted.starts_at = {kT0, 0};
  ASSERT_TRUE(desk_->PostAlerts({&posted, 1}, kT0).ok());
  Run(40);
  ASSERT_EQ(Got("team"), 3U);
  ASSERT_TRUE(desk_->ReconcileRuleAlerts({kept.Fingerprint()}, clock_.NowNanos()).ok());
  std::set<std::string> left;
  for (const AlertView& view : desk_->Alerts(clock_.NowNanos())) {
    left.emplace(view.alert.labels.Get("alertname"));
  }
  EXPECT_EQ(left, (std::set<std::string>{"Kept", "Posted"}));
  Run(301);
  ASSERT_EQ(Got("team"), 4U);
  EXPECT_TRUE(inbox_["team"].got[3].resolved);
  EXPECT_EQ(inbox_["team"].got[3].group_key, "{}:{alertname=\"Gone\"}");
  const uint64_t before = disk_->Stats().commits;
  ASSERT_TRUE(desk_->ReconcileRuleAlerts({kept.Fingerprint()}, clock_.NowNanos()).ok());
  EXPECT_EQ(disk_->Stats().commits, before) << "nothing to do";
}

// core.md rule 6.
TEST_F(DeskTest, EndsThatFellIntoTheDowntime) {
  struct Case {
    const char* name;
    std::vector<int> posts;  // seconds after kT0; the alert ends `lasts` after each
    int64_t lasts;           // 0: no end is given (resolve_timeout)
    int64_t down_at, up_at;
    int64_t resolved_at;  // when its incident is resolved
  };
  const Case cases[] = {
      {"an exact end, never refreshed", {0}, 240, 60, 3600, 240},
      {"no end given, never refreshed", {0}, 0, 60, 3600, 300},
      {"refreshed, its end passed", {0, 60}, 240, 100, 3600, 3900},
      {"refreshed once, a moment after the first", {0, 5}, 240, 100, 3600, 3900},
      {"refreshed without an end", {0, 60, 120}, 0, 130, 3600, 3900},
      {"refreshed, its end is to come", {0, 60}, 7200, 100, 3600, 7260},
      {"back before its end", {0, 60}, 240, 100, 200, 300},
  };
  const auto check = [&](const Case& c, int alerts) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    for (const int at : c.posts) {
      clock_.Set(kT0 + Sec(at));
      std::vector<Alert> posted(alerts);
      for (int i = 0; i < alerts; ++i) {
        posted[i].labels = Labels({{"alertname", "Posted"}, {"nr", std::to_string(i)}});
        posted[i].starts_at = {kT0, 0};
        if (c.lasts != 0) posted[i].ends_at = {kT0 + Sec(at + c.lasts), 0};
      }
      ASSERT_TRUE(desk_->PostAlerts(posted, clock_.NowNanos()).ok());
    }
    clock_.Set(kT0 + Sec(c.up_at));
    Start(*disk_);
    Run(2 * 3600);
    EXPECT_EQ(Newest()->resolved_at, kT0 + Sec(c.resolved_at)) << c.name << ", " << alerts;
  };
  for (const Case& c : cases) {
    check(c, 1);
    check(c, 20);  // their times are one row (alert_times.h)
  }
}

TEST_F(DeskTest, CrashesInMidSending) {
  struct Case {
    const char* receiver;
    int crashes;
    size_t got;     // messages that reach the receiver afterwards
    bool repeated;  // … marked
    const char* outcome;
  };
  const Case cases[] = {
      {"team", 1, 1, false, "delivered"}, {"team", 2, 1, false, "delivered"},
      {"team", 3, 1, false, "delivered"}, {"pager", 1, 1, true, "delivered"},
      {"pager", 2, 0, false, "unknown"},
  };
  for (const Case& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    clock_.Set(kT0);
    Start(*disk_);
    ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
    const auto mine = [&](const std::string& lane) {
      const bool is_mine = lane == LaneName(c.receiver, "webhook[0]");
      return LaneRoom{.urgent = is_mine, .others = is_mine, .again = 0, .failing_since = 0};
    };
    for (int i = 0; i < c.crashes; ++i) {
      clock_.Advance(31 * kSecond);
      ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
      const auto claimed = desk_->Claim(clock_.NowNanos(), 1, mine);
      ASSERT_TRUE(claimed.ok() && claimed->messages.size() == 1) << c.receiver;
      Start(*disk_);
    }
    Run(600);
    ASSERT_EQ(Got(c.receiver), c.got) << c.receiver << " " << c.crashes;
    if (c.got > 0) {
      EXPECT_EQ(inbox_[c.receiver].got[0].repeat, c.repeated);
    }
    for (const DeliveryView& delivery : desk_->RecentDeliveries(10)) {
      if (delivery.receiver == c.receiver) {
        EXPECT_EQ(delivery.outcome, c.outcome) << c.crashes;
      }
    }
    EXPECT_TRUE(desk_->Outbox().empty());
  }
}

// The second start ends the message, and with it the group whose members it has not found yet.
TEST_F(DeskTest, CrashesInMidSendingOfAnEnd) {
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  ASSERT_EQ(Got("pager"), 1U);
  ASSERT_TRUE(End(alert).ok());
  const auto mine = [&](const std::string& lane) {
    const bool is_mine = lane == LaneName("pager", "webhook[0]");
    return LaneRoom{.urgent = is_mine, .others = is_mine, .again = 0, .failing_since = 0};
  };
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(400 * kSecond);
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
    const auto claimed = desk_->Claim(clock_.NowNanos(), 1, mine);
    ASSERT_TRUE(claimed.ok() && claimed->messages.size() == 1) << i;
    Start(*disk_);
  }
  Run(600);
  EXPECT_EQ(Got("pager"), 1U) << "whether the end arrived is not known";
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(600);
  EXPECT_GE(Got("pager"), 1U);
  EXPECT_TRUE(desk_->Outbox().empty());
}

// Of two, one ends while nobody knows whether the end of the other arrived.
TEST_F(DeskTest, AnEndBesideOneOfWhichNothingIsKnown) {
  adjust_ = [](DeskConfig& config) { config.alertmanager.route.group_by = {}; };
  Start(*disk_);
  const Alert first = MakeAlert("A", "critical");
  const Alert second = MakeAlert("C", "critical");
  ASSERT_TRUE(Fire(first).ok());
  ASSERT_TRUE(Fire(second).ok());
  Run(60);
  const size_t told = Got("pager");
  ASSERT_GE(told, 1U);
  const auto mine = [&](const std::string& lane) {
    const bool is_mine = lane == LaneName("pager", "webhook[0]");
    return LaneRoom{.urgent = is_mine, .others = is_mine, .again = 0, .failing_since = 0};
  };
  ASSERT_TRUE(End(first).ok());
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(400 * kSecond);
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
    const auto claimed = desk_->Claim(clock_.NowNanos(), 1, mine);
    ASSERT_TRUE(claimed.ok() && claimed->messages.size() == 1) << i;
    if (i == 1) {
      ASSERT_TRUE(End(second).ok());
    }
    Start(*disk_);
  }
  Run(900);
  ASSERT_EQ(Got("pager"), told + 1);
  EXPECT_TRUE(inbox_["pager"].got.back().resolved) << "the end of the second";
}

// The time to deliver counts from when the process is there, not from when the flush was due.
TEST_F(DeskTest, AFlushThatIsOverdueIsToldAtOnce) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  clock_.Set(kT0 + Sec(3600));
  Start(*disk_);
  Run(0);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_NE(inbox_["team"].got[0].note.find("late"), std::string::npos);
  Run(700);
  EXPECT_EQ(Got("team"), 1U);
}

TEST_F(DeskTest, APreviousProcessCannotWriteWhatItRemembers) {
  FaultyStore faulty(*disk_, {.fault = StoreFault::kFailFrom, .at = 2});
  Start(faulty);
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok()) << "kept in memory: the disk is full";
  const std::unique_ptr<Desk> second = Desk::Load(*disk_, random_, Config(), kT0).value();
  faulty.Repair();
  EXPECT_TRUE(absl::IsAborted(Fire(MakeAlert("Up"))));
}

}  // namespace
}  // namespace outrider
