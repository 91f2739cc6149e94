// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/json.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Outcome = SendResult::Outcome;

class FakeHttp final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    requests.push_back(request);
    return answer;
  }
  std::vector<HttpClientRequest> requests;
  StatusOr<HttpClientResponse> answer = HttpClientResponse{200, "fine", false, {}};
};

class HookChannelTest : public ::testing::Test {
 protected:
  HookChannelTest() : store_(HookStore::Open(rows_, random_).value()) {
    Hook hook;
    hook.name = "h";
    hook.url = "https://hooks.example.org/x";
    hook.secret = "s3cret";
    hook.headers = {{"X-Team", "a"}};
    hook_ = store_->Create(hook, clock_.NowNanos()).value();
    channel_ = MakeHookChannel(hook_.id, DefaultIncidentsConfig(), Tools());
  }
  HookTools Tools() { return {*store_, http_, clock_, {"10.0.0.0/8"}}; }
  static Notification Message(const std::string& key) {
    Notification notification;
    notification.idempotency_key = key;
    Alert alert;
    alert.labels = Labels{{"alertname", "X"}, {"severity", "page"}};
    notification.alerts = {alert};
    return notification;
  }
  HookDelivery Newest() { return store_->Log(hook_.id, 1, std::nullopt)->at(0); }

  MemoryStore rows_;
  SeededRandom random_{1};
  FakeClock clock_{1'700'000'000 * kNanosPerSecond};
  FakeHttp http_;
  std::unique_ptr<HookStore> store_;
  Hook hook_;
  std::unique_ptr<Channel> channel_;
};

TEST(HookSignature, GoldenVector) {
  MemoryStore rows;
  SeededRandom random{1};
  FakeClock clock{1'700'000'000 * kNanosPerSecond};
  FakeHttp http;
  const auto store = HookStore::Open(rows, random).value();
  Hook hook;
  hook.secret = "s3cret";
  const HttpClientRequest request =
      HookRequest(hook, R"({"a": 1})", "k", {*store, http, clock, {}});
  EXPECT_THAT(
      request.headers,
      Contains(Pair("X-KubeOpt-Signature",
                    "sha256=1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767")));
  EXPECT_THAT(request.headers, Contains(Pair("X-Outrider-Timestamp", "1700000000")));
  // HMAC-SHA256("s3cret", "1700000000.{\"a\": 1}"), by openssl dgst.
  EXPECT_THAT(
      request.headers,
      Contains(Pair("X-Outrider-Signature",
                    "sha256=82fc0b8ba35d4f5b38af534e00d41a2de7d21fa3bae904bd50a8f0c3a7afb835")));
}

TEST(HookHeaders, AUserAgentOfItsOwnTakesNoOthersPlace) {
  MemoryStore rows;
  SeededRandom random{1};
  FakeClock clock{1'700'000'000 * kNanosPerSecond};
  FakeHttp http;
  const auto store = HookStore::Open(rows, random).value();
  Hook hook;
  hook.headers = {{"Authorization", "Bearer zzz"}, {"User-Agent", "mine"}, {"X-A", "1"}};
  const HttpClientRequest request = HookRequest(hook, "{}", "k", {*store, http, clock, {}});
  for (const auto& header : hook.headers)
    EXPECT_THAT(request.headers, Contains(Pair(header.first, header.second)));
  EXPECT_EQ(std::ranges::count_if(request.headers,
                                  [](const auto& one) { return one.first == "User-Agent"; }),
            1);
}

TEST_F(HookChannelTest, SendsGuardedSignedAndLogged) {
  EXPECT_EQ(channel_->Send(Message("k1")).outcome, Outcome::kDelivered);
  const HttpClientRequest& request = http_.requests.at(0);
  EXPECT_TRUE(request.guard_address);
  EXPECT_THAT(request.allowed_networks, ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(request.timeout, 10 * kSecond);
  EXPECT_THAT(request.headers, Contains(Pair("X-Team", "a")));
  EXPECT_THAT(request.headers, Contains(Pair("Idempotency-Key", "k1")));
  EXPECT_EQ(ParseJson(request.body)->GetString("severity"), "critical");  // by the severity map
  const HookDelivery delivery = Newest();
  EXPECT_EQ(delivery.state, HookDeliveryState::kDelivered);
  EXPECT_EQ(delivery.attempts, 1);
  EXPECT_EQ(delivery.status, 200);
  EXPECT_EQ(delivery.answer, "fine");
  EXPECT_EQ(delivery.payload, request.body);
  EXPECT_TRUE(channel_->Idempotent());
}

TEST_F(HookChannelTest, FourSendsInAllWithGrowingDelays) {
  http_.answer = HttpClientResponse{503, "down", false, {}};
  std::vector<int64_t> delays;
  for (int i = 0; i < 3; ++i) {
    const SendResult result = channel_->Send(Message("k1"));
    EXPECT_EQ(result.outcome, Outcome::kRetry);
    delays.push_back(result.retry_after_ms);
    EXPECT_EQ(Newest().state, HookDeliveryState::kRetrying);
    EXPECT_EQ(Newest().next_retry_at, clock_.NowNanos() + result.retry_after_ms * kNanosPerMilli);
    clock_.Advance(result.retry_after_ms);
  }
  EXPECT_THAT(delays, ElementsAre(1000, 2000, 4000));
  const SendResult last = channel_->Send(Message("k1"));
  EXPECT_EQ(last.outcome, Outcome::kRejected);
  EXPECT_TRUE(last.given_up);
  EXPECT_THAT(last.reason, HasSubstr("given up after 4 attempts"));
  EXPECT_EQ(Newest().state, HookDeliveryState::kFailed);
  EXPECT_EQ(Newest().attempts, 4);
  EXPECT_EQ(Newest().error, last.reason);
  EXPECT_EQ(store_->Log(hook_.id, 10, std::nullopt)->size(), 1U);
}

TEST_F(HookChannelTest, RetryAfterIsHonoured) {
  http_.answer = HttpClientResponse{429, "", false, {{"retry-after", "90"}}};
  EXPECT_EQ(channel_->Send(Message("k1")).retry_after_ms, 90'000);
}

TEST_F(HookChannelTest, RefusalsAreNotRepeated) {
  http_.answer = HttpClientResponse{400, "no s3cret here", false, {}};
  const SendResult result = channel_->Send(Message("k1"));
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_FALSE(result.given_up) << "the server answered";
  EXPECT_EQ(Newest().state, HookDeliveryState::kFailed);
  EXPECT_EQ(Newest().status, 400);
  EXPECT_THAT(Newest().answer, Not(HasSubstr("s3cret")));
  http_.answer = HttpClientResponse{404, "Cannot POST /token-1234/x", false, {}};
  const auto secret_path = [](Hook* hook) {
    hook->url = "https://hooks.example.org/token-1234/x";
    return absl::OkStatus();
  };
  ASSERT_TRUE(store_->Update(hook_.id, secret_path, 1).ok());
  EXPECT_THAT(channel_->Send(Message("k3")).reason, Not(HasSubstr("token-1234")));
  EXPECT_THAT(Newest().answer, Not(HasSubstr("token-1234")));
  http_.answer = absl::InvalidArgumentError("127.0.0.1 is a loopback address");
  EXPECT_EQ(channel_->Send(Message("k2")).outcome, Outcome::kRejected);
  EXPECT_THAT(Newest().error, HasSubstr("loopback"));
}

TEST_F(HookChannelTest, ChangesCountAtOnce) {
  const auto change = [](auto apply) {
    return [apply](Hook* hook) {
      apply(hook);
      return absl::OkStatus();
    };
  };
  ASSERT_TRUE(store_->Update(hook_.id, change([](Hook* h) { h->url = "https://other/"; }), 1).ok());
  channel_->Send(Message("k1"));
  EXPECT_EQ(http_.requests.at(0).url, "https://other/");
  ASSERT_TRUE(store_->Update(hook_.id, change([](Hook* h) { h->enabled = false; }), 1).ok());
  EXPECT_EQ(channel_->Send(Message("k2")).outcome, Outcome::kRejected);
  ASSERT_TRUE(store_->Remove(hook_.id).ok());
  EXPECT_EQ(channel_->Send(Message("k3")).outcome, Outcome::kRejected);
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(HookChannelTest, ADeliveryEndsWithItsWebhook) {
  http_.answer = HttpClientResponse{503, "down", false, {}};
  EXPECT_EQ(channel_->Send(Message("k1")).outcome, Outcome::kRetry);
  const auto disable = [](Hook* hook) {
    hook->enabled = false;
    return absl::OkStatus();
  };
  ASSERT_TRUE(store_->Update(hook_.id, disable, 1).ok());
  EXPECT_EQ(channel_->Send(Message("k1")).outcome, Outcome::kRejected);
  EXPECT_EQ(Newest().state, HookDeliveryState::kFailed);
  EXPECT_EQ(Newest().next_retry_at, 0);
  EXPECT_THAT(Newest().error, HasSubstr("deleted or disabled"));
}

// The services do not know our key: nothing is sent twice in silence.
TEST_F(HookChannelTest, WhoKnowsTheKey) {
  for (const HookType type : {HookType::kGeneric, HookType::kSlack, HookType::kDiscord,
                              HookType::kTeams, HookType::kTeamsWorkflows}) {
    const auto change = [type](Hook* hook) {
      hook->type = type;
      return absl::OkStatus();
    };
    ASSERT_TRUE(store_->Update(hook_.id, change, 1).ok());
    const bool knows = type == HookType::kGeneric;
    EXPECT_EQ(channel_->Idempotent(), knows) << HookTypeText(type);
    Notification notification = Message("k" + std::string(HookTypeText(type)));
    notification.alerts[0].annotations["description"] = "full";
    notification.note = "perhaps a repeat";
    channel_->Send(notification);
    EXPECT_EQ(http_.requests.back().fresh_connection, !knows) << HookTypeText(type);
    EXPECT_THAT(http_.requests.back().body, HasSubstr("perhaps a repeat")) << HookTypeText(type);
  }
}

TEST_F(HookChannelTest, ATestIsOneAttempt) {
  http_.answer = HttpClientResponse{503, "down", false, {}};
  const SendResult result =
      AttemptHook(hook_, SampleHookMessage(), Message("test-1"), Tools(), /*retries=*/0);
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_EQ(result.reason, "HTTP 503: down");
  EXPECT_EQ(Newest().alert_id, "test");
  EXPECT_EQ(Newest().state, HookDeliveryState::kFailed);
}

TEST(HookBackoffTest, Table) {
  std::vector<DurationMs> delays;
  for (int i = 1; i <= 9; ++i) delays.push_back(HookBackoff(i) / kSecond);
  EXPECT_THAT(delays, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
}

}  // namespace
}  // namespace outrider
