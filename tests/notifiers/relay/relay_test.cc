// SPDX-License-Identifier: Apache-2.0
// What is sent when, on virtual time; batches, queues and failures.
#include "notifiers/relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notifiers/relay/relay_fixture.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using ::testing::SizeIs;

// One letter an evaluation of 15 s: what the alert is (. none, P pending, F firing, R resolved),
// and whether it is sent (s).
struct ResendCase {
  const char* name;
  std::string state, sent;
};

const ResendCase kResends[] = {
    {"pending is not sent", "PPPPPPPP", "........"},
    // Sent again when more than a minute has passed, which the fifth slot has not quite reached.
    {"again and again", "FFFFFFFFFFFF", "s....s....s."},
    {"pending, firing, resolved", "PPFFRRRRRRR.", "..s.s....s.."},
    {"resolved and back", "FFRF", "s.ss"},
    {"forgotten, then new", "F....F", "s....s"},
};

TEST_F(RelayTest, WhenItIsSent) {
  for (const ResendCase& c : kResends) {
    SCOPED_TRACE(c.name);
    SendBook book;
    Timestamp fired = 0;
    Timestamp resolved = 0;
    std::string sent;
    for (size_t i = 0; i < c.state.size(); ++i) {
      const Timestamp ts = kStart + static_cast<Timestamp>(i) * 15 * kSecond;
      const char before = i == 0 ? '.' : c.state[i - 1];
      if (c.state[i] == 'F' && before != 'F') fired = ts;
      if (c.state[i] == 'R' && before != 'R') resolved = ts;
      AlertSet alerts;
      if (c.state[i] == 'P') alerts = {ActiveOf("A", AlertState::kPending, ts)};
      if (c.state[i] == 'F') alerts = {ActiveOf("A", AlertState::kFiring, fired)};
      if (c.state[i] == 'R') alerts = {ActiveOf("A", AlertState::kInactive, fired, resolved)};
      sent += book.TakeDue({rule_, alerts, external_, url_, ts, 15 * kSecond}, kMinute).due.empty()
                  ? '.'
                  : 's';
    }
    EXPECT_EQ(sent, c.sent);
    EXPECT_EQ(book.size(), c.state.back() == '.' || c.state.back() == 'P' ? 0U : 1U);
  }
}

TEST_F(RelayTest, ThePayload) {
  RelayConfig config = OneTarget();
  Relay relay(std::move(config), http_, store_, clock_);
  Evaluate(relay, {ActiveOf("A", AlertState::kFiring, kStart)}, kStart + 15 * kSecond);
  ASSERT_THAT(http_.requests, SizeIs(1));
  EXPECT_EQ(http_.requests[0].url, "http://a:9093/api/v2/alerts");
  EXPECT_EQ(
      http_.requests[0].body,
      R"([{"labels":{"alertname":"A","cluster":"c","replica":"1"},"annotations":{"summary":"s"},)"
      R"("startsAt":"2023-11-14T22:13:20Z","endsAt":"2023-11-14T22:17:35Z",)"
      R"("generatorURL":"http://o/graph"}])");
  Evaluate(relay, {ActiveOf("A", AlertState::kInactive, kStart, kStart + 30 * kSecond)},
           kStart + 30 * kSecond);
  EXPECT_EQ(Body(1).items[0].GetString("endsAt"), "2023-11-14T22:13:50Z");
}

TEST_F(RelayTest, RelabelledForAllAndForOne) {
  const YamlNode drop = ParseYaml("[{regex: replica, action: labeldrop}]", "f").value();
  const YamlNode keep =
      ParseYaml("[{source_labels: [alertname], regex: B, action: keep}]", "f").value();
  RelayConfig config = OneTarget();
  config.targets.push_back({.url = "http://b/api/v2/alerts",
                            .http = {},
                            .alert_relabel = ReadRelabelRules(&keep, "f").value()});
  config.alert_relabel = ReadRelabelRules(&drop, "f").value();
  Relay relay(std::move(config), http_, store_, clock_);
  Evaluate(relay,
           {ActiveOf("A", AlertState::kFiring, kStart), ActiveOf("B", AlertState::kFiring, kStart)},
           kStart);
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_THAT(Body(0).items, SizeIs(2));
  ASSERT_THAT(Body(1).items, SizeIs(1));
  EXPECT_EQ(Body(1).items[0].Find("labels")->GetString("alertname"), "B");
  EXPECT_EQ(Body(1).items[0].Find("labels")->Find("replica"), nullptr);
}

TEST_F(RelayTest, BatchesAndABoundedQueue) {
  Relay relay(OneTarget(), http_, store_, clock_);
  AlertSet many;
  for (size_t i = 0; i < kRelayQueue + 300; ++i) {
    many.push_back(ActiveOf(("A" + std::to_string(i)).c_str(), AlertState::kFiring, kStart));
  }
  Evaluate(relay, many, kStart);
  ASSERT_THAT(http_.requests, SizeIs((kRelayQueue + kRelayBatch - 1) / kRelayBatch));
  EXPECT_THAT(Body(0).items, SizeIs(kRelayBatch));
  EXPECT_EQ(Body(0).items[0].Find("labels")->GetString("alertname"), "A300");  // the oldest went
  const LinkStats stats = relay.Stats()[0];
  EXPECT_EQ(stats.sent, kRelayQueue);
  EXPECT_EQ(stats.dropped, 300U);
  EXPECT_EQ(stats.errors, 0U);
  EXPECT_EQ(stats.queue, 0U);
}

TEST_F(RelayTest, FailuresAreCountedAndNotTriedAgain) {
  Relay relay(OneTarget(), http_, store_, clock_);
  http_.reachable = false;
  Evaluate(relay, {ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  http_.reachable = true;
  http_.status = 500;
  Evaluate(relay, {ActiveOf("B", AlertState::kFiring, kStart)}, kStart);
  http_.status = 204;
  EXPECT_EQ(relay.SendAll(), 0);
  LinkStats stats = relay.Stats()[0];
  EXPECT_EQ(stats.sent, 2U);
  EXPECT_EQ(stats.errors, 2U);
  EXPECT_EQ(stats.dropped, 2U);
  Evaluate(relay, {ActiveOf("B", AlertState::kFiring, kStart)}, kStart + 61 * kSecond);
  stats = relay.Stats()[0];
  EXPECT_EQ(stats.sent, 3U);
  EXPECT_EQ(stats.errors, 2U);
}

TEST_F(RelayTest, OverHttp) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  {
    RelayConfig config = OneTarget(sink.Url("/api/v2/alerts"));
    config.targets[0].http.basic_user.value = "u";
    config.targets[0].http.basic_password.value = "p";
    Relay relay(std::move(config), *client, store_, clock_);
    relay.Start();
    const AlertSet alerts = {ActiveOf("A", AlertState::kFiring, kStart)};
    relay.OnEvaluated({rule_, alerts, external_, url_, kStart, 15 * kSecond});
    ASSERT_TRUE(sink.WaitForRequests(1));
    const AlertSet others = {ActiveOf("B", AlertState::kFiring, kStart)};
    relay.OnEvaluated({"other", others, external_, url_, kStart, 15 * kSecond});
  }
  const auto requests = sink.Requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].path, "/api/v2/alerts");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[0].headers.at("authorization"), "Basic dTpw");
}

}  // namespace
}  // namespace outrider
