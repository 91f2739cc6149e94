// SPDX-License-Identifier: Apache-2.0
// What people change about incidents, over the desk: timers, pages, parts, and a restart.
#include <fmt/format.h>

#include "notifiers/incident/overlays.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

int Count(const IncidentDetail& detail, AuditKind kind) {
  int count = 0;
  for (const AuditEvent& event : detail.events) count += event.kind == kind ? 1 : 0;
  return count;
}

// With a second tier after five minutes, `other`.
class DeskOverlaysTest : public DeskTest {
 protected:
  DeskOverlaysTest() {
    Adjust([](DeskConfig& config) {
      config.incidents.group_by = {"alertname"};
      EscalationTier second;
      second.delay = 5 * kMinute;
      second.receivers = {"other"};
      config.incidents.escalation_policies[0].tiers.push_back(second);
    });
  }
  std::string Open(const char* name, const char* severity = "critical") {
    EXPECT_TRUE(Fire(MakeAlert(name, severity)).ok());
    return IdOf(name);
  }
  std::string IdOf(const char* title) {
    IncidentFilter filter;
    for (const auto& incident : desk_->Incidents(filter).incidents) {
      if (incident->title == title) return incident->id;
    }
    return "";
  }
  Desk::IncidentResult Do(const std::string& id, const IncidentChange& change) {
    return desk_->Change(change, By(id), clock_.NowNanos());
  }
  IncidentDetail Detail(const std::string& id) {
    return desk_->GetIncident(id, clock_.NowNanos()).value();
  }
  std::shared_ptr<const Incident> Get(const std::string& id) { return Detail(id).incident; }
};

TEST_F(DeskOverlaysTest, ASnoozedIncidentPagesNobodyUntilItWakes) {
  const std::string id = Open("Down");
  Run(10);
  ASSERT_EQ(Got("pager"), 1U);
  ASSERT_TRUE(Do(id, SnoozeUntil{clock_.NowNanos() + Sec(3600)}).ok());
  Run(1800);
  EXPECT_EQ(Got("other"), 0U) << "the second tier was due after five minutes";
  EXPECT_NE(Get(id)->Clock(SlaKind::kAcknowledge).breached_at, 0) << "the clocks go on";
  Start(*disk_);  // the snooze is in the store
  Run(1700);
  EXPECT_EQ(Got("pager"), 1U);
  Run(200);
  EXPECT_EQ(Got("pager"), 2U);
  EXPECT_EQ(Get(id)->snoozed_until, 0);
  Run(400);
  EXPECT_EQ(Got("other"), 1U);
  EXPECT_EQ(Count(Detail(id), AuditKind::kWoken), 1);
}

TEST_F(DeskOverlaysTest, AnAnswerEndsTheSnooze) {
  const std::string id = Open("Down");
  ASSERT_TRUE(Do(id, SnoozeUntil{clock_.NowNanos() + Sec(600)}).ok());
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  Run(1200);
  EXPECT_EQ(Got("pager"), 0U) << "it was queued, and snoozed before it was sent";
  EXPECT_EQ(Get(id)->state, IncidentState::kAcknowledged);
  EXPECT_EQ(Count(Detail(id), AuditKind::kWoken), 0);
}

TEST_F(DeskOverlaysTest, WhoeverIsSureCanWakeIt) {
  const std::string id = Open("Down");
  Run(10);
  EXPECT_TRUE(absl::IsFailedPrecondition(Do(id, WakeUp{}).status()));
  ASSERT_TRUE(Do(id, SnoozeUntil{clock_.NowNanos() + Sec(600)}).ok());
  ASSERT_TRUE(Do(id, WakeUp{}).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 2U);
  Run(1200);
  EXPECT_EQ(Got("pager"), 2U) << "the timer of the snooze is gone";
}

TEST_F(DeskOverlaysTest, AMergedIncidentFollowsItsParent) {
  const std::string part = Open("Slow");
  const std::string parent = Open("Down");
  Run(10);
  ASSERT_EQ(Got("pager"), 2U);
  ASSERT_TRUE(Do(part, MergeInto{parent}).ok());
  Run(400);
  EXPECT_EQ(Got("other"), 1U) << "the parent's second tier alone";
  // Alerts of the part's group go to the parent.
  Alert more = MakeAlert("Slow", "critical");
  more.labels = more.labels.With("instance", "b");
  ASSERT_TRUE(Fire(more).ok());
  EXPECT_EQ(Get(parent)->firing.size(), 3U);
  EXPECT_EQ(desk_->Incidents({}).total, 2U);
  EXPECT_EQ(Detail(parent).parts, std::vector<std::string>{part});
  for (const Status& status :
       {desk_->Acknowledge(By(part), clock_.NowNanos()).status(),
        Do(part, SnoozeUntil{clock_.NowNanos() + Sec(60)}).status(),
        Do(part, AssignTo{"bob"}).status(), Do(part, SetSeverity{Severity::kLow}).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_NE(Message(status).find("part of " + parent), std::string::npos);
  }
  EXPECT_TRUE(desk_->AddNote(By(part, "still open"), clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->Acknowledge(By(parent), clock_.NowNanos()).ok());
  EXPECT_EQ(Get(part)->state, IncidentState::kAcknowledged);
  EXPECT_EQ(Get(part)->acknowledged_by, "anna");
  EXPECT_EQ(Detail(part).events.back().text, "with " + parent);
  Start(*disk_);
  EXPECT_EQ(Detail(parent).parts, std::vector<std::string>{part});
  EXPECT_EQ(Get(parent)->firing.size(), 3U);
  ASSERT_TRUE(desk_->Resolve(By(parent), clock_.NowNanos()).ok());
  EXPECT_EQ(Get(part)->state, IncidentState::kResolved);
  EXPECT_EQ(Get(part)->resolved_by, "anna");
  Run(10);
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(DeskOverlaysTest, WhatIsMergedIntoASilencedIncidentIsTold) {
  const std::string parent = Open("Down");
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(8 * 3600));
  Run(400);
  ASSERT_EQ(Got("pager"), 0U);
  const std::string part = Open("Slow");
  ASSERT_TRUE(Do(part, MergeInto{parent}).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 1U) << "Slow is not silenced";
  Run(300);
  EXPECT_EQ(Got("other"), 1U);
}

TEST_F(DeskOverlaysTest, WhatIsSilencedAndOverHoldsNobodyUp) {
  NewIncident wanted;
  wanted.title = "Shop is slow";
  wanted.severity = Severity::kCritical;
  const Alert down = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(down).ok());
  Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(8 * 3600));
  const std::string by_hand = desk_->Create(wanted, By(""), clock_.NowNanos()).value()->id;
  ASSERT_TRUE(Do(IdOf("Down"), MergeInto{by_hand}).ok());
  Run(400);
  ASSERT_EQ(Got("pager"), 0U) << "all that fires of it is silenced";
  ASSERT_TRUE(End(down).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
}

TEST_F(DeskOverlaysTest, TheLastAlertOfAllEndsAParentWithItsParts) {
  const Alert slow = MakeAlert("Slow");
  const Alert down = MakeAlert("Down");
  ASSERT_TRUE(Fire(slow).ok());
  ASSERT_TRUE(Fire(down).ok());
  const std::string part = IdOf("Slow");
  const std::string parent = IdOf("Down");
  ASSERT_TRUE(Do(part, MergeInto{parent}).ok());
  Run(10);
  ASSERT_TRUE(End(down).ok());
  EXPECT_TRUE(Get(parent)->Open()) << "what was merged into it fires";
  ASSERT_TRUE(End(slow).ok());
  EXPECT_FALSE(Get(parent)->Open());
  EXPECT_FALSE(Get(part)->Open());
  EXPECT_EQ(Get(part)->resolved_by, "");
  // Within the window the parent is opened again, whichever fires.
  Run(60);
  ASSERT_TRUE(Fire(MakeAlert("Slow")).ok());
  EXPECT_TRUE(Get(parent)->Open());
  EXPECT_FALSE(Get(part)->Open());
  EXPECT_EQ(desk_->Incidents({}).total, 2U);
}

TEST_F(DeskOverlaysTest, UnmergingGivesTheAlertsBack) {
  const std::string part = Open("Slow");
  const std::string parent = Open("Down");
  Run(10);
  ASSERT_TRUE(Do(part, MergeInto{parent}).ok());
  ASSERT_TRUE(Do(part, Unmerge{}).ok());
  EXPECT_EQ(Get(part)->firing.size(), 1U);
  EXPECT_EQ(Get(parent)->firing.size(), 1U);
  Run(10);
  EXPECT_EQ(Got("pager"), 3U) << "nobody has answered the part: it pages again";
  ASSERT_TRUE(End(MakeAlert("Slow", "critical")).ok());
  EXPECT_FALSE(Get(part)->Open());
  EXPECT_TRUE(Get(parent)->Open());
  Start(*disk_);
  EXPECT_TRUE(Detail(parent).parts.empty());
}

TEST_F(DeskOverlaysTest, PartsOfAPartMoveAlong) {
  const std::string a = Open("A");
  const std::string b = Open("B");
  const std::string c = Open("C");
  ASSERT_TRUE(Do(a, MergeInto{b}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Do(b, MergeInto{a}).status())) << "no cycles";
  ASSERT_TRUE(Do(b, MergeInto{c}).ok());
  EXPECT_EQ(Get(a)->merged_into, c);
  EXPECT_EQ(Get(b)->merged_into, c);
  EXPECT_EQ(Get(c)->firing.size(), 3U);
  EXPECT_TRUE(absl::IsFailedPrecondition(Do(a, MergeInto{b}).status()));
  EXPECT_TRUE(absl::IsNotFound(Do(c, MergeInto{"i0"}).status()));
  ASSERT_TRUE(desk_->Resolve(By(c), clock_.NowNanos()).ok());
  EXPECT_FALSE(Get(a)->Open());
  EXPECT_FALSE(Get(b)->Open());
}

TEST_F(DeskOverlaysTest, AnIncidentByHandEscalatesAndEndsByHand) {
  NewIncident wanted;
  wanted.title = "Shop is slow";
  wanted.severity = Severity::kCritical;
  const std::string id = desk_->Create(wanted, By(""), clock_.NowNanos()).value()->id;
  const std::string twin = desk_->Create(wanted, By(""), clock_.NowNanos()).value()->id;
  EXPECT_NE(id, twin);
  Run(400);
  EXPECT_EQ(Got("pager"), 2U);
  EXPECT_EQ(Got("other"), 2U);
  EXPECT_EQ(inbox_["pager"].got[0].alerts[0].labels.Get("alertname"), "Shop is slow");
  // An alert of that name is another matter.
  const Alert alert = MakeAlert("Shop is slow", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  EXPECT_EQ(desk_->Incidents({}).total, 3U);
  ASSERT_TRUE(End(alert).ok());
  Start(*disk_);
  EXPECT_TRUE(Get(id)->Open());
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  Run(10);
  EXPECT_TRUE(inbox_["pager"].got.back().resolved) << "those who were paged hear of the end";
  EXPECT_TRUE(Get(twin)->Open());
}

TEST_F(DeskOverlaysTest, QuietIncidentsAreResolved) {
  NewIncident wanted;
  wanted.title = "Forgotten";
  wanted.severity = Severity::kLow;
  const std::string before = desk_->Create(wanted, By(""), clock_.NowNanos()).value()->id;
  Adjust([](DeskConfig& config) {
    config.incidents.attention[static_cast<size_t>(Severity::kLow)].auto_resolve = kDay;
  });
  const std::string id = desk_->Create(wanted, By(""), clock_.NowNanos()).value()->id;
  const std::string fires = Open("Fires", "low");
  Run(86'000);
  EXPECT_TRUE(Get(before)->Open());
  ASSERT_TRUE(desk_->AddNote(By(id, "soon"), clock_.NowNanos()).ok());
  Run(500);
  EXPECT_FALSE(Get(before)->Open()) << "the reload has set its timer";
  EXPECT_TRUE(Get(id)->Open()) << "somebody wrote a note";
  Run(86'400);
  EXPECT_FALSE(Get(id)->Open());
  EXPECT_TRUE(Get(fires)->Open());
}

TEST_F(DeskOverlaysTest, WhatFiresOnAfterAResolveComesBackIfWanted) {
  const std::string id = Open("Down");
  Run(10);
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  Run(86'400);
  EXPECT_FALSE(Get(id)->Open()) << "off by default";
  Adjust([](DeskConfig& config) { config.incidents.reopen_if_still_firing_after = 30 * kMinute; });
  Run(10);
  EXPECT_TRUE(Get(id)->Open()) << "the reload has looked at it";
  EXPECT_EQ(Get(id)->reopened, 1);
}

TEST_F(DeskOverlaysTest, WhoAcknowledgedIsAskedAndTheIncidentComesBack) {
  Adjust([](DeskConfig& config) {
    config.incidents.attention[static_cast<size_t>(Severity::kCritical)] = {
        .acknowledge_timeout = kHour, .confirm_within = 15 * kMinute, .auto_resolve = 0};
  });
  const std::string id = Open("Down");
  Run(10);
  ASSERT_EQ(Got("pager"), 1U);
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  Run(3590);
  EXPECT_EQ(Got("pager"), 1U);
  Run(20);
  ASSERT_EQ(Got("pager"), 2U) << "anna has no contact method: those are asked who were paged";
  EXPECT_NE(inbox_["pager"].got[1].note.find("still being worked on"), std::string::npos);
  ASSERT_TRUE(Do(id, ConfirmWork{}).ok());
  Run(3000);
  EXPECT_EQ(Get(id)->state, IncidentState::kAcknowledged);
  Run(600);
  ASSERT_EQ(Got("pager"), 3U) << "an hour after the confirmation";
  Run(1000);
  EXPECT_EQ(Get(id)->state, IncidentState::kNew);
  EXPECT_EQ(Got("pager"), 4U) << "it escalates again";
  const IncidentDetail detail = Detail(id);
  EXPECT_EQ(Count(detail, AuditKind::kAckReminded), 2);
  EXPECT_EQ(Count(detail, AuditKind::kAckConfirmed), 1);
  EXPECT_EQ(Count(detail, AuditKind::kAckTimedOut), 1);
}

TEST_F(DeskOverlaysTest, SeverityByHandChangesWhoIsPaged) {
  const std::string id = Open("Down", "warning");
  Run(10);
  EXPECT_EQ(Got("pager"), 0U);
  ASSERT_TRUE(Do(id, SetSeverity{Severity::kCritical}).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
  ASSERT_TRUE(Do(id, SetSeverity{Severity::kMedium}).ok());
  Run(600);
  EXPECT_EQ(Got("other"), 0U) << "its severity has no policy any more";
}

TEST_F(DeskOverlaysTest, ListsCanBeNarrowed) {
  Adjust([](DeskConfig& config) { config.incidents.team_label = "squad"; });
  Alert alert = MakeAlert("Down");
  alert.labels = Labels(
      {{"alertname", "Down"}, {"squad", "db"}, {"service", "orders"}, {"severity", "warning"}});
  ASSERT_TRUE(Fire(alert).ok());
  clock_.Set(kT0 + Sec(60));
  const std::string slow = Open("Slow");
  ASSERT_TRUE(Do(slow, AssignTo{"bob"}).ok());
  struct Case {
    const char* name;
    std::function<void(IncidentFilter&)> narrow;
    std::vector<std::string> titles;
  };
  using Titles = std::vector<std::string>;
  const Case cases[] = {
      {"all", [](IncidentFilter&) {}, Titles{"Slow", "Down"}},
      {"assignee", [](IncidentFilter& f) { f.assignee = "bob"; }, Titles{"Slow"}},
      {"nobody's", [](IncidentFilter& f) { f.assignee = ""; }, Titles{"Down"}},
      {"team", [](IncidentFilter& f) { f.team = "db"; }, Titles{"Down"}},
      {"service", [](IncidentFilter& f) { f.service = "orders"; }, Titles{"Down"}},
      {"label", [](IncidentFilter& f) { f.labels = {Matcher::Equal("severity", "critical")}; },
       Titles{"Slow"}},
      {"from", [](IncidentFilter& f) { f.from = kT0 + Sec(60); }, Titles{"Slow"}},
      {"to", [](IncidentFilter& f) { f.to = kT0 + Sec(60); }, Titles{"Down"}},
      {"text", [](IncidentFilter& f) { f.text = "ORDERS"; }, Titles{"Down"}},
      {"limit", [](IncidentFilter& f) { f.limit = 1; }, Titles{"Slow"}},
      {"after",
       [&](IncidentFilter& f) {
         f.after_id = slow;
         f.after_time = kT0 + Sec(60);
       },
       Titles{"Down"}},
  };
  for (const Case& c : cases) {
    IncidentFilter filter;
    c.narrow(filter);
    Titles titles;
    for (const auto& incident : desk_->Incidents(filter).incidents) {
      titles.push_back(incident->title);
    }
    EXPECT_EQ(titles, c.titles) << c.name;
  }
}

TEST_F(DeskOverlaysTest, GroupStatisticsSayHowMuchNoiseWentAway) {
  for (int i = 0; i < 9; ++i) {
    Alert alert = MakeAlert("Down");
    alert.labels = alert.labels.With("instance", fmt::format("{}", i));
    ASSERT_TRUE(Fire(alert).ok());
  }
  const Alert slow = MakeAlert("Slow");
  ASSERT_TRUE(Fire(slow).ok());
  ASSERT_TRUE(End(slow).ok());
  NewIncident wanted;
  wanted.title = "by hand";
  ASSERT_TRUE(desk_->Create(wanted, By(""), clock_.NowNanos()).ok());
  const GroupStatistics statistics = desk_->StatisticsOf({});
  EXPECT_EQ(statistics.groups, 2U);
  EXPECT_EQ(statistics.active, 1U);
  EXPECT_EQ(statistics.alerts, 10U);
  EXPECT_EQ(statistics.most_alerts, 9U);
}

}  // namespace
}  // namespace outrider
