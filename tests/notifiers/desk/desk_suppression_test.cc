// SPDX-License-Identifier: Apache-2.0
// Silences and inhibitions over incidents: nobody is paged for what is suppressed, nothing is
// forgotten when that ends, and it does not matter in which order rules tell their alerts.
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class SuppressionTest : public DeskTest {
 protected:
  // A second tier five minutes later, and Source inhibits Target.
  void SetUp() override {
    Adjust([](DeskConfig& config) {
      EscalationTier second;
      second.delay = 5 * kMinute;
      second.receivers = {"other"};
      config.incidents.escalation_policies[0].tiers.push_back(second);
      InhibitRuleConfig rule;
      rule.source_matchers = {Matcher::Equal("alertname", "Source")};
      rule.target_matchers = {Matcher::Equal("alertname", "Target")};
      config.alertmanager.inhibit_rules = {rule};
    });
  }
  std::vector<std::string> Texts(AuditKind kind) {
    std::vector<std::string> texts;
    const StatusOr<IncidentDetail> detail = desk_->GetIncident(Newest()->id, clock_.NowNanos());
    for (const AuditEvent& event : detail.value().events) {
      if (event.kind == kind) texts.push_back(event.text);
    }
    return texts;
  }
};

TEST_F(SuppressionTest, ASilenceStopsTheEscalationUntilItEnds) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  ASSERT_EQ(Got("pager"), 1U);
  const std::string silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(1200));
  Run(1100);
  EXPECT_EQ(Got("other"), 0U);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped),
            std::vector<std::string>{"tier 2 not paged: silenced by " + silence});
  EXPECT_NE(Newest()->Clock(SlaKind::kAcknowledge).breached_at, 0) << "a silence is no response";
  Start(*disk_);  // all of it is in the store
  Run(103);
  EXPECT_EQ(Got("other"), 0U) << "settling";
  Run(3);
  EXPECT_EQ(Got("other"), 1U);
  EXPECT_EQ(Got("pager"), 1U);
}

// Who asks for help must not believe that it was sent when nobody is told.
TEST_F(SuppressionTest, AHeldIncidentIsEscalatedByForceOnly) {
  const char* kinds[] = {"silence", "inhibition", "maintenance"};
  size_t others = 0;
  for (const std::string_view kind : kinds) {
    SCOPED_TRACE(kind);
    ASSERT_TRUE(Fire(MakeAlert("Target", "critical")).ok());
    Run(60);
    const Nanos now = clock_.NowNanos();
    std::string why = "inhibited";
    Alert source = MakeAlert("Source", "none");
    std::string silence;
    if (kind == "silence") {
      silence = Mute("Target", now, now + Sec(1200));
      why = "silenced by " + silence;
    } else if (kind == "inhibition") {
      ASSERT_TRUE(Fire(source).ok());
    } else {
      Adjust([before = adjust_, now](DeskConfig& config) {
        before(config);
        MaintenanceWindow window;
        window.name = "rack";
        window.match = {Matcher::Equal("alertname", "Target")};
        window.start = now - Sec(1);
        window.end = now + Sec(3600);
        config.around.maintenance = {window};
      });
      why = "in maintenance: rack";
    }
    Run(1);
    const std::string id = Newest()->id;
    const auto refused = desk_->Escalate(By(id), false, clock_.NowNanos());
    EXPECT_EQ(Message(refused.status()), "incident " + id + " is held and nobody would be told: " +
                                             why + "; force tells the next tier");
    Run(10);
    EXPECT_EQ(Got("other"), others);
    ASSERT_TRUE(desk_->Escalate(By(id), true, clock_.NowNanos()).ok());
    Start(*disk_);  // the row knows
    Run(10);
    EXPECT_EQ(Got("other"), ++others);
    ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
    if (!silence.empty()) {
      ASSERT_TRUE(desk_->ExpireSilence(silence, "api", clock_.NowNanos()).ok());
    }
    ASSERT_TRUE(End(source).ok());
    ASSERT_TRUE(End(MakeAlert("Target", "critical")).ok());
    Run(3600);
    others = Got("other");
  }
}

TEST_F(SuppressionTest, AnInhibitorStopsTheEscalationUntilItEnds) {
  ASSERT_TRUE(Fire(MakeAlert("Target", "critical")).ok());
  Run(60);
  ASSERT_EQ(Got("pager"), 1U);
  const Alert source = MakeAlert("Source", "none");
  ASSERT_TRUE(Fire(source).ok());
  Run(600);
  EXPECT_EQ(Got("other"), 0U);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped),
            std::vector<std::string>{"tier 2 not paged: inhibited"});
  ASSERT_TRUE(End(source).ok());
  Run(10);
  EXPECT_EQ(Got("other"), 1U);
}

TEST_F(SuppressionTest, AQueuedPageWaitsForTheEndOfASilence) {
  inbox_["pager"].answers = {SendResult::Retry("HTTP 503", "serverError", 0)};
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(0);
  ASSERT_EQ(Got("pager"), 1U) << "refused";
  const std::string silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(7200));
  Run(3000);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Texts(AuditKind::kEscalationSkipped),
            std::vector<std::string>{"tier 1 not paged: silenced by " + silence});
  ASSERT_TRUE(desk_->ExpireSilence(silence, "api", clock_.NowNanos()).ok());
  Run(6);
  EXPECT_EQ(Got("pager"), 2U);
  EXPECT_EQ(Got("other"), 0U) << "the escalation stood still";
  Run(300);
  EXPECT_EQ(Got("other"), 1U);
}

// The silence comes between the claim and the sending.
TEST_F(SuppressionTest, AClaimedPageIsPutAside) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  const auto any = [](const auto&) {
    return LaneRoom{.urgent = 1, .others = 1, .again = 0, .failing_since = 0};
  };
  const auto claimed = desk_->Claim(clock_.NowNanos(), 1, any);
  ASSERT_TRUE(claimed.ok() && claimed->messages.size() == 1);
  const std::string silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(7200));
  EXPECT_FALSE(desk_->StillWanted(claimed->messages[0].row, clock_.NowNanos()));
  Run(60);
  EXPECT_EQ(Got("pager"), 0U);
  ASSERT_TRUE(desk_->ExpireSilence(silence, "api", clock_.NowNanos()).ok());
  Run(6);
  ASSERT_EQ(Got("pager"), 1U);
  EXPECT_FALSE(inbox_["pager"].got[0].repeat);
}

TEST_F(SuppressionTest, AnAcknowledgedIncidentDropsThePagesThatWaited) {
  inbox_["pager"].answers = {SendResult::Retry("HTTP 503", "serverError", 0)};
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(0);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(60));
  Run(10);
  ASSERT_EQ(desk_->Outbox().size(), 1U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(7200);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_TRUE(desk_->Outbox().empty());
}

TEST_F(SuppressionTest, AnAlertThatIsNotSilencedLetsTheIncidentGoOn) {
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    config.incidents.group_by = {"severity"};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(7200));
  Run(600);
  ASSERT_EQ(Got("other"), 0U);
  ASSERT_TRUE(Fire(MakeAlert("Up", "critical")).ok());
  Run(1);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_EQ(Got("other"), 1U);
}

// Each rule's alerts are an event of their own.
TEST_F(SuppressionTest, TheOrderOfRulesDoesNotMatter) {
  const Alert source = MakeAlert("Source", "none");
  const Alert target = MakeAlert("Target", "critical");
  ASSERT_TRUE(Fire(target).ok());  // listed before its inhibitor
  Run(1);
  ASSERT_TRUE(Fire(source).ok());
  Run(600);
  EXPECT_EQ(Newest(), nullptr);
  ASSERT_TRUE(End(source).ok());  // both end in one evaluation
  Run(1);
  ASSERT_TRUE(End(target).ok());
  Run(600);
  EXPECT_EQ(Newest(), nullptr);
  EXPECT_EQ(Got("pager"), 0U);
}

TEST_F(SuppressionTest, SettlingTakesFiveSecondsAndSurvivesARestart) {
  ASSERT_TRUE(Fire(MakeAlert("Free", "critical")).ok());
  ASSERT_NE(Newest(), nullptr) << "no rule could inhibit it";
  ASSERT_TRUE(Fire(MakeAlert("Target", "critical")).ok());
  Run(4);
  Start(*disk_);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  Run(1);
  EXPECT_EQ(desk_->Incidents({}).total, 2U);
  EXPECT_EQ(Got("pager"), 2U);
}

TEST_F(SuppressionTest, WhenAnIncidentOpensDoesNotDependOnADowntime) {
  for (const bool down : {false, true}) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    Mute("Down", kT0, kT0 + Sec(100));
    ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
    Run(50);
    ASSERT_EQ(Newest(), nullptr);
    if (down) {
      clock_.Set(kT0 + Sec(3600));
      Start(*disk_);
    }
    Run(100);
    ASSERT_NE(Newest(), nullptr);
    EXPECT_EQ(Newest()->received_at, kT0 + Sec(105)) << down;
  }
}

// Inhibited again while it settles: the delay begins anew.
TEST_F(SuppressionTest, TheDelayRunsFromTheLastSuppression) {
  const Alert source = MakeAlert("Source", "none");
  ASSERT_TRUE(Fire(MakeAlert("Target", "critical")).ok());
  Run(2);
  ASSERT_TRUE(Fire(source).ok());
  Run(2);
  ASSERT_TRUE(End(source).ok());
  Run(4);
  EXPECT_EQ(Newest(), nullptr);
  Run(1);
  EXPECT_NE(Newest(), nullptr);
}

}  // namespace
}  // namespace outrider
