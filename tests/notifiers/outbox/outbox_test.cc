// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "notifiers/outbox/dispatcher.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

TEST(Backoff, GrowsToItsCap) {
  struct Case {
    OutboxKind kind;
    int attempt;
    double unit;
    DurationMs expected;
  };
  const Case cases[] = {
      {OutboxKind::kRoute, 1, 0.5, 500},     {OutboxKind::kRoute, 2, 0.5, 750},
      {OutboxKind::kRoute, 1, 0.0, 250},     {OutboxKind::kRoute, 1, 0.999999, 749},
      {OutboxKind::kRoute, 50, 0.5, 60'000}, {OutboxKind::kRoute, 1'000'000, 0.5, 60'000},
      {OutboxKind::kPage, 1, 0.9, 1000},     {OutboxKind::kPage, 2, 0.1, 2000},
      {OutboxKind::kPage, 6, 0.1, 32'000},   {OutboxKind::kPage, 7, 0.1, 60'000},
      {OutboxKind::kRecovery, 3, 0.1, 4000},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(BackoffMs(c.kind, c.attempt, c.unit), c.expected) << c.attempt << " " << c.unit;
  }
}

TEST(IdempotencyKeys, AreStableAndUnique) {
  const std::set<std::string> keys = {RouteKey("g", "r", "webhook[0]", 1, 1),
                                      RouteKey("g", "r", "webhook[0]", 1, 2),
                                      RouteKey("g", "r", "webhook[1]", 1, 1),
                                      RouteKey("g", "r", "webhook[0]", 2, 1),
                                      RouteKey("gr", "", "webhook[0]", 1, 1),
                                      PageKey("i", {1, 0, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {2, 0, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 1, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 0, 1, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 0, 0, true}, "r", "webhook[0]"),
                                      ReportKey("i", "r", "webhook[0]"),
                                      ReportKey("j", "r", "webhook[0]")};
  EXPECT_EQ(keys.size(), 12U);
  EXPECT_TRUE(keys.contains(RouteKey("g", "r", "webhook[0]", 1, 1)));
}

TEST(OutboxRow, GivesBackWhatWasWritten) {
  OutboxRow row;
  row.id = "g1";
  row.kind = OutboxKind::kRecovery;
  row.state = OutboxState::kSending;
  row.firing = {1, 2};
  row.resolved = {3};
  row.repeat = true;
  row.unknown = true;
  row.sent_at = 5;
  row.epoch = 7;
  row.last_error = "HTTP 503";
  const std::string bytes = EncodeOutboxRow(row);
  EXPECT_EQ(EncodeOutboxRow(DecodeOutboxRow(bytes).value()), bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeOutboxRow(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
}

TEST(OutboxRow, AReportCarriesWhatItSays) {
  OutboxRow row;
  row.id = "s1";
  row.kind = OutboxKind::kReport;
  row.title = "Right-sizing";
  row.text = "line\nline\n";
  row.labels = {{"alertname", "OutriderWeeklySummary"}, {"team", "shop"}};
  const std::string bytes = EncodeOutboxRow(row);
  const OutboxRow read = DecodeOutboxRow(bytes).value();
  EXPECT_EQ(read.kind, OutboxKind::kReport);
  EXPECT_EQ(read.title, row.title);
  EXPECT_EQ(read.text, row.text);
  EXPECT_EQ(read.labels, row.labels);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeOutboxRow(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
  // What older versions wrote and read stays as it was.
  row.kind = OutboxKind::kRoute;
  EXPECT_EQ(EncodeOutboxRow(row)[0], 1);
}

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
  std::atomic<int> outcomes = 0;
};

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
  while (source.outcomes < 200) std::this_thread::yield();
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
  while (channel.hanging < 4) std::this_thread::yield();
  source.Add(1, OutboxKind::kPage, "r");
  source.Add(1, OutboxKind::kPage, "s");
  dispatcher.Wake();
  while (channel.pages < 2) std::this_thread::yield();
  EXPECT_EQ(channel.hanging, 4) << "two of each receiver";
  channel.let_go = true;
  while (source.outcomes < 8) std::this_thread::yield();
  dispatcher.Stop();
}

}  // namespace
}  // namespace outrider
