// SPDX-License-Identifier: Apache-2.0
// What AutoGraph does when a service is down, and what it does wrong (specs/source_systems.md §4.1,
// §4.6): repeats say how long it has lasted by then, the recovery counts from the first failure,
// every outage is one of its own.
#include <fmt/format.h>

#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class OutageTest : public DeskTest {
 protected:
  OutageTest() {
    Adjust([](DeskConfig& config) {
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      policy.repeat = 1000;
      policy.repeat_interval = 15 * kMinute;
    });
  }
  // The rule has waited five minutes.
  Alert Down() {
    Alert alert = MakeAlert("ServiceDown", "critical");
    alert.annotations = {
        {"summary", "auth-service is down"},
        {"outrider_since", fmt::to_string(clock_.NowNanos() / kNanosPerSecond - 300)}};
    return alert;
  }
  Notification Last() { return inbox_["pager"].got.back(); }
  static std::string Annotation(const Notification& page, const char* name) {
    const auto found = page.alerts.at(0).annotations.find(name);
    return found == page.alerts.at(0).annotations.end() ? "none" : found->second;
  }
};

TEST_F(OutageTest, EveryRepeatSaysHowLongByThen) {
  ASSERT_TRUE(Fire(Down()).ok());
  Run(1);
  ASSERT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Annotation(Last(), "outrider_duration"), "5m");
  EXPECT_EQ(Annotation(Last(), "outrider_escalations"), "0");
  EXPECT_EQ(Last().title, "") << "the first one has the usual subject";
  EXPECT_TRUE(Last().note.ends_with("; for 5m")) << Last().note;
  Run(15 * 60);
  ASSERT_EQ(Got("pager"), 2U);
  EXPECT_EQ(Annotation(Last(), "outrider_duration"), "20m");
  EXPECT_EQ(Annotation(Last(), "outrider_escalations"), "1");
  EXPECT_EQ(Last().title, "[ESCALATION] CRITICAL: auth-service is down, for 20m");
  Run(15 * 60);
  ASSERT_EQ(Got("pager"), 3U);
  EXPECT_EQ(Last().title, "[ESCALATION] CRITICAL: auth-service is down, for 35m");
  EXPECT_TRUE(Last().note.ends_with("; for 35m, told again 2 times")) << Last().note;
}

TEST_F(OutageTest, TheRecoveryCountsFromTheFirstFailure) {
  const Alert alert = Down();
  ASSERT_TRUE(Fire(alert).ok());
  Run(20 * 60);
  ASSERT_TRUE(End(alert).ok());
  Run(60);
  ASSERT_EQ(Got("pager"), 3U);
  EXPECT_TRUE(Last().resolved);
  EXPECT_EQ(Annotation(Last(), "outrider_duration"), "25m");
  EXPECT_EQ(Annotation(Last(), "outrider_escalations"), "1");
  EXPECT_EQ(Last().title, "");
  EXPECT_EQ(Newest()->starts_at, kT0 - Sec(300));
}

TEST_F(OutageTest, ARetryIsRenderedAtTheTimeOfItsSending) {
  inbox_["pager"].answers = {SendResult::Retry("busy", "other", 120'000)};
  ASSERT_TRUE(Fire(Down()).ok());
  Run(121);
  ASSERT_EQ(Got("pager"), 2U);
  EXPECT_EQ(Annotation(inbox_["pager"].got[0], "outrider_duration"), "5m");
  EXPECT_EQ(Annotation(Last(), "outrider_duration"), "7m");
}

TEST_F(OutageTest, WhoAnswersIsNotToldAgain) {
  ASSERT_TRUE(Fire(Down()).ok());
  Run(16 * 60);
  ASSERT_EQ(Got("pager"), 2U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(3600);
  EXPECT_EQ(Got("pager"), 2U);
}

TEST_F(OutageTest, EveryOutageIsKept) {
  Alert alert = Down();
  ASSERT_TRUE(Fire(alert).ok());
  Run(600);
  ASSERT_TRUE(End(alert).ok());
  Run(3600);
  alert = Down();
  ASSERT_TRUE(Fire(alert).ok());
  Run(10);
  const IncidentPage page = desk_->Incidents({});
  ASSERT_EQ(page.incidents.size(), 2U);
  EXPECT_EQ(page.incidents[0]->previous_id, page.incidents[1]->id);
  EXPECT_EQ(page.incidents[1]->resolved_at - page.incidents[1]->starts_at, Sec(900));
}

TEST_F(OutageTest, ADeadChannelHoldsNobodyUp) {
  Adjust([](DeskConfig& config) {
    EscalationPolicy& policy = config.incidents.escalation_policies[0];
    policy.tiers[0].receivers = {"pager", "other"};
  });
  inbox_["pager"].answers.assign(100, SendResult::Retry("down", "serverError"));
  ASSERT_TRUE(Fire(Down()).ok());
  Run(5);
  EXPECT_EQ(Got("other"), 1U);
}

}  // namespace
}  // namespace outrider
