// SPDX-License-Identifier: Apache-2.0
// What a relay knows of what was sent after it was killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/relay/sent_rows.h"
#include "storage/state/faulty_store.h"
#include "tests/notifiers/relay/relay_fixture.h"

namespace outrider {
namespace {

using ::testing::SizeIs;

// A process that is killed and started again knows when it sent what. One letter an evaluation of
// 15 s as in ResendCase; `|`: killed and started before the evaluation, `!`: killed with the last
// batch unsent.
struct RestartCase {
  const char* name;
  std::string state, sent;
};

const RestartCase kRestarts[] = {
    {"the delay goes on", "FF|FFFF|FFFF", "s.|...s|...."},
    {"resolved while nobody had heard of it", "FFR!RRRRRR", "s.s!s....s"},
    {"firing, unsent", "PF!FFFFFF", ".s!s....s"},
    {"resolved and sent", "FFR|RRRRRR", "s.s|....s."},
    {"a resend that did not get out", "FFFFFF!FFFFFF", "s....s!s....s"},
    {"pending again", "FR|PPF", "ss|..s"},
};

class RelayRestartTest : public RelayTest {
 protected:
  void Start(RelayConfig config = OneTarget()) {
    relay_.reset();
    relay_ = std::make_unique<Relay>(std::move(config), http_, store_, clock_);
    ASSERT_TRUE(relay_->Restore().ok());
  }
  void Tell(const AlertSet& alerts, Timestamp ts) {
    clock_.Set(ts * kNanosPerMilli);
    relay_->OnEvaluated({rule_, alerts, external_, url_, ts, 15 * kSecond});
  }
  size_t Rows() const {
    size_t rows = 0;
    EXPECT_TRUE(store_.Scan(Family::kRelay, "", "", [&](const Row&) { return ++rows > 0; }).ok());
    return rows;
  }
  std::unique_ptr<Relay> relay_;
};

TEST_F(RelayRestartTest, WhatWasSentIsKnownAfterwards) {
  int64_t number = 0;
  for (const RestartCase& c : kRestarts) {
    SCOPED_TRACE(c.name);
    const Timestamp start = kStart + ++number * kHour;
    Start();
    Timestamp fired = 0;
    Timestamp resolved = 0;
    std::string sent;
    char before = '.';
    int slot = 0;
    for (size_t i = 0; i < c.state.size(); ++i) {
      const char state = c.state[i];
      if (state == '|' || state == '!') {
        Start();
        sent += state;
        continue;
      }
      const Timestamp ts = start + slot++ * 15 * kSecond;
      if (state == 'F' && before != 'F') fired = ts;
      if (state == 'R' && before != 'R') resolved = ts;
      before = state;
      AlertSet alerts = {ActiveOf(("A" + std::to_string(number)).c_str(),
                                  state == 'P'   ? AlertState::kPending
                                  : state == 'F' ? AlertState::kFiring
                                                 : AlertState::kInactive,
                                  fired, resolved)};
      Tell(alerts, ts);
      const bool killed = i + 1 < c.state.size() && c.state[i + 1] == '!';
      sent += relay_->Stats()[0].queue > 0 ? 's' : '.';
      if (!killed) relay_->SendAll();
    }
    EXPECT_EQ(sent, c.sent);
  }
}

TEST_F(RelayRestartTest, AResolvedAlertIsStillToldWhenItsTimeHasPassed) {
  Start();
  Tell({ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  relay_->SendAll();
  const Timestamp resolved = kStart + kMinute;
  Tell({ActiveOf("A", AlertState::kInactive, kStart, resolved)}, resolved);
  Start();  // killed before it went out, and for 20 minutes
  for (int i = 0; i < 3; ++i) {
    Tell({ActiveOf("A", AlertState::kInactive, kStart, resolved)}, resolved + (20 + i) * kMinute);
    relay_->SendAll();
  }
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(Body(1).items[0].GetString("endsAt"), "2023-11-14T22:14:20Z");
}

TEST_F(RelayRestartTest, OthersHaveHeardOfNothing) {
  Start();
  const AlertSet alerts = {ActiveOf("A", AlertState::kFiring, kStart)};
  Tell(alerts, kStart);
  relay_->SendAll();
  Start(OneTarget("http://other/api/v2/alerts"));
  Tell(alerts, kStart + 15 * kSecond);
  EXPECT_EQ(relay_->SendAll(), 1);
  Start(OneTarget("http://other/api/v2/alerts"));
  Tell(alerts, kStart + 30 * kSecond);
  EXPECT_EQ(relay_->SendAll(), 0);
  EXPECT_EQ(Rows(), 1U);
}

// Recorded when every Alertmanager has had its turn, reachable or not.
TEST_F(RelayRestartTest, RecordedWhenAllHaveTried) {
  RelayConfig config = OneTarget();
  config.targets.push_back({.url = "http://b/api/v2/alerts", .http = {}, .alert_relabel = {}});
  Start(config);
  http_.reachable = false;
  const AlertSet alerts = {ActiveOf("A", AlertState::kFiring, kStart)};
  Tell(alerts, kStart);
  EXPECT_EQ(Rows(), 0U);
  EXPECT_EQ(relay_->SendAll(), 2);
  EXPECT_EQ(Rows(), 1U);
  Start(config);
  Tell(alerts, kStart + 15 * kSecond);
  EXPECT_EQ(relay_->SendAll(), 0);
  Tell({}, kStart + 30 * kSecond);  // the rule has forgotten it
  EXPECT_EQ(Rows(), 0U);
}

// A short resend delay does not write more than once a minute, unless something happened.
TEST_F(RelayRestartTest, RepeatsAreRecordedOnceAMinute) {
  RelayConfig config = OneTarget();
  config.resend_delay = kSecond;
  Start(config);
  for (int i = 0; i < 12; ++i) {
    Tell({ActiveOf("A", AlertState::kFiring, kStart)}, kStart + i * 15 * kSecond);
    relay_->SendAll();
  }
  EXPECT_THAT(http_.requests, SizeIs(12));
  EXPECT_EQ(store_.Stats().commits, 3U);
  EXPECT_EQ(store_.Stats().synced_commits, 0U);
  Tell({ActiveOf("A", AlertState::kInactive, kStart, kStart + 3 * kMinute)}, kStart + 3 * kMinute);
  relay_->SendAll();
  EXPECT_EQ(store_.Stats().commits, 4U);
}

TEST_F(RelayRestartTest, OldAndBrokenRowsAreCleared) {
  Start();
  Tell({ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  relay_->SendAll();
  Batch garbage;
  garbage.Put(Family::kRelay, "short", "x");
  garbage.Put(Family::kRelay, SentRowKey("another rule", 7), std::string(1, '\x7f'));
  ASSERT_TRUE(store_.Commit(garbage, Durability::kBuffered).ok());
  Start();
  EXPECT_EQ(Rows(), 1U);
  clock_.Advance(kDay + kSecond);
  Start();
  EXPECT_EQ(Rows(), 0U);
}

TEST_F(RelayRestartTest, ATimeOfAClockThatWasAheadSilencesNobody) {
  Start();
  const AlertSet alerts = {ActiveOf("A", AlertState::kFiring, kStart)};
  Tell(alerts, kStart + 2 * kHour);
  relay_->SendAll();
  clock_.Set(kStart * kNanosPerMilli);  // put right
  Start();
  EXPECT_EQ(Rows(), 0U);
  Tell(alerts, kStart + kMinute);
  EXPECT_EQ(relay_->SendAll(), 1);
}

TEST_F(RelayRestartTest, OfARuleThatIsGoneNothingStays) {
  Start();
  Tell({ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  relay_->SendAll();
  EXPECT_EQ(Rows(), 1U);
  const AlertSet last = {ActiveOf("A", AlertState::kInactive, kStart, kStart + kMinute)};
  relay_->OnEvaluated({rule_, last, external_, url_, kStart + kMinute, /*interval=*/0});
  EXPECT_EQ(relay_->SendAll(), 1);
  EXPECT_EQ(Rows(), 0U);
}

TEST_F(RelayRestartTest, AStoreThatRefusesStopsNothing) {
  FaultyStore full(store_, {StoreFault::kFailFrom, 1});
  Relay relay(OneTarget(), http_, full, clock_);
  ASSERT_TRUE(relay.Restore().ok());
  Evaluate(relay, {ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  Evaluate(relay, {ActiveOf("A", AlertState::kFiring, kStart)}, kStart + 61 * kSecond);
  EXPECT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(Rows(), 0U);
}

}  // namespace
}  // namespace outrider
