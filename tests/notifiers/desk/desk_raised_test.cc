// SPDX-License-Identifier: Apache-2.0
// An incident becomes worse under the policy it has: who hears of that, and what does not move.
#include "tests/notifiers/desk/paging_fixture.h"

namespace outrider {
namespace {

class RaisedTest : public PagingDeskTest {
 protected:
  // One policy for all severities; one incident for all alerts of a name.
  void SetupTiers(
      std::vector<Tier> tiers, std::function<void(PagingConfig&)> change = [](PagingConfig&) {}) {
    Setup(std::move(tiers), [change](EscalationPolicy& policy, PagingConfig& people) {
      policy.severities.clear();
      people.throttles = false;
      people.bundles = false;
      change(people);
    });
    Adjust([adjust = adjust_](DeskConfig& config) {
      adjust(config);
      config.incidents.group_by = {"alertname"};
    });
  }
  void FireAs(const char* severity) { ASSERT_TRUE(Fire(MakeAlert("Down", severity)).ok()); }
  std::string Reason(const char* contact) { return inbox_[contact].got.back().reason; }
};

TEST_F(RaisedTest, ThoseWhoWereToldHearThatItIsWorseAndNoTierMoves) {
  SetupTiers({{0, {"user:anna"}}, {10 * kMinute, {"user:ben"}}, {20 * kMinute, {"user:boss"}}});
  FireAs("warning");
  Run(11 * 60);
  ASSERT_EQ(GotBy("user:ben/webhook"), 1U);
  const uint32_t epoch = Newest()->epoch;
  FireAs("critical");
  Run(5);
  for (const char* contact : {"user:anna/webhook", "user:ben/email"}) {
    EXPECT_EQ(GotBy(contact), 2U) << contact;
    EXPECT_EQ(Reason(contact), "severity raised");
  }
  EXPECT_NE(inbox_["user:anna/webhook"].got.back().note.find(" is critical now"),
            std::string::npos);
  EXPECT_EQ(GotBy("user:boss/webhook"), 0U) << "whose time has not come";
  EXPECT_EQ(Newest()->epoch, epoch);
  FireAs("critical");  // as severe as before
  Run(8 * 60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  Run(70);
  EXPECT_EQ(GotBy("user:boss/webhook"), 1U) << "twenty minutes after the start";
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(RaisedTest, TheContactRulesOfTheNewSeverityCount) {
  SetupTiers({{0, {"user:anna"}}}, [](PagingConfig& people) {
    UserPaging& anna = people.users["anna"];
    anna.important = {Severity::kCritical};
    anna.rules = {{"email[0]", 0}};
    anna.important_rules = {{"webhook[0]", 0}, {"webhook[0]", 5 * kMinute}};
  });
  FireAs("warning");
  Run(60);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
  EXPECT_EQ(GotBy("user:anna/webhook"), 0U);
  FireAs("critical");
  Run(5);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  Run(5 * 60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(3600);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
}

// Both alerts come with one post: the page is not sent yet, and tells the worse severity.
TEST_F(RaisedTest, WhatIsStillToBeSentIsNotToldTwice) {
  SetupTiers({{0, {"user:anna"}}});
  const std::vector<Alert> both = {MakeAlert("Down", "info"), MakeAlert("Down", "warning"),
                                   MakeAlert("Down", "critical")};
  ASSERT_TRUE(desk_->OnAlerts(both, {}, clock_.NowNanos()).ok());
  Run(60);
  EXPECT_EQ(Newest()->severity, Severity::kCritical);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  const std::vector<Alert> more = {MakeAlert("Other", "info")};
  ASSERT_TRUE(desk_->OnAlerts(more, {}, clock_.NowNanos()).ok());
  Run(60);
  ASSERT_EQ(GotBy("user:anna/webhook"), 2U);
  const std::vector<Alert> worse = {MakeAlert("Other", "warning"), MakeAlert("Other", "critical")};
  ASSERT_TRUE(desk_->OnAlerts(worse, {}, clock_.NowNanos()).ok());
  Run(60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 3U) << "two rises at once are one piece of news";
}

TEST_F(RaisedTest, OfATierInTurnWhoWasToldHears) {
  SetupTiers({{0, {"team:db"}, true}});
  FireAs("warning");
  Run(10);
  ASSERT_EQ(GotBy("user:anna/webhook"), 1U);
  FireAs("critical");
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  EXPECT_EQ(GotBy("user:ben/webhook"), 0U);
  EXPECT_EQ(GotBy("user:cleo/webhook"), 0U);
}

TEST_F(RaisedTest, AfterAnAnswerTheAssigneeHearsAndNobodyElse) {
  struct Case {
    const char* name;
    const char* assignee;  // nullptr: nobody
    const char* hears;
  };
  const Case cases[] = {{"whoever acknowledged", nullptr, "user:anna/webhook"},
                        {"the assignee", "ben", "user:ben/webhook"},
                        {"who is no user: those who were paged", "zoe", "user:anna/webhook"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    SetupTiers({{0, {"user:anna"}}, {10 * kMinute, {"user:cleo"}}});
    FireAs("warning");
    Run(10);
    const std::string id = Newest()->id;
    ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
    if (c.assignee != nullptr) {
      ASSERT_TRUE(desk_->Change(AssignTo{c.assignee}, By(id), clock_.NowNanos()).ok());
    }
    for (auto& [name, inbox] : inbox_) inbox.got.clear();
    FireAs("critical");
    Run(3600);
    size_t told = 0;
    for (const char* user : {"user:anna/webhook", "user:ben/webhook", "user:cleo/webhook"}) {
      told += GotBy(user);
    }
    EXPECT_EQ(told, 1U);
    ASSERT_EQ(GotBy(c.hears), 1U);
    EXPECT_EQ(Reason(c.hears), "severity raised");
    ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
    Run(3600);
    EXPECT_EQ(Newest()->state, IncidentState::kResolved);
    for (const char* severity : {"warning", "critical"}) {
      ASSERT_TRUE(End(MakeAlert("Down", severity)).ok());
    }
    Run(3600);
  }
}

TEST_F(RaisedTest, WhoRaisesItByHandIsNotTold) {
  SetupTiers({{0, {"user:anna"}}});
  FireAs("warning");
  Run(10);
  const std::string id = Newest()->id;
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->Change(SetSeverity{Severity::kHigh}, By(id), clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  HumanAction ben = By(id);
  ben.who = "ben";
  ASSERT_TRUE(desk_->Change(SetSeverity{Severity::kCritical}, ben, clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
}

TEST_F(RaisedTest, NewsOfAnAnsweredIncidentIsDroppedWithTheAnswer) {
  SetupTiers({{0, {"user:anna"}}});
  FireAs("warning");
  Run(10);
  const std::string silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(3600));
  ASSERT_TRUE(
      desk_->Change(SetSeverity{Severity::kCritical}, By(Newest()->id, "bad"), clock_.NowNanos())
          .ok());
  Run(60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U) << "held";
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(7200);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
}

// Whoever confirms need not know of it.
TEST_F(RaisedTest, AConfirmationDropsTheQuestionAndNotTheNews) {
  SetupTiers({{0, {"user:anna"}}}, [](PagingConfig& people) {
    people.throttles = true;
    people.limits = {{"webhook", {{2, kHour}}}, {"email", {{2, kHour}}}};
  });
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    for (AttentionRule& rule : config.incidents.attention) {
      rule = {.acknowledge_timeout = 10 * kMinute, .confirm_within = kHour, .auto_resolve = 0};
    }
  });
  FireAs("warning");
  Run(10);
  const std::string id = Newest()->id;
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  Run(11 * 60);
  ASSERT_EQ(GotBy("user:anna/webhook"), 2U) << "the question";
  FireAs("critical");
  Run(60);
  ASSERT_EQ(GotBy("user:anna/webhook"), 2U) << "throttled";
  ASSERT_TRUE(desk_->Change(ConfirmWork{}, By(id), clock_.NowNanos()).ok());
  Start(*disk_);
  Run(3600);
  size_t news = 0;
  for (const Notification& got : inbox_["user:anna/webhook"].got) {
    news += got.reason == "severity raised" ? 1 : 0;
  }
  EXPECT_EQ(news, 1U);
}

TEST_F(RaisedTest, WithoutAPolicyNobodyHears) {
  SetupTiers({{0, {"user:anna"}}});
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    config.incidents.escalation_policies[0].severities = {Severity::kCritical};
  });
  FireAs("info");
  Run(10);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  FireAs("warning");
  Run(60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 0U);
}

}  // namespace
}  // namespace outrider
