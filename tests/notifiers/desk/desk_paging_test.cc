// SPDX-License-Identifier: Apache-2.0
// Paging people: teams, in turn, fallbacks of policies, refused pages, contact rules.
#include "notifiers/config/escalation_config.h"
#include "tests/notifiers/desk/paging_fixture.h"

namespace outrider {
namespace {

using Strings = std::vector<std::string>;

TEST_F(PagingDeskTest, ATeamIsItsMembersAndItsLead) {
  Setup({{0, {"team:db", "user:anna"}}, {5 * kMinute, {"lead:db"}}});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U) << "once, although named twice";
  EXPECT_EQ(GotBy("user:ben/email"), 1U);
  EXPECT_EQ(GotBy("user:cleo/webhook"), 1U);
  Run(300);
  EXPECT_EQ(GotBy("user:cleo/webhook"), 2U);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
}

TEST_F(PagingDeskTest, OneOfATierInTurnAlsoAfterARestart) {
  Setup({{0, {"team:db"}, true}});
  OneIncident("A");
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U) << "the page and the recovery";
  OneIncident("B");
  EXPECT_EQ(GotBy("user:ben/webhook"), 2U) << "mute cannot be reached and is passed over";
  Start(*disk_);
  OneIncident("C");
  EXPECT_EQ(GotBy("user:cleo/webhook"), 2U);
  OneIncident("D");
  EXPECT_EQ(GotBy("user:anna/webhook"), 4U);
  EXPECT_EQ(GotBy("user:ben/webhook"), 2U);
}

TEST_F(PagingDeskTest, TheFallbackOfAPolicyIsToldWhenAWholeRoundFoundNobody) {
  Setup({{0, {"team:nobody"}}, {15 * kMinute, {"user:mute"}}},
        [](EscalationPolicy& policy, PagingConfig&) { policy.fallback = {"user:boss"}; });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:boss/webhook"), 1U) << "at once, not after a quarter of an hour";
  EXPECT_EQ(
      Texts(AuditKind::kEscalationSkipped),
      (Strings{"tier 1: nobody of team nobody can be reached", "tier 2: mute has no contact method",
               "tier 2: nobody was told in this round: the fallback is"}));
  EXPECT_EQ(inbox_["user:boss/webhook"].got[0].reason, "escalation fallback");
}

TEST_F(PagingDeskTest, WithoutAFallbackTheTrailSaysThatNobodyWasTold) {
  Setup({{0, {"user:mute"}}});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped).back(),
            "tier 1: nobody was told in this round, and the policy has no fallback");
}

TEST_F(PagingDeskTest, ARoundThatReachedSomebodyLeavesTheFallbackAlone) {
  Setup({{0, {"user:anna"}}, {5 * kMinute, {"user:mute"}}},
        [](EscalationPolicy& policy, PagingConfig&) { policy.fallback = {"user:boss"}; });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(600);
  EXPECT_EQ(GotBy("user:boss/webhook"), 0U);
}

TEST_F(PagingDeskTest, ARefusedPageDoesNotCostTheWaitForTheNextTier) {
  Setup({{0, {"pager"}}, {15 * kMinute, {"user:ben"}}, {30 * kMinute, {"user:anna"}}});
  Refuse("pager/webhook");
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:ben/webhook"), 1U);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped), (Strings{"tier 1: nobody of it could be told"}));
  Run(15 * 60 + 10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U) << "tiers keep their distance";
}

TEST_F(PagingDeskTest, WhoElseOfTheTierIsToldKeepsTheWait) {
  Setup({{0, {"pager", "user:anna"}}, {15 * kMinute, {"user:ben"}}});
  Refuse("pager/webhook");
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  EXPECT_EQ(GotBy("user:ben/webhook"), 0U);
  Run(15 * 60);
  EXPECT_EQ(GotBy("user:ben/webhook"), 1U);
}

TEST_F(PagingDeskTest, RefusalsOfAWholeRoundTellTheFallback) {
  Setup({{0, {"pager"}}},
        [](EscalationPolicy& policy, PagingConfig&) { policy.fallback = {"user:boss"}; });
  Refuse("pager/webhook");
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:boss/webhook"), 1U);
}

TEST_F(PagingDeskTest, AReceiverThatIsGoneCountsAsRefused) {
  Setup({{0, {"pager"}}, {15 * kMinute, {"user:ben"}}});
  inbox_["pager/webhook"].answers.push_back(SendResult::Retry("HTTP 503", "serverError", 60'000));
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:ben/webhook"), 0U);
  gone_ = {"pager"};
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Run(61);
  EXPECT_EQ(GotBy("user:ben/webhook"), 1U);
}

TEST_F(PagingDeskTest, ContactMethodsFollowOneAnotherUntilSomebodyAnswers) {
  Setup({{0, {"user:anna"}}, {10 * kMinute, {"user:anna"}}},
        [](EscalationPolicy&, PagingConfig& people) {
          people.users["anna"].rules = {{"webhook[0]", 0}, {"email[0]", 5 * kMinute}};
        });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  EXPECT_EQ(GotBy("user:anna/email"), 0U);
  Run(5 * 60);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
  Run(5 * 60);  // the second tier
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(3600);
  EXPECT_EQ(GotBy("user:anna/email"), 1U) << "what was to follow is forgotten";
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

TEST_F(PagingDeskTest, AContactMethodThatRulesNameTwiceIsUsedTwice) {
  // The first page waits for its receiver until after the second naming, or does not.
  for (const bool slow : {false, true}) {
    SCOPED_TRACE(slow);
    for (auto& [name, inbox] : inbox_) inbox.got.clear();
    Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
      people.users["anna"].rules = {{"email[0]", 0},
                                    {"webhook[0]", 2 * kMinute},
                                    {"email[0]", 5 * kMinute},
                                    {"email[0]", 5 * kMinute}};
      people.throttles = false;
    });
    if (slow) {
      inbox_["user:anna/email"].answers = {
          SendResult::Retry("HTTP 503", "serverError", 10 * kMinute)};
    }
    ASSERT_TRUE(Fire(MakeAlert(slow ? "Slow" : "Down", "critical")).ok());
    Run(60);
    EXPECT_EQ(GotBy("user:anna/email"), 1U);
    Start(*disk_);
    Run(2 * 60);
    EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
    Run(3600);
    EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
    ASSERT_EQ(GotBy("user:anna/email"), slow ? 4U : 3U) << "each naming once, and one retry";
    std::set<std::string> keys;
    for (const Notification& page : inbox_["user:anna/email"].got) {
      keys.insert(page.idempotency_key);
    }
    EXPECT_EQ(keys.size(), 3U) << "a receiver that drops repeats takes all of them";
    ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok());
    Run(60);
  }
}

TEST_F(PagingDeskTest, ARefusedContactMethodDoesNotCostTheWaitOfTheNextOne) {
  struct Case {
    const char* name;
    std::vector<ContactRule> rules;
    const char* refuses;       // "webhook email": each its first page
    const char* starts_again;  // after that …
    int64_t email_by;          // seconds until the e-mail came …
    int64_t webhook_at;        // … and from when on the second page of the webhook comes
  };
  const std::vector<ContactRule> in_turn = {
      {"webhook[0]", 0}, {"email[0]", 5 * kMinute}, {"webhook[0]", 10 * kMinute}};
  const std::vector<ContactRule> together = {
      {"webhook[0]", 0}, {"email[0]", 0}, {"webhook[0]", 5 * kMinute}};
  const Case cases[] = {{"the others keep their distance", in_turn, "webhook", "", 5, 300},
                        {"told", in_turn, "", "", 305, 600},
                        {"the second one too", in_turn, "webhook email", "", 5, 0},
                        {"only the second one", in_turn, "email", "", 305, 300},
                        {"one beside it was told", together, "webhook", "", 5, 300},
                        {"told before a restart", together, "webhook", "again", 5, 300},
                        {"all beside it refused", together, "webhook email", "", 5, 0}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (auto& [name, inbox] : inbox_) inbox.got.clear();
    Setup({{0, {"user:anna"}}}, [&c](EscalationPolicy&, PagingConfig& people) {
      people.users["anna"].rules = c.rules;
      people.throttles = false;
    });
    const std::string_view refuses = c.refuses;
    if (refuses.find("webhook") != std::string_view::npos) Refuse("user:anna/webhook");
    if (refuses.find("email") != std::string_view::npos) Refuse("user:anna/email");
    const Alert alert = MakeAlert(c.name, "critical");
    ASSERT_TRUE(Fire(alert).ok());
    Run(2);
    if (*c.starts_again != '\0') Start(*disk_);
    Run(c.email_by - 2);
    EXPECT_EQ(GotBy("user:anna/email"), 1U);
    const int64_t quiet = c.webhook_at - c.email_by - 10;
    if (quiet > 0) {
      Run(quiet);
      EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
      Run(15);
    }
    Run(5);
    EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
    Run(1200);
    EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
    EXPECT_EQ(GotBy("user:anna/email"), 1U);
    ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok());
    Run(60);
    inbox_["user:anna/email"].answers.clear();
    inbox_["user:anna/webhook"].answers.clear();
  }
}

// Tiers pass when all contact methods of everybody have refused, not before.
TEST_F(PagingDeskTest, TheNextTierFollowsTheLastContactMethodThatRefused) {
  Setup({{0, {"user:anna"}}, {30 * kMinute, {"user:ben"}}},
        [](EscalationPolicy&, PagingConfig& people) {
          people.users["anna"].rules = {{"webhook[0]", 0}, {"email[0]", 5 * kMinute}};
        });
  Refuse("user:anna/webhook");
  Refuse("user:anna/email");
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(5);
  EXPECT_EQ(GotBy("user:ben/webhook"), 1U);
}

TEST_F(PagingDeskTest, ContactMethodsStandStillWhileTheIncidentIsHeld) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
    people.users["anna"].rules = {
        {"webhook[0]", 0}, {"email[0]", 5 * kMinute}, {"webhook[0]", 10 * kMinute}};
    people.throttles = false;
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  const std::string silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(3600));
  Run(3000);
  EXPECT_EQ(GotBy("user:anna/email"), 0U);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped),
            (Strings{"tier 1 not paged: silenced by " + silence}));
  Start(*disk_);  // also over a restart
  Run(600);
  EXPECT_EQ(GotBy("user:anna/email"), 0U) << "settling";
  Run(6);
  EXPECT_EQ(GotBy("user:anna/email"), 1U) << "it was due when it was held";
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U) << "and this five minutes later";
  Run(4 * 60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  Run(70);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  Run(7200);
  EXPECT_EQ(GotBy("user:anna/webhook"), 2U);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
}

TEST_F(PagingDeskTest, AnAnswerToAHeldIncidentForgetsItsContactMethods) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
    people.users["anna"].rules = {{"webhook[0]", 0}, {"email[0]", 5 * kMinute}};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(3600));
  Run(1800);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(7200);
  EXPECT_EQ(GotBy("user:anna/email"), 0U);
}

TEST_F(PagingDeskTest, TwoAlertsThatReopenAnIncidentKeepItsContactRules) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
    people.users["anna"].rules = {{"webhook[0]", 0}, {"email[0]", 5 * kMinute}};
  });
  const Alert first = MakeAlert("Down", "critical");
  Alert second = first;
  second.labels = Labels({{"alertname", "Down"}, {"severity", "critical"}, {"instance", "b"}});
  ASSERT_TRUE(Fire(first).ok());
  Run(10);
  ASSERT_TRUE(End(first).ok());
  Run(60);
  const std::string id = Newest()->id;
  const std::vector<Alert> both = {first, second};
  ASSERT_TRUE(desk_->OnAlerts(both, {}, clock_.NowNanos()).ok());
  Run(6 * 60);
  EXPECT_EQ(Newest()->id, id);
  EXPECT_EQ(Newest()->reopened, 1);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
}

TEST_F(PagingDeskTest, ALateTickLosesNoContactRule) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
    people.users["anna"].rules = {{"webhook[0]", 0}, {"email[0]", 5 * kMinute}};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  clock_.Set(clock_.NowNanos() + Sec(7200));
  Start(*disk_);
  Run(10);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
}

// However the round was moved on or held, what was told was told when the trail says.
TEST_F(PagingDeskTest, TiersThatWereToldAreShownWithThatTime) {
  const std::vector<Tier> tiers = {
      {0, {"pager"}}, {20 * kMinute, {"user:mute"}}, {kHour, {"user:ben"}}, {2 * kHour, {"team"}}};
  Setup(tiers);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  const auto due = [this](size_t tier) {
    const auto view = desk_->GetEscalation(Newest()->id, clock_.NowNanos());
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? (view->tiers[tier].due - kT0) / Sec(1) : -1;
  };
  Run(600);
  EXPECT_EQ(due(0), 0);
  EXPECT_EQ(due(1), 1200);
  ASSERT_TRUE(desk_->Escalate(By(Newest()->id), false, clock_.NowNanos()).ok());
  Run(10);  // nobody is in the second tier, which does not cost the wait
  EXPECT_EQ(GotBy("user:ben/webhook"), 1U);
  EXPECT_EQ(due(0), 0);
  EXPECT_EQ(due(1), 600);
  EXPECT_EQ(due(2), 600);
  EXPECT_EQ(due(3), 600 + 3600);
  Run(60);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(2 * 3600));
  Run(3 * 3600);
  EXPECT_EQ(due(0), 0) << "a hold moves what is to come only";
  EXPECT_EQ(due(2), 600);
  EXPECT_EQ(due(3), 670 + 7200 + 5);
}

TEST_F(PagingDeskTest, ImportantSeveritiesHaveRulesOfTheirOwn) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy& policy, PagingConfig& people) {
    policy.severities.clear();
    UserPaging& anna = people.users["anna"];
    anna.important = {Severity::kCritical};
    anna.rules = {{"email[0]", 0}};
    anna.important_rules = {{"webhook[0]", 0}};
  });
  ASSERT_TRUE(Fire(MakeAlert("Warm", "warning")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
  EXPECT_EQ(GotBy("user:anna/webhook"), 0U);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/email"), 1U);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
}

TEST_F(PagingDeskTest, PoliciesByLabelsAndTime) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy& policy, PagingConfig& people) {
    policy.severities.clear();
    policy.match = {Matcher::Equal("alertname", "Db")};
    policy.active_time_intervals = {"year"};
    NamedTimeInterval year;
    year.name = "year";
    year.intervals.resize(1);
    year.intervals[0].years = {{2026, 2026}};  // kT0 lies in September 2026
    people.time_intervals = {year};
  });
  ASSERT_TRUE(Fire(MakeAlert("Other", "critical")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 0U);
  ASSERT_TRUE(Fire(MakeAlert("Db", "info")).ok());
  Run(10);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
  clock_.Set(clock_.NowNanos() + Sec(200 * 86400));
  Alert next = MakeAlert("Db", "info");
  next.labels = Labels({{"alertname", "Db"}, {"service", "x"}});
  ASSERT_TRUE(Fire(next).ok());
  Run(10);
  EXPECT_TRUE(Newest()->escalation.policy.empty()) << "2027";
}

}  // namespace
}  // namespace outrider
