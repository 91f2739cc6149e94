// SPDX-License-Identifier: Apache-2.0
// Messages between a source and channels that behave badly: nobody waits for another one's
// receiver.
#include "notifiers/outbox/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

class CountingChannel final : public Channel {
 public:
  SendResult Send(const Notification&) override {
    const int now = ++at_once;
    int most = most_at_once;
    while (now > most && !most_at_once.compare_exchange_weak(most, now)) {
    }
    std::this_thread::yield();
    --at_once;
    ++sent;
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }
  std::atomic<int> sent = 0;
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
};

class ListSource final : public OutboxSource {
 public:
  StatusOr<ClaimAnswer> Claim(Nanos, size_t most, const RoomOf& room) override {
    absl::MutexLock lock(&mutex);
    ClaimAnswer answer;
    std::map<std::string, LaneRoom> rooms;
    for (auto row = rows.begin(); row != rows.end() && answer.messages.size() < most;) {
      const std::string lane = LaneOf(*row);
      if (!rooms.contains(lane)) rooms[lane] = room(lane);
      int64_t& left = IsUrgent(*row) ? rooms[lane].urgent : rooms[lane].others;
      if (left == 0) {
        ++row;
        continue;
      }
      --left;
      ClaimedMessage message;
      message.row = *row;
      message.notification.reason = OutboxKindText(row->kind);
      message.notification.receiver = row->receiver;
      message.channel = out;
      message.receivers = receivers;
      row = rows.erase(row);
      answer.messages.push_back(std::move(message));
    }
    return answer;
  }
  bool StillWanted(const OutboxRow& row, Nanos) override { return row.epoch == 1; }
  Status OnOutcomes(std::span<const FinishedAttempt> attempts, Nanos) override {
    absl::MutexLock lock(&mutex);
    finished.insert(finished.end(), attempts.begin(), attempts.end());
    outcomes += static_cast<int>(attempts.size());
    return absl::OkStatus();
  }
  std::optional<Nanos> NextMessageDue() const override {
    absl::MutexLock lock(&mutex);
    return rows.empty() ? std::nullopt : std::optional<Nanos>(0);
  }
  void Add(uint32_t epoch, OutboxKind kind = OutboxKind::kRoute, const char* receiver = "r") {
    absl::MutexLock lock(&mutex);
    OutboxRow row;
    row.kind = kind;
    row.receiver = receiver;
    row.epoch = epoch;
    rows.push_back(row);
  }
  mutable absl::Mutex mutex;
  std::deque<OutboxRow> rows;
  std::vector<FinishedAttempt> finished;
  CountingChannel channel;
  Channel* out = &channel;
  std::shared_ptr<const Receivers> receivers;
  std::atomic<int> outcomes = 0;
};

// Waits for what other threads do.
template <typename Done>
void WaitFor(Done&& done) {
  while (!done()) std::this_thread::yield();
}

TEST(Dispatcher, AsksAtTheLastMomentWhetherAMessageIsStillWanted) {
  FakeClock clock(1);
  ListSource source;
  source.Add(1);
  source.Add(2);
  source.Add(1);
  Dispatcher dispatcher(source, clock);
  EXPECT_EQ(dispatcher.RunOnce(1), 3);
  EXPECT_EQ(source.channel.sent, 2);
  EXPECT_EQ(source.outcomes, 2);
}

TEST(Dispatcher, LanesOfReceiversThatAreGoneAreForgotten) {
  const auto only = [](const std::vector<const char*>& names) {
    std::vector<Receiver> receivers;
    for (const char* name : names) {
      Receiver receiver;
      receiver.name = name;
      Integration integration;
      integration.kind = "webhook";
      integration.channel = std::make_unique<CountingChannel>();
      receiver.integrations.push_back(std::move(integration));
      receivers.push_back(std::move(receiver));
    }
    return std::make_shared<const Receivers>(std::move(receivers));
  };
  const auto add = [](ListSource& source, const char* receiver) {
    source.Add(1, OutboxKind::kRoute, receiver);
    source.rows.back().integration = "webhook[0]";
  };
  FakeClock clock(1);
  ListSource source;
  source.receivers = only({"a", "b"});
  add(source, "a");
  add(source, "b");
  Dispatcher dispatcher(source, clock);
  EXPECT_EQ(dispatcher.RunOnce(1), 2);
  EXPECT_EQ(dispatcher.Stats().size(), 2U);
  source.receivers = only({"b", "c"});
  add(source, "b");
  EXPECT_EQ(dispatcher.RunOnce(2), 1);
  ASSERT_EQ(dispatcher.Stats().size(), 1U);
  EXPECT_EQ(dispatcher.Stats()[0].receiver, "b");
  EXPECT_EQ(dispatcher.Stats()[0].attempts, 2U) << "what stays keeps its counters";
}

TEST(Dispatcher, WorkersSendEverythingAndStop) {
  const SystemClock clock;
  ListSource source;
  for (int i = 0; i < 100; ++i) source.Add(1);
  Dispatcher dispatcher(source, clock);
  dispatcher.Start();
  for (int i = 0; i < 100; ++i) {
    source.Add(1);
    dispatcher.Wake();
  }
  WaitFor([&] { return source.outcomes == 200; });
  dispatcher.Stop();
  EXPECT_EQ(source.channel.sent, 200);
  EXPECT_LE(source.channel.most_at_once, LanePolicy().max_in_flight);
}

// Route notifications never come to an end, pages do.
class HangingChannel final : public Channel {
 public:
  SendResult Send(const Notification& notification) override {
    if (notification.reason == "page") {
      ++pages;
      return SendResult::Delivered();
    }
    ++hanging;
    while (!let_go) std::this_thread::yield();
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }
  std::atomic<int> pages = 0;
  std::atomic<int> hanging = 0;
  std::atomic<bool> let_go = false;
};

TEST(Dispatcher, APageIsTriedAlthoughRouteNotificationsHang) {
  const SystemClock clock;
  ListSource source;
  HangingChannel channel;
  source.out = &channel;
  for (const char* receiver : {"r", "s"}) {
    for (int i = 0; i < 3; ++i) source.Add(1, OutboxKind::kRoute, receiver);
  }
  Dispatcher dispatcher(source, clock);
  DeliveryConfig two;
  two.all.max_in_flight = 2;
  dispatcher.SetDelivery(two);
  dispatcher.Start();
  WaitFor([&] { return channel.hanging == 4; });
  source.Add(1, OutboxKind::kPage, "r");
  source.Add(1, OutboxKind::kPage, "s");
  dispatcher.Wake();
  WaitFor([&] { return channel.pages == 2; });
  EXPECT_EQ(channel.hanging, 4) << "two of each receiver";
  channel.let_go = true;
  WaitFor([&] { return source.outcomes == 8; });
  dispatcher.Stop();
}

// Never answers, but for one receiver; ends when it is asked to.
class DeadChannel final : public Channel {
 public:
  SendResult Send(const Notification& notification) override {
    if (notification.receiver == "alive") return SendResult::Delivered();
    ++hanging;
    while (!notification.stop.stop_requested()) std::this_thread::yield();
    ++cut_off;
    return SendResult::Retry("cancelled", "other");
  }
  bool Idempotent() const override { return true; }
  std::atomic<int> hanging = 0;
  std::atomic<int> cut_off = 0;
};

TEST(Dispatcher, SevenDeadReceiversDelayNobody) {
  const SystemClock clock;
  ListSource source;
  DeadChannel channel;
  source.out = &channel;
  const int most = static_cast<int>(LanePolicy().max_in_flight);
  for (int receiver = 0; receiver < 7; ++receiver) {
    for (int i = 0; i < most + 5; ++i) {
      source.Add(1, OutboxKind::kRoute, std::to_string(receiver).c_str());
    }
  }
  Dispatcher dispatcher(source, clock, {.grace = 1});
  dispatcher.Start();
  WaitFor([&] { return channel.hanging == 7 * most; });
  for (int i = 0; i < 100; ++i) {
    source.Add(1, i % 2 == 0 ? OutboxKind::kRoute : OutboxKind::kPage, "alive");
  }
  dispatcher.Wake();
  WaitFor([&] { return source.outcomes == 100; });
  EXPECT_EQ(channel.hanging, 7 * most) << "they hang still, and no more of them";
  dispatcher.Stop();
  EXPECT_EQ(channel.cut_off, 7 * most);
  EXPECT_EQ(source.outcomes, 100) << "whether these arrived nobody knows: they stay claimed";
}

// Ends by itself when the stop begins.
class LastMomentChannel final : public Channel {
 public:
  SendResult Send(const Notification& notification) override {
    started = true;
    while (!let_go && !notification.stop.stop_requested()) std::this_thread::yield();
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }
  std::atomic<bool> started = false;
  std::atomic<bool> let_go = false;
};

TEST(Dispatcher, WhatArrivesWhileItStopsIsRecorded) {
  const SystemClock clock;
  ListSource source;
  LastMomentChannel channel;
  source.out = &channel;
  source.Add(1);
  Dispatcher dispatcher(source, clock, {.grace = 60 * kSecond});
  dispatcher.Start();
  WaitFor([&] { return channel.started.load(); });
  std::jthread stopper([&] { dispatcher.Stop(); });
  channel.let_go = true;
  stopper.join();
  EXPECT_EQ(source.outcomes, 1);
}

// Notes what an attempt may take.
class LimitChannel final : public Channel {
 public:
  explicit LimitChannel(const CallLimits& limits) : limits_(limits) {}
  SendResult Send(const Notification& notification) override {
    deadlines.push_back(notification.deadline);
    const CallLimit limit = limits_.Current();
    EXPECT_EQ(limit.deadline, notification.deadline);
    EXPECT_TRUE(limit.stop.stop_possible());
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }
  std::vector<Nanos> deadlines;

 private:
  const CallLimits& limits_;
};

TEST(Dispatcher, AnAttemptHasTheDeadlineOfItsFlush) {
  FakeClock clock(5);
  CallLimits limits;
  ListSource source;
  LimitChannel channel(limits);
  source.out = &channel;
  source.Add(1);
  source.rows.back().deadline = 10 * kNanosPerSecond;
  source.Add(1, OutboxKind::kPage);
  Dispatcher dispatcher(source, clock, {.limits = &limits});
  EXPECT_EQ(dispatcher.RunOnce(5), 2);
  EXPECT_EQ(channel.deadlines,
            (std::vector<Nanos>{10 * kNanosPerSecond, 5 + 60 * kNanosPerSecond}));
  EXPECT_EQ(limits.Current().deadline, 0) << "only while it is sent";
}

TEST(Dispatcher, InShadowNothingIsSent) {
  FakeClock clock(5);
  ListSource source;
  source.Add(1);
  Dispatcher dispatcher(source, clock, {.shadow = true});
  EXPECT_EQ(dispatcher.RunOnce(5), 1);
  EXPECT_EQ(source.channel.sent, 0);
  ASSERT_EQ(source.finished.size(), 1U);
  EXPECT_TRUE(source.finished[0].shadow);
}

class FailingChannel final : public Channel {
 public:
  SendResult Send(const Notification&) override {
    ++sent;
    return SendResult::Retry("no answer", "other");
  }
  bool Idempotent() const override { return true; }
  int sent = 0;
};

TEST(Dispatcher, AnOpenBreakerBeginsNoAttempts) {
  FakeClock clock(kNanosPerSecond);
  ListSource source;
  FailingChannel channel;
  source.out = &channel;
  for (int i = 0; i < 20; ++i) source.Add(1);
  Dispatcher dispatcher(source, clock);
  EXPECT_EQ(dispatcher.RunOnce(clock.NowNanos()), LanePolicy().breaker_failures);
  EXPECT_EQ(dispatcher.RunOnce(clock.NowNanos()), 0);
  EXPECT_EQ(dispatcher.Stats()[0].breaker, BreakerState::kOpen);
  clock.Advance(LanePolicy().breaker_open);
  EXPECT_EQ(dispatcher.RunOnce(clock.NowNanos()), 1) << "half-open: one";
  ASSERT_EQ(dispatcher.Stats().size(), 1U);
  const LaneStats stats = dispatcher.Stats()[0];
  EXPECT_EQ(stats.receiver, "r");
  EXPECT_EQ(stats.attempts, 6U);
  EXPECT_EQ(stats.failures, 6U);
  EXPECT_EQ(stats.trips, 2U);
  EXPECT_EQ(source.finished.back().failing_since, kNanosPerSecond);
}

}  // namespace
}  // namespace outrider
