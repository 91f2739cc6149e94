// SPDX-License-Identifier: Apache-2.0
// The way to one integration: limits, rate, breaker; its configuration; the queues of waiting rows.
#include "notifiers/outbox/lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "notifiers/outbox/outbox_queues.h"

namespace outrider {
namespace {

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;
constexpr Nanos Sec(double seconds) {
  return kT0 + static_cast<Nanos>(seconds * static_cast<double>(kNanosPerSecond));
}
const SendResult kFailed = SendResult::Retry("no answer", "other");

// One attempt that ends at once.
void Try(Lane& lane, const SendResult& result, double at, const LanePolicy& policy,
         bool urgent = false) {
  lane.Begin(urgent, Sec(at), policy);
  lane.End(urgent, result, Sec(at), policy);
}

// All that it waits for comes as much earlier by the wall's clock.
TEST(Lane, WaitsNoLongerWhenTheClockIsSetBack) {
  LanePolicy policy;
  policy.breaker_failures = 1;
  policy.rate_limit = 0.1;
  policy.rate_burst = 1;
  Lane lane;
  Try(lane, SendResult::Retry("HTTP 429", "rateLimited", 600'000), 0, policy);
  const LaneRoom before = lane.RoomAt(Sec(1), policy);
  ASSERT_GT(before.again, Sec(500));
  constexpr int64_t kHourBack = 3600 * kNanosPerSecond;
  lane.SetBack(kHourBack);
  const LaneRoom after = lane.RoomAt(Sec(1) - kHourBack, policy);
  EXPECT_EQ(after.again, before.again - kHourBack);
  EXPECT_EQ(after.failing_since, before.failing_since - kHourBack);
  EXPECT_EQ(after.urgent, before.urgent);
  EXPECT_EQ(after.others, before.others);
  EXPECT_EQ(lane.StateAt(Sec(601) - kHourBack), BreakerState::kHalfOpen);
}

TEST(Lane, HasRoomForSoMany) {
  LanePolicy policy;
  policy.max_in_flight = 2;
  Lane lane;
  EXPECT_EQ(lane.RoomAt(kT0, policy).others, 2);
  EXPECT_EQ(lane.RoomAt(kT0, policy).urgent, 4) << "pages have two places more";
  lane.Begin(false, kT0, policy);
  lane.Begin(false, kT0, policy);
  EXPECT_EQ(lane.RoomAt(kT0, policy).others, 0);
  EXPECT_EQ(lane.RoomAt(kT0, policy).urgent, 2);
  EXPECT_EQ(lane.RoomAt(kT0, policy).again, 0) << "only an attempt that ends makes room";
  lane.End(false, {}, kT0, policy);
  EXPECT_EQ(lane.RoomAt(kT0, policy).others, 1);
  lane.Cancel(false);
  EXPECT_EQ(lane.RoomAt(kT0, policy).others, 2);
  EXPECT_EQ(lane.attempts(), 1U);
}

TEST(Lane, GivingUpIsNoAnswer) {
  const LanePolicy policy;
  Lane lane;
  Try(lane, kFailed, 1, policy);
  SendResult given_up = SendResult::Rejected("given up", "serverError");
  given_up.given_up = true;
  Try(lane, given_up, 2, policy);
  EXPECT_EQ(lane.RoomAt(Sec(2), policy).failing_since, Sec(1));
  Try(lane, SendResult::Rejected("HTTP 400", "clientError"), 3, policy);
  EXPECT_EQ(lane.RoomAt(Sec(3), policy).failing_since, 0);
}

TEST(Lane, AnAnswerAboutTheMessageSaysNothingOfTheWay) {
  struct Case {
    const char* code;
    int status;
    bool fails;
  };
  for (const Case& c : {Case{"clientError", 400, false}, Case{"clientError", 404, false},
                        Case{"clientError", 408, true}, Case{"clientError", 200, true},
                        Case{"authError", 401, true}, Case{"rateLimited", 429, true},
                        Case{"serverError", 500, true}, Case{"serverError", 450, true}}) {
    SCOPED_TRACE(c.status);
    LanePolicy policy;
    policy.breaker_failures = 2;
    Lane lane;
    SendResult result = SendResult::Retry("no", c.code);
    result.status = c.status;
    for (int i = 0; i < 4; ++i) Try(lane, result, i, policy);
    EXPECT_EQ(lane.StateAt(Sec(4)) == BreakerState::kOpen, c.fails);
    EXPECT_EQ(lane.failing_since() != 0, c.fails);
  }
}

TEST(Lane, TheRateLimitLetsABurstGoAndThenItsRate) {
  LanePolicy policy;
  policy.rate_limit = 2;
  policy.rate_burst = 3;
  Lane lane;
  EXPECT_EQ(lane.RoomAt(kT0, policy).others, 3);
  for (int i = 0; i < 3; ++i) Try(lane, {}, 0, policy);
  LaneRoom room = lane.RoomAt(kT0, policy);
  EXPECT_EQ(room.others, 0);
  EXPECT_EQ(room.again, Sec(0.5));
  EXPECT_GT(room.urgent, 0) << "a page does not wait for a rate";
  EXPECT_EQ(lane.RoomAt(Sec(0.5), policy).others, 1);
  EXPECT_EQ(lane.RoomAt(Sec(100), policy).others, 3) << "no more than a burst is saved up";
  EXPECT_EQ(lane.limited(), 1U);
  Try(lane, {}, 0.5, policy, /*urgent=*/true);  // but it counts
  EXPECT_EQ(lane.RoomAt(Sec(0.5), policy).others, 0);
}

TEST(Lane, TheBreakerOpensTriesOneAndDoubles) {
  LanePolicy policy;
  policy.breaker_failures = 3;
  policy.breaker_open = 10 * kSecond;
  policy.breaker_open_max = 30 * kSecond;
  Lane lane;
  Try(lane, kFailed, -30, policy);
  Try(lane, kFailed, 1, policy);
  EXPECT_EQ(lane.StateAt(Sec(1)), BreakerState::kClosed);
  Try(lane, kFailed, 2, policy);
  EXPECT_EQ(lane.StateAt(Sec(2)), BreakerState::kOpen);
  EXPECT_EQ(lane.RoomAt(Sec(2), policy).others, 0);
  EXPECT_EQ(lane.RoomAt(Sec(2), policy).again, Sec(12));
  EXPECT_EQ(lane.RoomAt(Sec(2), policy).urgent, 1) << "pages are tried, one at a time";
  EXPECT_EQ(lane.RoomAt(Sec(2), policy).failing_since, Sec(-30));
  EXPECT_EQ(lane.StateAt(Sec(12)), BreakerState::kHalfOpen);
  EXPECT_EQ(lane.RoomAt(Sec(12), policy).others, 1) << "one message is tried";
  lane.Begin(false, Sec(12), policy);
  EXPECT_EQ(lane.RoomAt(Sec(12), policy).others, 0);
  lane.End(false, kFailed, Sec(13), policy);
  EXPECT_EQ(lane.RoomAt(Sec(13), policy).again, Sec(33)) << "twice as long";
  Try(lane, kFailed, 33, policy);
  EXPECT_EQ(lane.RoomAt(Sec(33), policy).again, Sec(63)) << "not longer than the most";
  EXPECT_EQ(lane.trips(), 3U);
  Try(lane, {}, 63, policy);
  EXPECT_EQ(lane.StateAt(Sec(63)), BreakerState::kClosed);
  EXPECT_EQ(lane.RoomAt(Sec(63), policy).others, policy.max_in_flight);
  EXPECT_EQ(lane.failing_since(), 0);
}

// A receiver that restarts is heard of again within two seconds, as with Alertmanager.
TEST(Lane, AShortOutageIsNotMadeLonger) {
  const LanePolicy policy;
  Lane lane;
  for (int i = 0; i < 5; ++i) Try(lane, kFailed, i, policy);
  double tried = 4;
  std::vector<double> waits;
  while (tried < 80) {
    const double next = static_cast<double>(lane.RoomAt(Sec(tried), policy).again - kT0) /
                        static_cast<double>(kNanosPerSecond);
    waits.push_back(next - tried);
    tried = next;
    Try(lane, kFailed, tried, policy);
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 8, 16, 32));
}

TEST(Lane, ARefusalIsAnAnswer) {
  LanePolicy policy;
  policy.breaker_failures = 2;
  Lane lane;
  for (int i = 0; i < 10; ++i) {
    Try(lane, kFailed, i, policy);
    Try(lane, SendResult::Rejected("HTTP 400", "clientError"), i, policy);
  }
  EXPECT_EQ(lane.StateAt(Sec(10)), BreakerState::kClosed);
  EXPECT_EQ(lane.failures(), 10U);
}

TEST(Lane, WithoutABreakerNothingIsPutOff) {
  LanePolicy policy;
  policy.breaker_failures = 0;
  Lane lane;
  for (int i = 0; i < 100; ++i) Try(lane, kFailed, i, policy);
  EXPECT_EQ(lane.RoomAt(Sec(100), policy).others, policy.max_in_flight);
}

TEST(Lane, RetryAfterHoldsTheWholeLane) {
  const LanePolicy policy;
  Lane lane;
  Try(lane, SendResult::Retry("HTTP 429", "rateLimited", 7000), 0, policy);
  const LaneRoom room = lane.RoomAt(Sec(1), policy);
  EXPECT_EQ(room.others, 0);
  EXPECT_EQ(room.urgent, 0);
  EXPECT_EQ(room.again, Sec(7));
  EXPECT_EQ(lane.RoomAt(Sec(7), policy).others, policy.max_in_flight);
}

// ---- the configuration

StatusOr<DeliveryConfig> Read(const std::string& text) {
  const YamlNode node = ParseYaml(text, "outrider.yml").value();
  YamlReader reader(node, "outrider.yml", "section alerting");
  DeliveryConfig config;
  ReadDelivery(reader, "outrider.yml", &config);
  TRY(reader.Finish());
  return config;
}

TEST(DeliveryConfig, ReceiversBeginWithWhatHoldsForAll) {
  const DeliveryConfig config = Read(R"(delivery:
  max_in_flight: 4
  fallback_receiver: mail
  fallback_after: 2m
  receivers:
    sms: {rate_limit: 0.5, rate_burst: 1}
    mail: {breaker_failures: 0}
)")
                                    .value();
  EXPECT_EQ(config.Of("sms").max_in_flight, 4);
  EXPECT_EQ(config.Of("sms").rate_limit, 0.5);
  EXPECT_EQ(config.Of("sms").fallback_receiver, "mail");
  EXPECT_EQ(config.Of("mail").fallback_receiver, "") << "not its own";
  EXPECT_EQ(config.Of("other"), config.all);
  const auto exists = [](std::string_view name) { return name == "mail" || name == "sms"; };
  EXPECT_TRUE(CheckFallbacks(config, exists).ok());
  EXPECT_FALSE(CheckFallbacks(config, [](std::string_view) { return false; }).ok());
  EXPECT_EQ(Read("other: 1").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Read("").value(), DeliveryConfig());
}

TEST(DeliveryConfig, MistakesNameTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"delivery: {max_in_flight: 0}", "outrider.yml:1:27: max_in_flight must be from 1 to 256"},
      {"delivery: {rate_limit: -1}", "outrider.yml:1:24: rate_limit must not be negative"},
      {"delivery: {rate_burst: 0}", "outrider.yml:1:24: rate_burst must be at least 1"},
      {"delivery: {breaker_open: 100ms}", "outrider.yml:1:26: breaker_open must be at least 1s"},
      {"delivery: {breaker_open_max: 1s}",
       "outrider.yml:1:30: breaker_open_max must not be less than breaker_open"},
      {"delivery: {receivers: [a]}", "outrider.yml:1:23: receivers: want names and their settings"},
      {"delivery: {receivers: {a: {rate: 1}}}", "outrider.yml:1:28: "},
  };
  for (const auto& [text, error] : cases) {
    const auto read = Read(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_TRUE(Message(read.status()).starts_with(error)) << text << ": " << read.status();
  }
}

// ---- the queues

OutboxRow Waiting(const char* id, const char* receiver, OutboxKind kind, Nanos due) {
  OutboxRow row;
  row.id = id;
  row.receiver = receiver;
  row.integration = "webhook[0]";
  row.kind = kind;
  row.due = due;
  return row;
}

TEST(OutboxQueues, AreByLaneAndDue) {
  OutboxQueues queues;
  const OutboxRow a = Waiting("a", "r", OutboxKind::kRoute, 5);
  const OutboxRow b = Waiting("b", "r", OutboxKind::kPage, 7);
  const OutboxRow c = Waiting("c", "s", OutboxKind::kReport, 6);
  OutboxRow d_row = Waiting("d", "s", OutboxKind::kRoute, 2);
  d_row.diverted = true;
  const OutboxRow& d = d_row;
  for (const OutboxRow* row : {&a, &b, &c, &d}) queues.Add(*row);
  EXPECT_EQ(queues.FirstDue(), 2);
  const std::string r = LaneName("r", "webhook[0]");
  const std::string s = LaneName("s", "webhook[0]");
  EXPECT_EQ(queues.lanes(), (std::set<std::pair<Nanos, std::string>>{{2, s}, {5, r}}));
  EXPECT_EQ(queues.Of(r).urgent.size(), 1U);
  EXPECT_EQ(queues.Of(s).diverted.size(), 1U);
  queues.Remove(a);
  EXPECT_EQ(queues.Of(r).FirstDue(), 7);
  queues.Remove(d);
  queues.Remove(c);
  queues.Remove(b);
  EXPECT_TRUE(queues.empty());
  queues.Remove(b);  // is not in it
  EXPECT_TRUE(queues.empty());
}

}  // namespace
}  // namespace outrider
