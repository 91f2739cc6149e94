// SPDX-License-Identifier: Apache-2.0
// What is sent when, on virtual time; batches, queues and failures.
#include "notifiers/relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/relay/sent_rows.h"
#include "storage/base/json.h"
#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"
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
  MemoryStore store_;
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
  Relay relay(std::move(config), http_, store_, clock_);
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
  Relay relay(OneTarget(), http_, store_, clock_);
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
  Relay relay(OneTarget(), http_, store_, clock_);
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
  Relay relay(OneTarget("http://old/api/v2/alerts"), http_, store_, clock_);
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
      AlertSet alerts = {Alert(("A" + std::to_string(number)).c_str(),
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
  Tell({Alert("A", AlertState::kFiring, kStart)}, kStart);
  relay_->SendAll();
  const Timestamp resolved = kStart + kMinute;
  Tell({Alert("A", AlertState::kInactive, kStart, resolved)}, resolved);
  Start();  // killed before it went out, and for 20 minutes
  for (int i = 0; i < 3; ++i) {
    Tell({Alert("A", AlertState::kInactive, kStart, resolved)}, resolved + (20 + i) * kMinute);
    relay_->SendAll();
  }
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(Body(1).items[0].GetString("endsAt"), "2023-11-14T22:14:20Z");
}

TEST_F(RelayRestartTest, OthersHaveHeardOfNothing) {
  Start();
  const AlertSet alerts = {Alert("A", AlertState::kFiring, kStart)};
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
  const AlertSet alerts = {Alert("A", AlertState::kFiring, kStart)};
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
    Tell({Alert("A", AlertState::kFiring, kStart)}, kStart + i * 15 * kSecond);
    relay_->SendAll();
  }
  EXPECT_THAT(http_.requests, SizeIs(12));
  EXPECT_EQ(store_.Stats().commits, 3U);
  EXPECT_EQ(store_.Stats().synced_commits, 0U);
  Tell({Alert("A", AlertState::kInactive, kStart, kStart + 3 * kMinute)}, kStart + 3 * kMinute);
  relay_->SendAll();
  EXPECT_EQ(store_.Stats().commits, 4U);
}

TEST_F(RelayRestartTest, OldAndBrokenRowsAreCleared) {
  Start();
  Tell({Alert("A", AlertState::kFiring, kStart)}, kStart);
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
  const AlertSet alerts = {Alert("A", AlertState::kFiring, kStart)};
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
  Tell({Alert("A", AlertState::kFiring, kStart)}, kStart);
  relay_->SendAll();
  EXPECT_EQ(Rows(), 1U);
  const AlertSet last = {Alert("A", AlertState::kInactive, kStart, kStart + kMinute)};
  relay_->OnEvaluated({rule_, last, external_, url_, kStart + kMinute, /*interval=*/0});
  EXPECT_EQ(relay_->SendAll(), 1);
  EXPECT_EQ(Rows(), 0U);
}

TEST_F(RelayRestartTest, AStoreThatRefusesStopsNothing) {
  FaultyStore full(store_, {StoreFault::kFailFrom, 1});
  Relay relay(OneTarget(), http_, full, clock_);
  ASSERT_TRUE(relay.Restore().ok());
  Evaluate(relay, {Alert("A", AlertState::kFiring, kStart)}, kStart);
  Evaluate(relay, {Alert("A", AlertState::kFiring, kStart)}, kStart + 61 * kSecond);
  EXPECT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(Rows(), 0U);
}

// Holds every request until it is let go, or given up.
class HeldHttp final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    const std::stop_callback look_again(request.stop, [&] {
      const absl::MutexLock lock(&mutex_);
      changed_.SignalAll();
    });
    const absl::MutexLock lock(&mutex_);
    lines_.push_back(request.url + " " + request.body.substr(request.body.find("\"A"), 4));
    changed_.SignalAll();
    while (!let_go_ && !request.stop.stop_requested()) changed_.Wait(&mutex_);
    if (!let_go_) return absl::CancelledError("given up");
    return HttpClientResponse{200, "", false, {}};
  }
  void LetGo() {
    const absl::MutexLock lock(&mutex_);
    let_go_ = true;
    changed_.SignalAll();
  }
  std::vector<std::string> WaitForRequests(size_t count) {
    const absl::MutexLock lock(&mutex_);
    while (lines_.size() < count) changed_.Wait(&mutex_);
    return lines_;
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool let_go_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// An Alertmanager that does not answer holds no reload up, and nothing overtakes its request.
TEST_F(RelayTest, AReloadWaitsForNobody) {
  HeldHttp held;
  RelayConfig two = OneTarget("stays");
  two.targets.push_back({.url = "goes", .http = {}, .alert_relabel = {}});
  Relay relay(std::move(two), held, store_, clock_);
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
  EXPECT_EQ(relay.Stats()[0].errors, 0U);  // no reload has cut the first request
  // Nobody has to hear anything again.
  relay.OnEvaluated({"1", first, external_, url_, kStart + 15 * kSecond, 15 * kSecond});
  relay.Stop();
  EXPECT_THAT(held.WaitForRequests(4), SizeIs(4));
}

// One that is taken out and put back is not sent to by two links at once.
TEST_F(RelayTest, WhoComesBackGoesOn) {
  HeldHttp held;
  RelayConfig two = OneTarget("stays");
  two.targets.push_back({.url = "goes", .http = {}, .alert_relabel = {}});
  Relay relay(two, held, store_, clock_);
  relay.Start();
  const AlertSet first = {Alert("A1", AlertState::kFiring, kStart)};
  const AlertSet second = {Alert("A2", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", first, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.OnEvaluated({"2", second, external_, url_, kStart, 15 * kSecond});
  relay.Reload(OneTarget("stays"));
  relay.Reload(two);
  ASSERT_THAT(relay.Stats(), SizeIs(2));
  EXPECT_EQ(relay.Stats()[1].queue, 1U);
  EXPECT_THAT(held.WaitForRequests(2), SizeIs(2));
  held.LetGo();
  EXPECT_THAT(held.WaitForRequests(4),
              ::testing::UnorderedElementsAre("stays \"A1\"", "goes \"A1\"", "stays \"A2\"",
                                              "goes \"A2\""));
  relay.Stop();
}

// The end does not wait for Alertmanagers of before a reload either.
TEST_F(RelayTest, TheEndGivesOldRequestsUp) {
  HeldHttp held;
  RelayConfig two = OneTarget("stays");
  two.targets.push_back({.url = "goes", .http = {}, .alert_relabel = {}});
  Relay relay(std::move(two), held, store_, clock_);
  relay.Start();
  const AlertSet alerts = {Alert("A1", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", alerts, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.Reload(OneTarget("stays"));
  relay.Stop();
  EXPECT_THAT(held.WaitForRequests(2), SizeIs(2));
}

TEST_F(RelayTest, CountsGoOnOverAReload) {
  Relay relay(OneTarget(), http_, store_, clock_);
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
    Relay relay(std::move(config), *client, store_, clock_);
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
