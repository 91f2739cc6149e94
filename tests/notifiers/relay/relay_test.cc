// SPDX-License-Identifier: Apache-2.0
// What is sent when, on virtual time; batches, queues and failures.
#include "notifiers/relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using ::testing::SizeIs;

constexpr Timestamp kStart = 1'700'000'000'000;

class FakeHttp final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    requests.push_back(request);
    if (!reachable) return absl::UnavailableError("no way");
    return HttpClientResponse{status, "", false, {}};
  }
  std::vector<HttpClientRequest> requests;
  bool reachable = true;
  int status = 200;
};

AlertPtr Alert(const char* name, AlertState state, Timestamp fired, Timestamp resolved = 0) {
  auto alert = std::make_shared<ActiveAlert>();
  alert->labels = Labels{{"alertname", name}, {"replica", "1"}};
  alert->annotations = {{"summary", "s"}};
  alert->state = state;
  alert->active_at = fired;
  alert->fired_at = fired;
  alert->resolved_at = resolved;
  return alert;
}

RelayConfig OneTarget(const std::string& url = "http://a:9093/api/v2/alerts") {
  RelayConfig config;
  config.targets.push_back({.url = url, .http = {}, .alert_relabel = {}});
  return config;
}

class RelayTest : public ::testing::Test {
 protected:
  void Evaluate(Relay& relay, const AlertSet& alerts, Timestamp ts) {
    relay.OnEvaluated({rule_, alerts, external_, url_, ts, 15 * kSecond});
    relay.SendAll();
  }
  JsonValue Body(size_t request) { return ParseJson(http_.requests.at(request).body).value(); }

  const std::string rule_ = "rule";
  const Labels external_ = {{"cluster", "c"}, {"replica", "never"}};
  const std::string url_ = "http://o/graph";
  FakeClock clock_{kStart * kNanosPerMilli};
  FakeHttp http_;
};

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
      if (c.state[i] == 'P') alerts = {Alert("A", AlertState::kPending, ts)};
      if (c.state[i] == 'F') alerts = {Alert("A", AlertState::kFiring, fired)};
      if (c.state[i] == 'R') alerts = {Alert("A", AlertState::kInactive, fired, resolved)};
      sent += book.TakeDue({rule_, alerts, external_, url_, ts, 15 * kSecond}, kMinute).empty()
                  ? '.'
                  : 's';
    }
    EXPECT_EQ(sent, c.sent);
    EXPECT_EQ(book.size(), c.state.back() == '.' || c.state.back() == 'P' ? 0U : 1U);
  }
}

TEST_F(RelayTest, ThePayload) {
  RelayConfig config = OneTarget();
  Relay relay(std::move(config), http_, clock_);
  Evaluate(relay, {Alert("A", AlertState::kFiring, kStart)}, kStart + 15 * kSecond);
  ASSERT_THAT(http_.requests, SizeIs(1));
  EXPECT_EQ(http_.requests[0].url, "http://a:9093/api/v2/alerts");
  EXPECT_EQ(
      http_.requests[0].body,
      R"([{"labels":{"alertname":"A","cluster":"c","replica":"1"},"annotations":{"summary":"s"},)"
      R"("startsAt":"2023-11-14T22:13:20Z","endsAt":"2023-11-14T22:17:35Z",)"
      R"("generatorURL":"http://o/graph"}])");
  Evaluate(relay, {Alert("A", AlertState::kInactive, kStart, kStart + 30 * kSecond)},
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
  Relay relay(std::move(config), http_, clock_);
  Evaluate(relay,
           {Alert("A", AlertState::kFiring, kStart), Alert("B", AlertState::kFiring, kStart)},
           kStart);
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_THAT(Body(0).items, SizeIs(2));
  ASSERT_THAT(Body(1).items, SizeIs(1));
  EXPECT_EQ(Body(1).items[0].Find("labels")->GetString("alertname"), "B");
  EXPECT_EQ(Body(1).items[0].Find("labels")->Find("replica"), nullptr);
}

TEST_F(RelayTest, BatchesAndABoundedQueue) {
  Relay relay(OneTarget(), http_, clock_);
  AlertSet many;
  for (size_t i = 0; i < kRelayQueue + 300; ++i) {
    many.push_back(Alert(("A" + std::to_string(i)).c_str(), AlertState::kFiring, kStart));
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
  Relay relay(OneTarget(), http_, clock_);
  http_.reachable = false;
  Evaluate(relay, {Alert("A", AlertState::kFiring, kStart)}, kStart);
  http_.reachable = true;
  http_.status = 500;
  Evaluate(relay, {Alert("B", AlertState::kFiring, kStart)}, kStart);
  http_.status = 204;
  EXPECT_EQ(relay.SendAll(), 0);
  LinkStats stats = relay.Stats()[0];
  EXPECT_EQ(stats.sent, 2U);
  EXPECT_EQ(stats.errors, 2U);
  EXPECT_EQ(stats.dropped, 2U);
  Evaluate(relay, {Alert("B", AlertState::kFiring, kStart)}, kStart + 61 * kSecond);
  stats = relay.Stats()[0];
  EXPECT_EQ(stats.sent, 3U);
  EXPECT_EQ(stats.errors, 2U);
}

TEST_F(RelayTest, AReloadTellsTheNewOnesEverything) {
  Relay relay(OneTarget("http://old/api/v2/alerts"), http_, clock_);
  const AlertSet alerts = {Alert("A", AlertState::kFiring, kStart)};
  Evaluate(relay, alerts, kStart);
  relay.Reload(OneTarget("http://new/api/v2/alerts"));
  Evaluate(relay, alerts, kStart + 15 * kSecond);
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(http_.requests[1].url, "http://new/api/v2/alerts");
  relay.Reload({});
  Evaluate(relay, alerts, kStart + 30 * kSecond);
  EXPECT_THAT(http_.requests, SizeIs(2));
}

// Holds every request until it is let go, or given up.
class HeldHttp final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    const std::stop_callback look_again(request.stop, [&] { const absl::MutexLock lock(&mutex_); });
    const auto over = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return let_go_ || request.stop.stop_requested();
    };
    const absl::MutexLock lock(&mutex_);
    lines_.push_back(request.url + " " + request.body.substr(request.body.find("\"A"), 4));
    mutex_.Await(absl::Condition(&over));
    if (!let_go_) return absl::CancelledError("given up");
    return HttpClientResponse{200, "", false, {}};
  }
  void LetGo() {
    const absl::MutexLock lock(&mutex_);
    let_go_ = true;
  }
  std::vector<std::string> WaitForRequests(size_t count) {
    const auto there = [&]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return lines_.size() >= count; };
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
    return lines_;
  }

 private:
  absl::Mutex mutex_;
  bool let_go_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// An Alertmanager that does not answer holds no reload up, and nothing overtakes its request.
TEST_F(RelayTest, AReloadWaitsForNobody) {
  HeldHttp held;
  RelayConfig two = OneTarget("stays");
  two.targets.push_back({.url = "goes", .http = {}, .alert_relabel = {}});
  Relay relay(std::move(two), held, clock_);
  relay.Start();
  const AlertSet first = {Alert("A1", AlertState::kFiring, kStart)};
  const AlertSet second = {Alert("A2", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", first, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.OnEvaluated({"2", second, external_, url_, kStart, 15 * kSecond});
  for (int i = 0; i < 3; ++i) {  // with the requests still on their way
    RelayConfig other = OneTarget("stays");
    other.targets[0].http.basic_user = std::to_string(i);
    relay.Reload(std::move(other));
  }
  EXPECT_THAT(held.WaitForRequests(2), SizeIs(2));
  ASSERT_THAT(relay.Stats(), SizeIs(1));
  EXPECT_EQ(relay.Stats()[0].queue, 1U);
  held.LetGo();
  EXPECT_THAT(held.WaitForRequests(4),
              ::testing::UnorderedElementsAre("stays \"A1\"", "goes \"A1\"", "stays \"A2\"",
                                              "goes \"A2\""));
  // Nobody has to hear anything again.
  relay.OnEvaluated({"1", first, external_, url_, kStart + 15 * kSecond, 15 * kSecond});
  relay.Stop();
  EXPECT_THAT(held.WaitForRequests(4), SizeIs(4));
}

// The end does not wait for Alertmanagers of before a reload either.
TEST_F(RelayTest, TheEndGivesOldRequestsUp) {
  HeldHttp held;
  RelayConfig two = OneTarget("stays");
  two.targets.push_back({.url = "goes", .http = {}, .alert_relabel = {}});
  Relay relay(std::move(two), held, clock_);
  relay.Start();
  const AlertSet alerts = {Alert("A1", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", alerts, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.Reload(OneTarget("stays"));
  relay.Stop();
  EXPECT_THAT(held.WaitForRequests(2), SizeIs(2));
}

TEST_F(RelayTest, CountsGoOnOverAReload) {
  Relay relay(OneTarget(), http_, clock_);
  Evaluate(relay, {Alert("A", AlertState::kFiring, kStart)}, kStart);
  const AlertSet other = {Alert("B", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"2", other, external_, url_, kStart, 15 * kSecond});
  relay.Reload(OneTarget());
  EXPECT_EQ(relay.Stats()[0].sent, 1U);
  EXPECT_EQ(relay.Stats()[0].latency.count, 1U);
  EXPECT_EQ(relay.SendAll(), 1);  // what was waiting
  EXPECT_EQ(relay.Stats()[0].sent, 2U);
}

// With threads and a socket; what waits at the end is sent.
TEST_F(RelayTest, OverHttp) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  {
    RelayConfig config = OneTarget(sink.Url("/api/v2/alerts"));
    config.targets[0].http.basic_user = "u";
    config.targets[0].http.basic_password.value = "p";
    Relay relay(std::move(config), *client, clock_);
    relay.Start();
    const AlertSet alerts = {Alert("A", AlertState::kFiring, kStart)};
    relay.OnEvaluated({rule_, alerts, external_, url_, kStart, 15 * kSecond});
    ASSERT_TRUE(sink.WaitForRequests(1));
    const AlertSet others = {Alert("B", AlertState::kFiring, kStart)};
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
