// SPDX-License-Identifier: Apache-2.0
// Which alerts become incidents, and whom incidents page.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

TEST_F(DeskTest, SilencedAndInhibitedAlertsWaitForTheirIncident) {
  struct Case {
    const char* name;
    bool silenced, inhibited;
    bool silence_ends, source_ends, target_ends;
    bool opens;
  };
  const Case cases[] = {
      {"free", false, false, false, false, false, true},
      {"silenced", true, false, false, false, false, false},
      {"silenced, the silence ends", true, false, true, false, false, true},
      {"silenced, over before the silence", true, false, true, false, true, false},
      {"inhibited", false, true, false, false, false, false},
      {"inhibited, the source ends", false, true, false, true, false, true},
      {"inhibited, both end", false, true, false, true, true, false},
      {"both, the silence ends", true, true, true, false, false, false},
      {"both, the source ends", true, true, false, true, false, false},
      {"both, both end", true, true, true, true, false, true},
  };
  for (const Case& c : cases) {
    clock_.Set(kT0);
    disk_ = std::make_unique<MemoryStore>();
    Start(*disk_);
    Adjust([](DeskConfig& config) {
      InhibitRuleConfig rule;
      rule.source_matchers = {Matcher::Equal("alertname", "Source")};
      rule.target_matchers = {Matcher::Equal("alertname", "Target")};
      config.alertmanager.inhibit_rules = {rule};
    });
    Alert source = MakeAlert("Source", "none");  // opens no incident itself
    Alert target = MakeAlert("Target");
    std::string silence;
    if (c.silenced) silence = Mute("Target", kT0, kT0 + Sec(7200));
    if (c.inhibited) {
      ASSERT_TRUE(Fire(source).ok());
    }
    ASSERT_TRUE(Fire(target).ok());
    Run(60);
    EXPECT_EQ(Newest() != nullptr, !c.silenced && !c.inhibited) << c.name;
    if (c.target_ends) {
      ASSERT_TRUE(End(target).ok());
    }
    if (c.source_ends) {
      ASSERT_TRUE(End(source).ok());
    }
    if (c.silence_ends) {
      ASSERT_TRUE(desk_->ExpireSilence(silence, "api", clock_.NowNanos()).ok());
    }
    Run(60);
    EXPECT_EQ(Newest() != nullptr, c.opens) << c.name;
  }
}

// The rule that inhibited it was taken out of the file while the process was down.
TEST_F(DeskTest, WaitingAlertsAreLookedAtAgainAfterAStart) {
  adjust_ = [](DeskConfig& config) {
    InhibitRuleConfig rule;
    rule.source_matchers = {Matcher::Equal("alertname", "Source")};
    rule.target_matchers = {Matcher::Equal("alertname", "Target")};
    config.alertmanager.inhibit_rules = {rule};
  };
  Start(*disk_);
  ASSERT_TRUE(Fire(MakeAlert("Source", "none")).ok());
  ASSERT_TRUE(Fire(MakeAlert("Target")).ok());
  EXPECT_EQ(Newest(), nullptr);
  adjust_ = nullptr;
  Start(*disk_);
  Run(10);
  EXPECT_NE(Newest(), nullptr);
}

TEST_F(DeskTest, TheAnnotationNamesThePolicy) {
  Adjust([](DeskConfig& config) {
    EscalationPolicy named;
    named.name = "by name";
    named.severities = {Severity::kLow};
    named.tiers.resize(1);
    named.tiers[0].receivers = {"other"};
    config.incidents.escalation_policies.push_back(named);
  });
  struct Case {
    const char* alert;
    const char* severity;
    const char* annotation;
    size_t pager, other;
  };
  const Case cases[] = {{"A", "critical", "by name", 0, 1},
                        {"B", "warning", "by name", 0, 1},
                        {"C", "critical", "no such policy", 1, 0},
                        {"D", "warning", "no such policy", 0, 0},
                        {"E", "critical", nullptr, 1, 0}};
  for (const Case& c : cases) {
    for (auto& [name, inbox] : inbox_) inbox.got.clear();
    Alert alert = MakeAlert(c.alert, c.severity);
    if (c.annotation != nullptr) alert.annotations["outrider_escalation"] = c.annotation;
    ASSERT_TRUE(Fire(alert).ok());
    Run(1);
    EXPECT_EQ(Got("pager"), c.pager) << c.alert;
    EXPECT_EQ(Got("other"), c.other) << c.alert;
  }
}

TEST_F(DeskTest, ARisingSeverityRetargetsTheClocks) {
  Adjust([](DeskConfig& config) { config.incidents.group_by = {"alertname"}; });
  ASSERT_TRUE(Fire(MakeAlert("Down", "warning")).ok());
  Run(20 * 60);
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).DeadlineAt(), kT0 + Sec(480 * 60));
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(1);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_EQ(Got("pager"), 1U) << "the policy of the new severity";
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).breached_at, kT0 + Sec(5 * 60));
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).DeadlineAt(), kT0 + Sec(30 * 60));
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).breached_at, 0);
  Run(10 * 60);
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).breached_at, kT0 + Sec(30 * 60));
}

TEST_F(DeskTest, WhoeverWasPagedBeforeAnUnacknowledgeHearsOfTheEnd) {
  Adjust([](DeskConfig& config) {
    EscalationTier second;
    second.delay = 5 * kMinute;
    second.receivers = {"other"};
    config.incidents.escalation_policies[0].tiers.push_back(second);
  });
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(400);
  ASSERT_EQ(Got("pager"), 1U);
  ASSERT_EQ(Got("other"), 1U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->Unacknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(10);
  ASSERT_EQ(Got("pager"), 2U);
  ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 3U);
  EXPECT_EQ(Got("other"), 2U) << "paged in the first round, not in the second";
}

// "Resolved" must not arrive behind the page of the reopened incident.
TEST_F(DeskTest, ARecoveryThatWaitsIsDroppedWhenTheIncidentIsOpenAgain) {
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(10);
  ASSERT_EQ(Got("pager"), 1U);
  inbox_["pager"].answers = {SendResult::Retry("HTTP 503", "serverError", 100'000)};
  ASSERT_TRUE(End(alert).ok());
  Run(10);
  ASSERT_EQ(Got("pager"), 2U) << "the recovery, refused";
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(200);
  ASSERT_EQ(Got("pager"), 3U);
  EXPECT_FALSE(inbox_["pager"].got[2].resolved) << "a page again";
  ASSERT_TRUE(End(alert).ok());
  Run(10);
  ASSERT_EQ(Got("pager"), 4U);
  EXPECT_TRUE(inbox_["pager"].got[3].resolved);
}

TEST_F(DeskTest, OneIncidentIsOpenPerGroupWhateverTheClockDoes) {
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  const std::string first = Newest()->id;
  ASSERT_TRUE(End(alert).ok());
  // The clock is set back by an hour; the incident that follows seems older.
  clock_.Set(kT0 - Sec(3600));
  Adjust([](DeskConfig& config) {
    config.incidents.group_by = {"alertname"};
    config.incidents.reopen_window = -24 * kHour;
  });
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  ASSERT_TRUE(Fire(MakeAlert("Down", "error")).ok());
  EXPECT_EQ(desk_->Incidents({}).total, 2U);
  Start(*disk_);
  ASSERT_TRUE(Fire(MakeAlert("Down", "info")).ok());
  EXPECT_EQ(desk_->Incidents({}).total, 2U);
  EXPECT_TRUE(absl::IsFailedPrecondition(desk_->Reopen(By(first), kT0).status()))
      << "another one of its group is open";
}

// Two incidents of a group; the older one is opened again and closed last: alerts go to it, also
// after a restart.
TEST_F(DeskTest, AlertsGoToTheIncidentThatClosedLast) {
  for (const bool restart : {false, true}) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    const Alert alert = MakeAlert("Down");
    ASSERT_TRUE(Fire(alert).ok());
    const std::string first = Newest()->id;
    ASSERT_TRUE(End(alert).ok());
    clock_.Set(kT0 + Sec(7200));
    ASSERT_TRUE(Fire(alert).ok());
    ASSERT_TRUE(End(alert).ok());
    ASSERT_EQ(desk_->Incidents({}).total, 2U);
    clock_.Set(kT0 + Sec(14400));
    ASSERT_TRUE(desk_->Reopen(By(first), clock_.NowNanos()).ok());
    ASSERT_TRUE(desk_->Resolve(By(first), clock_.NowNanos()).ok());
    if (restart) Start(*disk_);
    clock_.Set(kT0 + Sec(14401));
    ASSERT_TRUE(Fire(alert).ok());
    EXPECT_EQ(desk_->Incidents({}).total, 2U) << restart;
    EXPECT_TRUE(desk_->GetIncident(first, clock_.NowNanos())->incident->Open()) << restart;
  }
}

// An older incident of the group is opened again by itself while a newer one is open; once that is
// over, alerts go to the one that is open, also after a restart.
TEST_F(DeskTest, AlertsGoToTheOpenIncidentAlsoIfItOpenedFirst) {
  const auto alert = [this](const char* instance) {
    Alert made = MakeAlert("Down");
    made.labels = Labels({{"alertname", "Down"}, {"instance", instance}, {"severity", "warning"}});
    return made;
  };
  Adjust([](DeskConfig& config) {
    config.incidents.group_by = {"alertname"};
    config.incidents.reopen_window = kMinute;
    config.incidents.reopen_if_still_firing_after = 20 * kMinute;
  });
  for (const bool restart : {false, true}) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    ASSERT_TRUE(Fire(alert("1")).ok());
    const std::string first = Newest()->id;
    ASSERT_TRUE(desk_->Resolve(By(first), clock_.NowNanos()).ok());
    Run(600);
    ASSERT_TRUE(Fire(alert("2")).ok());
    ASSERT_EQ(desk_->Incidents({}).total, 2U);
    Run(700);
    ASSERT_TRUE(desk_->GetIncident(first, clock_.NowNanos())->incident->Open());
    ASSERT_TRUE(End(alert("2")).ok());
    if (restart) Start(*disk_);
    Run(600);
    ASSERT_TRUE(Fire(alert("2")).ok());
    EXPECT_EQ(desk_->Incidents({}).total, 2U) << restart;
  }
}

// An edit wants what a person resolved to be open again since long ago: it is opened now. What held
// its pages then has ended since, and nobody would look again.
TEST_F(DeskTest, WhatAnEditOpensAgainIsOpenedNow) {
  const auto two_tiers = [](DeskConfig& config) {
    config.incidents.escalation_policies[0].tiers.push_back(
        {.delay = 5 * kMinute, .receivers = {"other"}});
  };
  MaintenanceWindow window;
  window.name = "move";
  window.match = {Matcher::Equal("alertname", "Down")};
  window.start = kT0 + Sec(1010);
  window.end = kT0 + Sec(2010);
  for (const bool silenced : {true, false}) {
    SCOPED_TRACE(silenced ? "silenced" : "in maintenance");
    const auto adjust = [&](DeskConfig& config) {
      two_tiers(config);
      if (!silenced) config.around.maintenance = {window};
    };
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    inbox_["other"].got.clear();
    Start(*disk_);
    Adjust(adjust);
    ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
    Run(10);
    ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok());
    Run(1000);
    std::string silence;
    if (silenced) silence = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(5000));
    Run(1000);
    if (silenced) {
      ASSERT_TRUE(desk_->ExpireSilence(silence, "api", clock_.NowNanos(), "anna").ok());
    }
    Run(1000);
    const size_t paged = Got("pager");
    const Nanos edited = clock_.NowNanos();
    Adjust([adjust](DeskConfig& config) {
      adjust(config);
      config.incidents.reopen_if_still_firing_after = 20 * kMinute;
    });
    Run(10);
    ASSERT_TRUE(Newest()->Open());
    EXPECT_GE(Newest()->escalation.started_at, edited);
    EXPECT_EQ(Got("pager"), paged + 1);
    EXPECT_EQ(Got("other"), 0U);
    Run(300);
    EXPECT_EQ(Got("other"), 1U);
    EXPECT_EQ(Newest()->escalation.held_at, 0);
  }
}

// Nothing is left of what was in maintenance: its clocks go on.
TEST_F(DeskTest, TheLastAlertEndsTheMaintenanceOfAnIncidentByHand) {
  MaintenanceWindow window;
  window.name = "move";
  window.match = {Matcher::Equal("alertname", "Down")};
  window.start = kT0;
  window.end = kT0 + Sec(7200);
  Adjust([window](DeskConfig& config) { config.around.maintenance = {window}; });
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  const std::string part = Newest()->id;
  NewIncident wanted;
  wanted.title = "by hand";
  Run(1);
  const auto made = desk_->Create(wanted, By(""), clock_.NowNanos());
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string whole = (*made)->id;
  ASSERT_TRUE(desk_->Change(MergeInto{whole}, By(part), clock_.NowNanos()).ok());
  const auto pauses = [&] {
    return desk_->GetIncident(whole, clock_.NowNanos())->incident->pauses.size();
  };
  EXPECT_EQ(pauses(), 1U);
  ASSERT_TRUE(End(alert).ok());
  EXPECT_EQ(pauses(), 0U);
}

TEST_F(DeskTest, AStormOfAlertsIsOneIncident) {
  std::vector<Alert> storm;
  for (int i = 0; i < 500; ++i) {
    Alert alert = MakeAlert("Storm");
    alert.labels = Labels({{"alertname", "Storm"},
                           {"instance", std::to_string(i)},
                           {"severity", i == 400 ? "critical" : "warning"}});
    storm.push_back(alert);
  }
  ASSERT_TRUE(desk_->OnAlerts(storm, {}, kT0).ok());
  ASSERT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_EQ(Newest()->count, 500U);
  EXPECT_EQ(Newest()->firing.size(), 500U);
  EXPECT_EQ(Newest()->severity, Severity::kCritical);
  Run(40);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].alerts.size(), 500U);
  for (Alert& alert : storm) alert.ends_at = {clock_.NowNanos(), 0};
  const Alert last = storm.back();
  storm.pop_back();
  ASSERT_TRUE(desk_->OnAlerts(storm, {}, clock_.NowNanos()).ok());
  EXPECT_TRUE(Newest()->Open());
  EXPECT_EQ(Newest()->firing.size(), 1U);
  ASSERT_TRUE(Fire(last).ok());
  EXPECT_FALSE(Newest()->Open());
  Start(*disk_);
  EXPECT_EQ(Newest()->alerts.size(), 500U);
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(DeskTest, UnknownNamesInAnnotationsShowInTheTrail) {
  Alert alert = MakeAlert("Down", "critical");
  alert.annotations = {{"outrider_receiver", "nosuch"}, {"outrider_escalation", "neither"}};
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  const auto detail = desk_->GetIncident(Newest()->id, clock_.NowNanos());
  std::vector<std::string> notes;
  std::vector<std::string> delivered;
  for (const AuditEvent& event : detail.value().events) {
    if (event.kind == AuditKind::kNote) notes.push_back(event.text);
    if (event.kind == AuditKind::kPageDelivered) delivered.push_back(event.text);
  }
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "receiver nosuch does not exist, routed as usual",
                       "escalation policy neither does not exist, chosen by severity"}));
  EXPECT_EQ(delivered, std::vector<std::string>{"pager/webhook[0]"});
  EXPECT_EQ(Got("team"), 1U);
}

TEST_F(DeskTest, APageThatFailsSaysWhereAndWhy) {
  inbox_["pager"].answers = {SendResult::Rejected("HTTP 403", "clientError")};
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(1);
  const auto detail = desk_->GetIncident(Newest()->id, clock_.NowNanos());
  std::vector<std::string> texts;
  for (const AuditEvent& event : detail.value().events) {
    if (event.kind == AuditKind::kPageFailed || event.kind == AuditKind::kEscalationSkipped) {
      texts.push_back(event.text);
    }
  }
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "pager/webhook[0]: HTTP 403", "tier 1: nobody of it could be told",
                       "tier 1: nobody was told in this round, and the policy has no fallback"}));
}

TEST_F(DeskTest, TheLogTellsOfIncidentsAndFailures) {
  inbox_["pager"].answers = {SendResult::Retry("HTTP 503", "serverError", 0)};
  testing::internal::CaptureStderr();
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  const std::string id = Newest()->id;
  Run(400);
  ASSERT_TRUE(desk_->Acknowledge(By(id, "my password"), clock_.NowNanos()).ok());
  ASSERT_TRUE(End(alert).ok());
  const std::string log = testing::internal::GetCapturedStderr();
  for (const std::string& line :
       {"msg=\"incident opened\" incident=" + id, "msg=\"incident escalated\" incident=" + id,
        "msg=\"SLA breached\" incident=" + id, "msg=\"incident acknowledged\" incident=" + id,
        "msg=\"incident resolved\" incident=" + id,
        std::string("level=warn msg=\"notification failed\" receiver=pager "
                    "integration=webhook[0] kind=page incident=") +
            id + " outcome=retry attempt=1 error=\"HTTP 503\" next_try="}) {
    EXPECT_NE(log.find(line), std::string::npos) << line << "\n" << log;
  }
  EXPECT_EQ(log.find("my password"), std::string::npos);
}

// People who act at once, on a store that writes: one wins, the others read who it was.
TEST_F(DeskTest, OfManyWhoAcknowledgeAtOnceOneWins) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(Fire(MakeAlert(fmt::format("Down{}", round).c_str(), "critical")).ok());
    const std::string id = Newest()->id;
    constexpr int kPeople = 4;
    std::array<Status, kPeople> answers;
    {
      std::vector<std::jthread> people;
      for (int i = 0; i < kPeople; ++i) {
        people.emplace_back([&, i] {
          const HumanAction human{id, fmt::format("person{}", i), "api", ""};
          answers[static_cast<size_t>(i)] = desk_->Acknowledge(human, kT0).status();
        });
      }
    }
    const auto incident = Newest();
    ASSERT_EQ(incident->state, IncidentState::kAcknowledged);
    EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const Status& s) { return s.ok(); }),
              1);
    for (const Status& answer : answers) {
      if (answer.ok()) continue;
      EXPECT_NE(Message(answer).find("acknowledged by " + incident->acknowledged_by + " "),
                std::string::npos)
          << answer;
    }
  }
}

TEST_F(DeskTest, AResolvedIncidentIsForgottenAfterItsRetentionAndStillCounts) {
  Adjust([](DeskConfig& config) { config.incidents.retention = kDay; });
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(10);
  const std::string id = Newest()->id;
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  ASSERT_TRUE(End(alert).ok());
  Run(86'390);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  const DeskStats before = desk_->Stats(clock_.NowNanos());
  Run(20);
  EXPECT_EQ(desk_->Incidents({}).total, 0U);
  EXPECT_TRUE(absl::IsNotFound(desk_->GetIncident(id, clock_.NowNanos()).status()));
  for (const Family family : {Family::kIncidents, Family::kSla, Family::kMembers}) {
    int rows = 0;
    ASSERT_TRUE(disk_->Scan(family, "", "", [&](const Row&) { return ++rows > 0; }).ok());
    EXPECT_EQ(rows, 0) << static_cast<int>(family);
  }
  Start(*disk_);
  EXPECT_TRUE(desk_->VerifyAudit().ok());
  const DeskStats after = desk_->Stats(clock_.NowNanos());
  const auto key = std::pair(SlaKind::kAcknowledge, Severity::kCritical);
  EXPECT_EQ(after.sla.at(key).met, 1U);
  EXPECT_EQ(after.sla.at(key).met, before.sla.at(key).met);
  const auto critical = static_cast<size_t>(Severity::kCritical);
  EXPECT_EQ(after.time_to_resolve[critical].counts, before.time_to_resolve[critical].counts);
  EXPECT_EQ(after.time_to_acknowledge[critical].sum, before.time_to_acknowledge[critical].sum);
  EXPECT_TRUE(after.incidents.empty());
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  EXPECT_EQ(Newest()->previous_id, "") << "what it followed is gone";
}

TEST_F(DeskTest, AReopenedIncidentIsKept) {
  Adjust([](DeskConfig& config) { config.incidents.retention = kDay; });
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  ASSERT_TRUE(End(alert).ok());
  Run(60);
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(2 * 86'400);
  ASSERT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_TRUE(Newest()->Open());
}

TEST_F(DeskTest, ALongerRetentionHoldsForIncidentsThatAreResolvedAlready) {
  Adjust([](DeskConfig& config) { config.incidents.retention = kDay; });
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  ASSERT_TRUE(End(alert).ok());
  Run(60);
  Adjust([](DeskConfig& config) { config.incidents.retention = 3 * kDay; });
  Run(2 * 86'400);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  Run(86'400);
  EXPECT_EQ(desk_->Incidents({}).total, 0U);
}

// Of a clock's marks only the next one has a timer; a downtime makes none of them late.
TEST_F(DeskTest, EveryMarkOfAClockIsDecidedAtItsOwnTime) {
  for (const bool downtime : {false, true}) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
    int timers = 0;
    ASSERT_TRUE(disk_
                    ->Scan(Family::kTimers, "", "",
                           [&](const Row& row) {
                             const StatusOr<TimerKey> timer = DecodeTimerKey(row.key);
                             timers += timer.ok() && timer->id == Newest()->id ? 1 : 0;
                             return true;
                           })
                    .ok());
    EXPECT_EQ(timers, 2) << "one of each clock; the escalation has told its only tier";
    if (downtime) {
      clock_.Set(kT0 + Sec(3600));
      Start(*disk_);
    }
    Run(downtime ? 10 : 3600);
    std::vector<std::pair<Nanos, std::string>> marks;
    const IncidentDetail detail = desk_->GetIncident(Newest()->id, clock_.NowNanos()).value();
    for (const AuditEvent& event : detail.events) {
      if (event.kind != AuditKind::kSlaWarning && event.kind != AuditKind::kSlaBreached) continue;
      marks.emplace_back(event.time - kT0, event.to);
    }
    const std::vector<std::pair<Nanos, std::string>> expected = {
        {Sec(150), "acknowledge"}, {Sec(240), "acknowledge"}, {Sec(300) + 1, "acknowledge"},
        {Sec(900), "resolve"},     {Sec(1440), "resolve"},    {Sec(1800) + 1, "resolve"}};
    EXPECT_EQ(marks, expected) << downtime;
  }
}

}  // namespace

}  // namespace outrider
