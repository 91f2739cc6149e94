// SPDX-License-Identifier: Apache-2.0
// Why an alert was or was not notified: what is kept, what it says, how long.
#include "notifiers/desk/history.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class HistoryTest : public DeskTest {
 protected:
  AlertHistory Of(const Alert& alert) {
    auto history = desk_->History(alert.Fingerprint(), 0, 1000, clock_.NowNanos());
    EXPECT_TRUE(history.ok()) << history.status();
    return *std::move(history);
  }
  size_t Rows() {
    size_t rows = 0;
    EXPECT_TRUE(disk_
                    ->Scan(Family::kHistory, "", "",
                           [&](const Row&) {
                             ++rows;
                             return true;
                           })
                    .ok());
    return rows;
  }
};

TEST_F(HistoryTest, TellsWhenWhomAndWithWhatAnswer) {
  SendResult busy = SendResult::Retry("HTTP 503: busy", "serverError");
  busy.status = 503;
  busy.answer = "busy";
  inbox_["team"].answers = {busy};
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(40);
  AlertHistory history = Of(alert);
  EXPECT_TRUE(history.now.known);
  EXPECT_TRUE(history.now.firing);
  ASSERT_EQ(history.now.groups.size(), 1U);
  EXPECT_EQ(history.now.groups[0].receiver, "team");
  EXPECT_EQ(history.now.groups[0].key, "{}:{alertname=\"Disk\"}");
  EXPECT_EQ(history.now.groups[0].last_flush, kT0 + Sec(30));
  ASSERT_EQ(history.flushes.size(), 1U);
  const FlushRecord& flush = history.flushes[0];
  EXPECT_EQ(flush.time, kT0 + Sec(30));
  EXPECT_EQ(flush.StateOf(alert.Fingerprint()), "notified");
  ASSERT_EQ(flush.decisions.size(), 1U);
  EXPECT_EQ(flush.decisions[0].text, "first notification");
  ASSERT_EQ(history.attempts.size(), 2U);
  EXPECT_EQ(history.attempts[0].outcome, "retry");
  EXPECT_EQ(history.attempts[0].status, 503);
  EXPECT_EQ(history.attempts[0].answer, "busy");
  EXPECT_GT(history.attempts[0].next_try, history.attempts[0].time);
  EXPECT_EQ(history.attempts[1].outcome, "delivered");
  EXPECT_EQ(history.attempts[1].attempt, 2);
  EXPECT_EQ(history.attempts[1].message_id, flush.decisions[0].message_id);
  // It is the same after a restart, and for an alert that is gone.
  Start(*disk_);
  EXPECT_EQ(Of(alert).flushes, history.flushes);
  EXPECT_EQ(Of(alert).attempts, history.attempts);
  ASSERT_TRUE(End(alert).ok());
  Run(1000);
  EXPECT_FALSE(Of(alert).now.known);
  EXPECT_GT(Of(alert).attempts.size(), history.attempts.size());
  EXPECT_TRUE(Of(MakeAlert("Stranger")).flushes.empty());
}

TEST_F(HistoryTest, TellsWhoHeldItBack) {
  Adjust([](DeskConfig& config) {
    InhibitRuleConfig rule;
    rule.source_matchers = {Matcher::Equal("alertname", "Source")};
    rule.target_matchers = {Matcher::Equal("alertname", "Target")};
    config.alertmanager.inhibit_rules = {rule};
    config.alertmanager.route.group_by = {"job"};
  });
  const std::string silence = Mute("Hushed", kT0, kT0 + Sec(3600));
  const Alert source = MakeAlert("Source");
  const Alert target = MakeAlert("Target");
  const Alert hushed = MakeAlert("Hushed");
  for (const Alert* alert : {&source, &target, &hushed}) ASSERT_TRUE(Fire(*alert).ok());
  Run(31);
  const AlertHistory of_target = Of(target);
  ASSERT_EQ(of_target.flushes.size(), 1U);
  EXPECT_EQ(of_target.flushes[0].StateOf(target.Fingerprint()), "inhibited");
  ASSERT_EQ(of_target.flushes[0].inhibited.size(), 1U);
  EXPECT_EQ(of_target.flushes[0].inhibited.begin()->first, source.labels.FingerprintHex());
  EXPECT_EQ(of_target.now.inhibited_by, std::vector<std::string>{source.labels.FingerprintHex()});
  const AlertHistory of_hushed = Of(hushed);
  ASSERT_EQ(of_hushed.flushes.size(), 1U);
  EXPECT_EQ(of_hushed.flushes[0].StateOf(hushed.Fingerprint()), "silenced");
  EXPECT_EQ(of_hushed.flushes[0].silenced.begin()->first, silence);
  const DeskStats stats = desk_->Stats(clock_.NowNanos());
  EXPECT_EQ(stats.suppressed.at("silence"), 1U);
  EXPECT_EQ(stats.suppressed.at("inhibition"), 1U);
}

TEST_F(HistoryTest, TellsOfMutedTimes) {
  Adjust([](DeskConfig& config) {
    NamedTimeInterval never;
    never.name = "office";
    TimeIntervalSpec spec;
    spec.years = {{1990, 1990}};
    never.intervals = {spec};
    config.alertmanager.time_intervals = {never};
    config.alertmanager.route.active_time_intervals = {"office"};
  });
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(31);
  const AlertHistory history = Of(alert);
  ASSERT_EQ(history.flushes.size(), 1U);
  EXPECT_EQ(history.flushes[0].StateOf(alert.Fingerprint()), "muted");
  EXPECT_TRUE(history.flushes[0].by_active_interval);
  EXPECT_EQ(history.flushes[0].muted_by, std::vector<std::string>{"office"});
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).suppressed.at("active_time_interval"), 1U);
}

// A group that is held back flushes every five minutes and decides the same.
TEST_F(HistoryTest, WhatStaysTheSameIsKeptOnce) {
  Mute("Hushed", kT0, kT0 + Sec(1'000'000));
  const Alert alert = MakeAlert("Hushed");
  ASSERT_TRUE(Fire(alert).ok());
  Run(6 * 3600);
  EXPECT_EQ(Of(alert).flushes.size(), 1U);
  EXPECT_GT(desk_->Stats(clock_.NowNanos()).suppressed.at("silence"), 50U) << "each flush counts";
}

TEST_F(HistoryTest, AlertsThatAreOverAreFoundByTheirLabels) {
  const auto ended = [&](const char* matchers, size_t limit = 10) {
    std::string names;
    const auto alerts = desk_->EndedAlerts(*ParseMatchers(matchers), 0, limit);
    for (const EndedAlert& alert : alerts.value()) {
      names += std::string(alert.labels.Get(kAlertName)) + " ";
    }
    return names;
  };
  for (const char* name : {"A", "B", "A"}) {
    const Alert alert = MakeAlert(name);
    ASSERT_TRUE(Fire(alert).ok());
    Run(60);
    EXPECT_FALSE(Of(alert).ended.has_value() && std::string(name) == "B");
    ASSERT_TRUE(End(alert).ok());
    Run(400);
    ASSERT_TRUE(Of(alert).ended.has_value());
    EXPECT_EQ(Of(alert).ended->labels, alert.labels);
    EXPECT_EQ(Of(alert).ended->starts_at, alert.starts_at.nanos);
    EXPECT_EQ(Of(alert).ended->ended_at, clock_.NowNanos() - Sec(400));
  }
  Start(*disk_);
  EXPECT_EQ(ended("severity=\"warning\""), "A B ") << "each once, the newest first";
  EXPECT_EQ(ended("severity=\"warning\"", 1), "A ");
  EXPECT_EQ(ended("alertname=\"B\""), "B ");
  EXPECT_EQ(ended("alertname=\"C\""), "");
  Run(8 * 24 * 3600);
  EXPECT_EQ(ended("severity=\"warning\""), "") << "as long as the history";
}

TEST_F(HistoryTest, IsKeptForItsRetention) {
  Adjust([](DeskConfig& config) { config.history_retention = 2 * kHour; });
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(40);
  ASSERT_TRUE(End(alert).ok());
  Run(600);
  const size_t before = Rows();
  EXPECT_GE(before, 4U);
  Run(3600);
  EXPECT_EQ(Rows(), before);
  Run(2 * 3600);
  EXPECT_EQ(Rows(), 0U);
}

// Timers wait while rows are deleted, so a tick deletes only some.
TEST_F(HistoryTest, IsTrimmedInParts) {
  Adjust([](DeskConfig& config) { config.history_retention = 2 * kHour; });
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(40);
  const size_t before = Rows();
  constexpr size_t kOld = 3500;
  Batch rows;
  for (size_t i = 0; i < kOld; ++i) {
    AttemptRecord attempt;
    attempt.time = kT0 - Sec(86400) + static_cast<Nanos>(i);
    attempt.message_id = std::to_string(i);
    attempt.group_id = std::to_string(i % 7);
    rows.Put(Family::kHistory, AttemptKey(attempt), EncodeAttemptRecord(attempt));
  }
  ASSERT_TRUE(disk_->Commit(rows, Durability::kSynced).ok());
  ASSERT_EQ(Rows(), before + kOld);
  std::vector<size_t> counts = {Rows()};
  for (int i = 0; i < 10'000 && Rows() > before; ++i) {
    clock_.Set(std::max(clock_.NowNanos() + 1, desk_->NextDue().value()));
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
    dispatcher_->RunOnce(clock_.NowNanos());
    if (Rows() < counts.back()) counts.push_back(Rows());
  }
  ASSERT_GE(counts.size(), 5U) << "four parts";
  for (size_t i = 1; i < counts.size(); ++i) EXPECT_LE(counts[i - 1] - counts[i], 1000U);
  EXPECT_LE(Rows(), before);
}

TEST_F(HistoryTest, CanBeSwitchedOff) {
  Adjust([](DeskConfig& config) { config.history_retention = 0; });
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(400);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_EQ(Rows(), 0U);
}

TEST_F(HistoryTest, PagesBelongToTheAlertsOfTheirIncident) {
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(1);
  const AlertHistory history = Of(alert);
  ASSERT_EQ(history.attempts.size(), 1U);
  EXPECT_EQ(history.attempts[0].kind, OutboxKind::kPage);
  EXPECT_EQ(history.attempts[0].receiver, "pager");
  EXPECT_EQ(history.attempts[0].incident_id, Newest()->id);
}

TEST_F(HistoryTest, TheNewestAreShown) {
  inbox_["team"].answers.assign(8, SendResult::Retry("HTTP 503", "serverError"));
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(300);
  const auto all = desk_->History(alert.Fingerprint(), 0, 1000, clock_.NowNanos()).value();
  const auto some = desk_->History(alert.Fingerprint(), 0, 2, clock_.NowNanos()).value();
  ASSERT_GT(all.attempts.size(), 2U);
  EXPECT_FALSE(all.cut);
  EXPECT_TRUE(some.cut);
  ASSERT_EQ(some.attempts.size(), 2U);
  EXPECT_EQ(some.attempts.back(), all.attempts.back());
  const auto late =
      desk_->History(alert.Fingerprint(), all.attempts.back().time, 10, clock_.NowNanos()).value();
  EXPECT_EQ(late.attempts.size(), 1U);
}

TEST(HistoryRows, GiveBackWhatWasWritten) {
  FlushRecord flush;
  flush.time = 17;
  flush.group_id = "g";
  flush.group_key = "{}:{}";
  flush.route_key = "{}";
  flush.receiver = "team";
  flush.flush = 3;
  flush.firing = {1, 2};
  flush.resolved = {3};
  flush.silenced = {{"s1", {4}}, {"s2", {5, 6}}};
  flush.inhibited = {{"00000000000000ff", {7}}};
  flush.muted = {8};
  flush.by_active_interval = true;
  flush.muted_by = {"office"};
  flush.decisions = {{"webhook[0]", "nothing new", ""}, {"email[0]", "new alerts added", "g1"}};
  const std::string bytes = EncodeFlushRecord(flush);
  EXPECT_EQ(DecodeFlushRecord(bytes).value(), flush);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeFlushRecord(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
  AttemptRecord attempt;
  attempt.time = 18;
  attempt.began = 17;
  attempt.message_id = "g1";
  attempt.kind = OutboxKind::kFallback;
  attempt.outcome = "retry";
  attempt.status = 429;
  attempt.answer = "slow down";
  attempt.attempt = 2;
  attempt.told = {1};
  const std::string row = EncodeAttemptRecord(attempt);
  EXPECT_EQ(DecodeAttemptRecord(row).value(), attempt);
  for (size_t cut = 0; cut < row.size(); ++cut) {
    EXPECT_FALSE(DecodeAttemptRecord(std::string_view(row).substr(0, cut)).ok()) << cut;
  }
  EXPECT_EQ(HistoryTime(FlushKey(flush)), 17);
  EXPECT_EQ(KindOfHistory(FlushKey(flush)), HistoryKind::kFlush);
  EXPECT_EQ(KindOfHistory(AttemptKey(attempt)), HistoryKind::kAttempt);
  EXPECT_EQ(KindOfHistory("short"), HistoryKind{});
}

}  // namespace
}  // namespace outrider
