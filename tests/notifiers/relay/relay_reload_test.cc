// SPDX-License-Identifier: Apache-2.0
// Other Alertmanagers after a reload, while requests to the old ones are under way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notifiers/relay/relay_fixture.h"

namespace outrider {
namespace {

using ::testing::SizeIs;

TEST_F(RelayTest, AReloadTellsTheNewOnesEverything) {
  Relay relay(OneTarget("http://old/api/v2/alerts"), http_, store_, clock_);
  const AlertSet alerts = {ActiveOf("A", AlertState::kFiring, kStart)};
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
  const AlertSet first = {ActiveOf("A1", AlertState::kFiring, kStart)};
  const AlertSet second = {ActiveOf("A2", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", first, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.OnEvaluated({"2", second, external_, url_, kStart, 15 * kSecond});
  for (int i = 0; i < 3; ++i) {  // with the requests still on their way
    RelayConfig other = OneTarget("stays");
    other.targets[0].http.basic_user.value = std::to_string(i);
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
  const AlertSet first = {ActiveOf("A1", AlertState::kFiring, kStart)};
  const AlertSet second = {ActiveOf("A2", AlertState::kFiring, kStart)};
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
  const AlertSet alerts = {ActiveOf("A1", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"1", alerts, external_, url_, kStart, 15 * kSecond});
  held.WaitForRequests(2);
  relay.Reload(OneTarget("stays"));
  relay.Stop();
  EXPECT_THAT(held.WaitForRequests(2), SizeIs(2));
}

TEST_F(RelayTest, CountsGoOnOverAReload) {
  Relay relay(OneTarget(), http_, store_, clock_);
  Evaluate(relay, {ActiveOf("A", AlertState::kFiring, kStart)}, kStart);
  const AlertSet other = {ActiveOf("B", AlertState::kFiring, kStart)};
  relay.OnEvaluated({"2", other, external_, url_, kStart, 15 * kSecond});
  relay.Reload(OneTarget());
  EXPECT_EQ(relay.Stats()[0].sent, 1U);
  EXPECT_EQ(relay.Stats()[0].latency.count, 1U);
  EXPECT_EQ(relay.SendAll(), 1);  // what was waiting
  EXPECT_EQ(relay.Stats()[0].sent, 2U);
}

// With threads and a socket; what waits at the end is sent.

}  // namespace
}  // namespace outrider
