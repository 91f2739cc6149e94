// SPDX-License-Identifier: Apache-2.0
// How alerts reach webhooks, through a real desk.
#include "notifiers/hooks/hook_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/desk/desk.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;

TEST(HookRoute, MinimumSeverity) {
  const IncidentsConfig severities = DefaultIncidentsConfig();
  const struct {
    std::optional<Severity> minimum;
    std::vector<std::string> in;
    std::vector<std::string> out;
  } kCases[] = {
      {std::nullopt, {"", "info", "critical", "strange"}, {}},
      {Severity::kInfo, {"", "info", "critical", "strange"}, {}},
      {Severity::kLow, {"", "low", "warning", "strange"}, {"info"}},
      {Severity::kMedium, {"", "medium", "warning", "page", "strange"}, {"low", "info"}},
      // What says nothing, or something unknown, is of medium severity.
      {Severity::kHigh,
       {"high", "error", "critical", "PAGE"},
       {"", "warning", "medium", "strange"}},
      {Severity::kCritical, {"critical", "page", "Critical"}, {"high", "", "xcritical"}},
  };
  for (const auto& c : kCases) {
    Hook hook;
    hook.id = "1";
    hook.minimum = c.minimum;
    const RouteConfig route = MakeHookRoute(hook, severities).value();
    const auto matches = [&](const std::string& severity) {
      return MatchesAll(route.matchers, Labels{{"severity", severity}});
    };
    for (const std::string& severity : c.in) EXPECT_TRUE(matches(severity)) << severity;
    for (const std::string& severity : c.out) EXPECT_FALSE(matches(severity)) << severity;
  }
}

// Of the receiver of the file; nothing is sent through it here.
class QuietChannel final : public Channel {
 public:
  SendResult Send(const Notification& /*notification*/) override { return {}; }
  bool Idempotent() const override { return true; }
};

std::shared_ptr<const Receivers> FileReceivers() {
  std::vector<Receiver> receivers(1);
  receivers[0].name = "log";
  Integration& integration = receivers[0].integrations.emplace_back();
  integration.kind = "log";
  integration.channel = std::make_unique<QuietChannel>();
  return std::make_shared<const Receivers>(std::move(receivers));
}

class HookDeskTest : public ::testing::Test {
 protected:
  HookDeskTest() : hooks_(HookStore::Open(store_, random_).value()) {
    desk_ = Desk::Load(store_, random_, Config(), clock_.NowNanos()).value();
  }
  DeskConfig Config() {
    DeskConfig config;
    config.alertmanager = DefaultAlertmanagerConfig();
    config.incidents = DefaultIncidentsConfig();
    const HookTools tools{*hooks_, *http_, clock_, {}};
    HookSet set = MakeHookSet(hooks_->List(), config.incidents, tools, FileReceivers()).value();
    config.receivers = set.receivers;
    config.api_routes = set.routes;
    return config;
  }
  Hook Add(const std::string& name, std::optional<Severity> minimum) {
    Hook hook;
    hook.name = name;
    hook.url = "https://hooks.example.org/";
    hook.minimum = minimum;
    hook = hooks_->Create(hook, clock_.NowNanos()).value();
    Apply();
    return hook;
  }
  void Apply() {
    DeskConfig config = Config();
    EXPECT_TRUE(
        desk_->ReplaceApiRoutes(config.api_routes, config.receivers, clock_.NowNanos()).ok());
  }
  // Sends what is due, with this result.
  void SendAll(const SendResult& result) {
    const auto claimed = desk_->Claim(clock_.NowNanos(), 100, [](const std::string&) {
      LaneRoom room;
      room.others = 100;
      return room;
    });
    ASSERT_TRUE(claimed.ok());
    for (const ClaimedMessage& message : claimed->messages) {
      FinishedAttempt attempt;
      attempt.row_id = message.row.id;
      attempt.began = attempt.ended = clock_.NowNanos();
      attempt.result = result;
      ASSERT_TRUE(desk_->OnOutcomes({&attempt, 1}, clock_.NowNanos()).ok());
    }
  }
  void Post(const std::string& name, const std::string& severity) {
    Alert alert;
    alert.labels = Labels{{"alertname", name}, {"severity", severity}};
    ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, clock_.NowNanos()).ok());
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  }
  void End(const std::string& name, const std::string& severity) {
    Alert alert;
    alert.labels = Labels{{"alertname", name}, {"severity", severity}};
    alert.ends_at = {clock_.NowNanos(), 0};
    ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, clock_.NowNanos()).ok());
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  }
  // (receiver, alerts) of what waits to be sent.
  std::vector<std::string> Waiting() {
    std::vector<std::string> out;
    for (const OutboxRow& row : desk_->Outbox()) out.push_back(row.receiver);
    std::ranges::sort(out);
    return out;
  }

  MemoryStore store_;
  SeededRandom random_{1};
  FakeClock clock_{1'700'000'000 * kNanosPerSecond};
  std::unique_ptr<HttpClient> http_ = MakeCurlHttpClient();
  std::unique_ptr<HookStore> hooks_;
  std::unique_ptr<Desk> desk_;
};

TEST_F(HookDeskTest, EachWebhookHearsOfEachAlertAtOnce) {
  const Hook all = Add("all", std::nullopt);
  const Hook high = Add("high", Severity::kHigh);
  Post("A", "info");
  EXPECT_THAT(Waiting(), ElementsAre(HookReceiverName(all)));
  Post("B", "critical");
  std::vector<std::string> want = {HookReceiverName(all), HookReceiverName(all),
                                   HookReceiverName(high)};
  std::ranges::sort(want);
  EXPECT_EQ(Waiting(), want);
}

TEST_F(HookDeskTest, TheConfiguredRoutesStayAsTheyWere) {
  Post("A", "critical");
  const size_t groups = desk_->Groups(clock_.NowNanos()).size();
  Add("all", std::nullopt);
  const auto views = desk_->Groups(clock_.NowNanos());
  EXPECT_EQ(views.size(), groups + 1);
  EXPECT_TRUE(std::ranges::any_of(views, [](const GroupView& v) { return v.receiver == "log"; }));
}

// Making and toggling webhooks moves nothing of alertmanager.yml.
TEST_F(HookDeskTest, TheConfiguredRoutesKeepTheirBeat) {
  const Hook hook = Add("all", Severity::kCritical);
  const Nanos start = clock_.NowNanos();
  const auto tick = [&](int second) {
    clock_.Advance((start - clock_.NowNanos()) / kNanosPerMilli + second * kSecond);
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  };
  Post("A", "low");
  tick(30);  // group_wait
  EXPECT_THAT(Waiting(), ElementsAre("log"));
  SendAll(SendResult::Delivered());
  tick(40);
  Post("A", "medium");  // news of a told group
  const auto toggle = [](Hook* changed) {
    changed->enabled = !changed->enabled;
    return absl::OkStatus();
  };
  for (const int second : {50, 60, 70}) {
    tick(second);
    ASSERT_TRUE(hooks_->Update(hook.id, toggle, 1).ok());
    Apply();
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
    EXPECT_TRUE(Waiting().empty()) << second;
  }
  for (const int second : {110, 200, 329}) {
    tick(second);
    Post("A", "low");
    EXPECT_TRUE(Waiting().empty()) << second;
  }
  tick(330);  // group_interval
  EXPECT_THAT(Waiting(), ElementsAre("log"));
}

TEST_F(HookDeskTest, AMessageIsSettledByItsOwnAttempts) {
  Add("all", std::nullopt);
  const std::string name = HookReceiverName(hooks_->List().at(0));
  SendResult given_up = SendResult::Rejected("HTTP 503", "serverError");
  given_up.given_up = true;
  int number = 0;
  for (const SendResult& result : {SendResult::Rejected("HTTP 400", "clientError"), given_up}) {
    const std::string alert = "A" + std::to_string(++number);
    Post(alert, "critical");
    EXPECT_EQ(std::ranges::count(Waiting(), name), 1);
    SendAll(result);
    for (int minute = 0; minute < 16; ++minute) {  // three beats
      clock_.Advance(kMinute);
      Post(alert, "critical");
      ASSERT_EQ(std::ranges::count(Waiting(), name), 0) << minute;
    }
  }
}

// Its readers are told no end: that it fires again is what they need.
TEST_F(HookDeskTest, AnAlertThatComesBackIsToldAtOnce) {
  Add("all", std::nullopt);
  const std::string name = HookReceiverName(hooks_->List().at(0));
  const auto told = [&] { return std::ranges::count(Waiting(), name); };
  for (int time = 0; time < 3; ++time) {
    Post("A", "critical");
    ASSERT_EQ(told(), 1) << time;
    SendAll(SendResult::Delivered());
    clock_.Advance(3 * kSecond);
    End("A", "critical");
    EXPECT_EQ(told(), 0) << time;
    clock_.Advance(2 * kSecond);
  }
}

// … also where it ended while its message was being tried again.
TEST_F(HookDeskTest, AMessageThatIsTriedAgainOutlivesTheEnd) {
  Add("all", std::nullopt);
  const std::string name = HookReceiverName(hooks_->List().at(0));
  const auto told = [&] { return std::ranges::count(Waiting(), name); };
  Post("A", "critical");
  SendAll(SendResult::Retry("HTTP 503", "serverError"));
  clock_.Advance(kSecond);
  End("A", "critical");
  ASSERT_EQ(told(), 1) << "still on its way";
  clock_.Advance(10 * kSecond);
  SendAll(SendResult::Delivered());
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(told(), 0);
  clock_.Advance(kSecond);
  Post("A", "critical");
  EXPECT_EQ(told(), 1);
}

TEST_F(HookDeskTest, WhatWasSilencedIsToldWhenTheSilenceEnds) {
  for (const bool by_hand : {false, true}) {
    const std::string name = HookReceiverName(Add(by_hand ? "hand" : "time", std::nullopt));
    const std::string alert = by_hand ? "B" : "A";
    Silence silence;
    silence.matchers = {Matcher::Equal("alertname", alert)};
    silence.starts_at = clock_.NowNanos();
    silence.ends_at = silence.starts_at + 8 * kNanosPerSecond;
    silence.created_by = "anna";
    silence.comment = "c";
    const std::string id = desk_->SetSilence(silence, "api", clock_.NowNanos()).value();
    Post(alert, "critical");
    EXPECT_EQ(std::ranges::count(Waiting(), name), 0);
    clock_.Advance(by_hand ? 3 * kSecond : 8 * kSecond);
    if (by_hand) {
      ASSERT_TRUE(desk_->ExpireSilence(id, "api", clock_.NowNanos(), "anna").ok());
    }
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
    EXPECT_EQ(std::ranges::count(Waiting(), name), 1) << by_hand;
    SendAll(SendResult::Delivered());
    End(alert, "critical");
    clock_.Advance(6 * kMinute);
    ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  }
}

TEST_F(HookDeskTest, ADeletedWebhookLeavesNothing) {
  const Hook hook = Add("all", std::nullopt);
  Post("A", "critical");
  ASSERT_EQ(Waiting().size(), 1U);
  ASSERT_TRUE(hooks_->Remove(hook.id).ok());
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  EXPECT_TRUE(Waiting().empty());
}

TEST_F(HookDeskTest, ADisabledWebhookHasNoRoute) {
  const Hook hook = Add("all", std::nullopt);
  ASSERT_TRUE(hooks_
                  ->Update(
                      hook.id,
                      [](Hook* changed) {
                        changed->enabled = false;
                        return absl::OkStatus();
                      },
                      1)
                  .ok());
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Post("A", "critical");
  EXPECT_TRUE(Waiting().empty());
}

TEST_F(HookDeskTest, ReceiversOfFilesStayBelow) {
  std::vector<Receiver> own(1);
  own[0].name = "file";
  const auto base = std::make_shared<const Receivers>(std::move(own));
  Add("all", std::nullopt);
  const HookTools tools{*hooks_, *http_, clock_, {}};
  const HookSet set = MakeHookSet(hooks_->List(), DefaultIncidentsConfig(), tools, base).value();
  EXPECT_EQ(set.receivers->Find("file"), base->Find("file"));
  EXPECT_EQ(set.receivers->base(), base);
  const Receiver* hook = set.receivers->Find(set.routes.at(0).receiver);
  ASSERT_NE(hook, nullptr);
  EXPECT_TRUE(hook->integrations.at(0).from_api);
  EXPECT_NE(set.receivers->FindIntegration(hook->name, "webhook[0]"), nullptr);
}

}  // namespace
}  // namespace outrider
