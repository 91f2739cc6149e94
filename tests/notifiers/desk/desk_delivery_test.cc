// SPDX-License-Identifier: Apache-2.0
// Receivers that fail: what they do to others, to their own messages, and who stands in for them.
#include <fmt/format.h>

#include "notifiers/channel/templates.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class DeliveryTest : public DeskTest {
 protected:
  // Fails until told otherwise.
  void Break(const char* receiver, int times = 1000) {
    inbox_[receiver].answers.assign(static_cast<size_t>(times),
                                    SendResult::Retry("HTTP 503", "serverError"));
  }
  void Mend(const char* receiver) { inbox_[receiver].answers.clear(); }
  void SetPolicy(const LanePolicy& policy) {
    Adjust([policy](DeskConfig& config) {
      config.alertmanager.route.group_interval = 20 * kSecond;
      config.delivery.all = policy;
    });
    dispatcher_->SetDelivery(desk_->config()->delivery);
  }
  std::map<std::string, int> Outcomes(const char* receiver) {
    std::map<std::string, int> counts;
    for (const DeliveryView& delivery : desk_->RecentDeliveries(1000)) {
      if (delivery.receiver == receiver) ++counts[delivery.outcome];
    }
    return counts;
  }
};

TEST_F(DeliveryTest, AnOpenBreakerConsumesNoAttemptAndTheNextFlushTakesOver) {
  LanePolicy policy;
  policy.breaker_failures = 3;
  policy.breaker_open = 60 * kSecond;
  SetPolicy(policy);
  Break("team");
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(50);  // its first flush is at 30 s: three attempts, then none until the minute is over
  EXPECT_EQ(Got("team"), 3U);
  Run(30);
  EXPECT_EQ(Got("team"), 3U);
  EXPECT_EQ(Outcomes("team")["expired"], 0);
  EXPECT_GE(Outcomes("team")["superseded"], 1) << "each flush takes the place of the one before";
  Mend("team");
  Run(30);
  EXPECT_EQ(Got("team"), 4U);
  EXPECT_EQ(Outcomes("team")["delivered"], 1);
  EXPECT_TRUE(desk_->Outbox().empty());
}

// A bridge that crashes on some texts: the breaker tries one at a time, and not the same ones again
// while others wait.
TEST_F(DeliveryTest, MessagesThatAreAtFaultKeepOthersFromNoTry) {
  LanePolicy policy;
  policy.breaker_failures = 3;
  policy.breaker_open = 5 * kSecond;
  policy.breaker_open_max = 10 * kSecond;
  SetPolicy(policy);
  inbox_["team"].refused_names = {"Bad0", "Bad1", "Bad2", "Bad3", "Bad4", "Bad5"};
  for (const std::string& name : inbox_["team"].refused_names) {
    ASSERT_TRUE(Fire(MakeAlert(name.c_str())).ok());
  }
  Run(45);
  ASSERT_TRUE(Fire(MakeAlert("Good")).ok());
  Run(30 + 15);  // its group waits; then the breaker's next try is its
  const auto& got = inbox_["team"].got;
  EXPECT_EQ(std::ranges::count_if(got,
                                  [](const Notification& one) {
                                    return one.alerts[0].labels.Get(kAlertName) == "Good";
                                  }),
            1);
}

// alertmanager_notifications_failed_total: one a flush, while the receiver is away.
TEST_F(DeliveryTest, EachFlushThatIsNotToldCountsAsFailed) {
  struct Case {
    const char* name;
    SendResult answer;
    const char* reason;
  };
  const Case cases[] = {
      {"refused connections", SendResult::Retry("connection refused", "other"), "other"},
      {"HTTP 500", SendResult::Retry("HTTP 500", "serverError"), "serverError"},
      {"HTTP 429", SendResult::Retry("HTTP 429", "rateLimited", 600'000), "rateLimited"},
  };
  for (const Case& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    SetPolicy({});
    inbox_["team"].answers.assign(1000, c.answer);
    ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
    Run(30 + 10 * 20 + 1);  // the first flush and ten more; the last is on its way
    SendingView sent = desk_->Stats(clock_.NowNanos()).sending["webhook"];
    EXPECT_EQ(sent.failed, (std::map<std::string, uint64_t>{{c.reason, 10}})) << c.name;
    EXPECT_GE(sent.messages, 10U) << c.name;
    Mend("team");
    Run(700);
    sent = desk_->Stats(clock_.NowNanos()).sending["webhook"];
    const uint64_t failed = sent.failed[c.reason];
    EXPECT_EQ(sent.messages, failed + 1) << c.name << ": each failed but the last";
    Run(600);
    EXPECT_EQ(desk_->Stats(clock_.NowNanos()).sending["webhook"].failed[c.reason], failed);
  }
}

TEST_F(DeliveryTest, ADeadReceiverLeavesTheTimesOfOthersAlone) {
  Adjust([](DeskConfig& config) {
    RouteConfig other = config.alertmanager.route;
    other.matchers = {Matcher::Equal("severity", "info")};
    other.receiver = "other";
    other.key = "{}/{severity=\"info\"}";
    config.alertmanager.route.routes = {other};
  });
  Break("team");
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Fire(MakeAlert(("Bad" + std::to_string(i)).c_str())).ok());
    ASSERT_TRUE(Fire(MakeAlert(("Good" + std::to_string(i)).c_str(), "info")).ok());
  }
  Run(30);
  ASSERT_EQ(Got("other"), 50U);
  for (const Notification& notification : inbox_["other"].got) {
    EXPECT_EQ(notification.now, kT0 + Sec(30));
  }
  EXPECT_EQ(Got("team"), static_cast<size_t>(LanePolicy().breaker_failures));
}

TEST_F(DeliveryTest, TheFallbackReceiverHearsOfItAfterABoundedTime) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  policy.fallback_after = 40 * kSecond;
  SetPolicy(policy);
  Break("team");
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(60);
  EXPECT_EQ(Got("other"), 0U);
  Run(40);
  ASSERT_GE(Got("other"), 1U);
  const Notification& told = inbox_["other"].got[0];
  ASSERT_EQ(told.alerts.size(), 1U);
  EXPECT_EQ(told.alerts[0].labels.Get(kAlertName), "Disk");
  EXPECT_EQ(told.group_key, "{}:{alertname=\"Disk\"}");
  EXPECT_EQ(told.group_labels.Get(kAlertName), "Disk");
  EXPECT_TRUE(told.note.starts_with("in place of receiver team (webhook[0]), which cannot be"))
      << told.note;
  std::set<std::string> keys;
  for (const Notification& one : inbox_["other"].got) keys.insert(one.idempotency_key);
  EXPECT_EQ(keys.size(), Got("other")) << "no message comes twice";
  const size_t before = Got("other");
  Mend("team");
  Run(600);
  EXPECT_EQ(Outcomes("team")["delivered"], 1) << "its own receiver gets it too, in the end";
  EXPECT_EQ(Got("other"), before);
  EXPECT_TRUE(desk_->Outbox().empty());
}

// The far side says when to come again; who stands in does not wait for that.
TEST_F(DeliveryTest, ALongRetryAfterDoesNotHoldTheFallbackUp) {
  struct Case {
    const char* receiver;
    const char* severity;
    int64_t retry_after_s;
    int64_t first;  // seconds until its first attempt
  };
  const Case cases[] = {
      {"team", "warning", 3000, 30}, {"team", "warning", 25, 30}, {"pager", "critical", 600, 0}};
  for (const Case& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    LanePolicy policy;
    policy.fallback_receiver = "other";
    policy.fallback_after = 10 * kSecond;
    SetPolicy(policy);
    inbox_[c.receiver].answers.assign(
        100, SendResult::Retry("HTTP 429", "rateLimited", c.retry_after_s * 1000));
    ASSERT_TRUE(Fire(MakeAlert("Disk", c.severity)).ok());
    Run(c.first + 9);
    EXPECT_EQ(Got(c.receiver), 1U) << c.receiver;
    EXPECT_EQ(Got("other"), 0U) << c.receiver;
    Run(3);
    ASSERT_EQ(Got("other"), 1U) << c.receiver << " " << c.retry_after_s;
    EXPECT_TRUE(inbox_["other"].got[0].note.ends_with(fmt::format(
        "in place of receiver {} (webhook[0]), which cannot be reached: HTTP 429", c.receiver)))
        << inbox_["other"].got[0].note;
    Run(15);
    EXPECT_EQ(Got("other"), 1U) << "once";
    if (c.retry_after_s >= 600) {
      EXPECT_EQ(Got(c.receiver), 1U) << "its own waits";
    }
  }
}

// A second group of a lane that is told to wait has no attempt of its own.
TEST_F(DeliveryTest, TheFallbackIsToldWhyTheReceiverFails) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  policy.fallback_after = 10 * kSecond;
  SetPolicy(policy);
  inbox_["team"].answers.assign(100, SendResult::Retry("HTTP 429", "rateLimited", 3'000'000));
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(60);
  ASSERT_TRUE(Fire(MakeAlert("Memory")).ok());
  Run(40);
  ASSERT_EQ(Got("other"), 2U);
  EXPECT_EQ(inbox_["other"].got[1].note,
            "in place of receiver team (webhook[0]), which cannot be reached: HTTP 429");
}

TEST_F(DeliveryTest, ARefusalGoesToTheFallbackAtOnce) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  SetPolicy(policy);
  inbox_["team"].answers = {SendResult::Rejected("HTTP 401", "authError")};
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(30);
  EXPECT_EQ(Got("team"), 1U);
  ASSERT_EQ(Got("other"), 1U);
  EXPECT_EQ(inbox_["other"].got[0].note,
            "in place of receiver team (webhook[0]), which refused it: HTTP 401");
  Run(30);  // the next flush tells its own receiver
  EXPECT_EQ(Got("team"), 2U);
  inbox_["other"].answers = {SendResult::Rejected("HTTP 400", "clientError")};
  inbox_["team"].answers = {SendResult::Rejected("HTTP 401", "authError")};
  ASSERT_TRUE(Fire(MakeAlert("Memory")).ok());
  Run(35);
  EXPECT_EQ(Got("other"), 2U) << "a fallback has no fallback";
  EXPECT_EQ(Got("pager"), 0U);
}

// Its messages are refused again with every flush.
TEST_F(DeliveryTest, TheFallbackHearsOfTheSameOnce) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  SetPolicy(policy);
  inbox_["team"].answers.assign(100, SendResult::Rejected("HTTP 404", "clientError"));
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(200);
  EXPECT_GT(Got("team"), 5U);
  EXPECT_EQ(Got("other"), 1U);
  Start(*disk_);
  dispatcher_->SetDelivery(desk_->config()->delivery);
  Run(100);
  EXPECT_EQ(Got("other"), 1U);
  Alert second = MakeAlert("Disk");
  second.labels = Labels({{"alertname", "Disk"}, {"severity", "warning"}, {"disk", "sdb"}});
  ASSERT_TRUE(Fire(second).ok());
  Run(100);
  EXPECT_EQ(Got("other"), 2U) << "one alert more is something else";
}

TEST_F(DeliveryTest, APageHasAFallbackAndAnAcknowledgementDropsIt) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  policy.fallback_after = 30 * kSecond;
  SetPolicy(policy);
  Break("pager");
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(70);
  ASSERT_EQ(Got("other"), 1U);
  const Notification& page = inbox_["other"].got[0];
  EXPECT_FALSE(page.incident_id.empty());
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(300);
  EXPECT_EQ(Got("other"), 1U);
  for (const OutboxRow& row : desk_->Outbox()) EXPECT_NE(row.kind, OutboxKind::kPage);
}

TEST_F(DeliveryTest, RetryAfterOutlivesARestart) {
  SetPolicy({});
  inbox_["team"].answers = {SendResult::Retry("HTTP 429", "rateLimited", 100 * kSecond)};
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  Start(*disk_);
  Run(98);
  EXPECT_EQ(Got("team"), 1U) << "whatever flushes come meanwhile";
  Run(30);
  EXPECT_EQ(Got("team"), 2U);
  EXPECT_TRUE(desk_->Outbox().empty());
}

TEST_F(DeliveryTest, ShadowDecidesRecordsAndSendsNothing) {
  dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_, DispatcherOptions{.shadow = true});
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(120);
  EXPECT_EQ(Got("team"), 0U);
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Outcomes("team")["shadow"], 1) << "and it counts as told";
  EXPECT_EQ(Outcomes("pager")["shadow"], 1);
  const auto shadowed = desk_->Attempts(0, "shadow", 10);
  ASSERT_TRUE(shadowed.ok());
  ASSERT_EQ(shadowed->size(), 2U);
  EXPECT_EQ((*shadowed)[0].receiver, "pager");
  EXPECT_EQ((*shadowed)[1].receiver, "team");
  EXPECT_EQ((*shadowed)[1].reason, "first notification");
  // Out of the shadow: nothing is told again, the end is.
  Start(*disk_);
  Run(700);
  EXPECT_EQ(Got("team"), 0U);
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_TRUE(inbox_["team"].got[0].resolved);
}

TEST_F(DeliveryTest, WhatTheChannelSaidComesWithTheNextMessage) {
  SendResult placed = SendResult::Delivered();
  placed.receiver_data = "C1/17.5";
  inbox_["team"].answers = {placed};
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].receiver_data, "");
  Start(*disk_);
  Alert other = MakeAlert("Disk");
  other.labels = Labels({{"alertname", "Disk"}, {"severity", "warning"}, {"disk", "sdb"}});
  ASSERT_TRUE(Fire(other).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[1].receiver_data, "C1/17.5");
}

// A story that is over is not gone on with: the first message of the next one is a new one.
TEST_F(DeliveryTest, AFirstNotificationKnowsNothingOfTheMessageBefore) {
  SendResult placed = SendResult::Delivered();
  placed.receiver_data = "C1/17.5";
  inbox_["team"].answers = {placed};
  const Alert alert = MakeAlert("Disk");
  Alert other = MakeAlert("Disk");
  other.labels = Labels({{"alertname", "Disk"}, {"severity", "warning"}, {"disk", "sdb"}});
  Silence silence;
  silence.matchers = {Matcher::Equal("disk", "sdb")};
  silence.starts_at = clock_.NowNanos();
  silence.ends_at = clock_.NowNanos() + Sec(86400);
  silence.created_by = "anna";
  silence.comment = "test";
  ASSERT_TRUE(desk_->SetSilence(silence, "api", clock_.NowNanos()).ok());
  ASSERT_TRUE(Fire(alert).ok());
  ASSERT_TRUE(Fire(other).ok());  // keeps the group
  Run(31);
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got[1].resolved);
  EXPECT_EQ(inbox_["team"].got[1].receiver_data, "C1/17.5");
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 3U);
  EXPECT_EQ(inbox_["team"].got[2].reason, "first notification");
  EXPECT_EQ(inbox_["team"].got[2].receiver_data, "");
}

// The fallback is away for longer than the alert lives: a message about nothing helps nobody.
TEST_F(DeliveryTest, AFallbackWhoseAlertsAreForgottenIsNotSent) {
  LanePolicy policy;
  policy.fallback_receiver = "other";
  SetPolicy(policy);
  inbox_["team"].answers = {SendResult::Rejected("HTTP 400", "clientError")};
  Break("other");
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(31);
  ASSERT_GE(Got("other"), 1U);
  ASSERT_TRUE(End(alert).ok());
  Run(60);
  ASSERT_TRUE(desk_->Alerts(clock_.NowNanos()).empty());
  Mend("other");
  Run(1200);
  for (const Notification& got : inbox_["other"].got) EXPECT_EQ(got.alerts.size(), 1U) << got.note;
  const std::map<std::string, int> outcomes = Outcomes("other");
  EXPECT_EQ(outcomes.contains("delivered") ? 1 : 0, 0);
  EXPECT_TRUE(outcomes.contains("stale"));
}

TEST_F(DeliveryTest, RouteLabelsAreTheRoutesRendered) {
  Adjust([](DeskConfig& config) {
    ReceiverConfig team;
    team.name = "team";
    team.labels = {{"owner", "sre"}, {"tier", "2"}};
    config.alertmanager.receivers = {team};
    config.alertmanager.route.labels = {
        {"tier", "1"},
        {"about", "{{ .GroupLabels.alertname }} ({{ routeLabels \"tier\" }})"},
        {"more", "{{ routeLabels \"about\" }}, {{ .NotificationReason }}, {{ len .Alerts }}"},
        {"raw", "{{ .RouteLabels.about }}"},
        {"a", "{{ routeLabels \"b\" }}"},
        {"b", "{{ routeLabels \"a\" }}"},
        {"broken", "{{ nope }}"}};
    tmpl::TemplateSet templates = LoadNotificationTemplates({}, "").value();
    config.templates = std::make_shared<const tmpl::TemplateSet>(std::move(templates));
  });
  Alert silenced = MakeAlert("Disk");
  silenced.labels = Labels({{"alertname", "Disk"}, {"severity", "none"}});
  Silence silence;
  silence.matchers = {Matcher::Equal("severity", "none")};
  silence.starts_at = clock_.NowNanos();
  silence.ends_at = clock_.NowNanos() + Sec(86400);
  silence.created_by = "anna";
  silence.comment = "test";
  ASSERT_TRUE(desk_->SetSilence(silence, "api", clock_.NowNanos()).ok());
  ASSERT_TRUE(Fire(silenced).ok());
  ASSERT_TRUE(Fire(MakeAlert("Disk")).ok());
  const std::vector<GroupView> groups = desk_->Groups(clock_.NowNanos());
  const std::map<std::string, std::string> expected = {
      {"tier", "1"},
      {"about", "Disk (1)"},
      {"more", "Disk (1), unknown, 2"},
      {"raw", "{{ .GroupLabels.alertname }} ({{ routeLabels \"tier\" }})"}};
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].route_labels.ToMap(), expected);
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].alerts.size(), 1U);
  EXPECT_EQ(inbox_["team"].got[0].route_labels, expected);
}

}  // namespace
}  // namespace outrider
