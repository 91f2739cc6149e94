// SPDX-License-Identifier: Apache-2.0
// Heartbeats and maintenance windows on the desk.
#include <fmt/format.h>

#include "notifiers/desk/around_rows.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class AroundTest : public DeskTest {
 protected:
  std::vector<std::string> Audit(AuditKind kind) {
    std::vector<std::string> found;
    for (int bucket = 0; bucket < 256; ++bucket) {
      const auto events = desk_->AuditEvents(static_cast<uint8_t>(bucket));
      EXPECT_TRUE(events.ok()) << events.status();
      if (!events.ok()) continue;
      for (const AuditEvent& event : *events) {
        if (event.kind == kind) {
          found.push_back(fmt::format("{}@{}", event.subject, (event.time - kT0) / Sec(1)));
        }
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  using Texts = std::vector<std::string>;
};

// ---- heartbeats

class HeartbeatTest : public AroundTest {
 protected:
  HeartbeatTest() {
    Adjust([](DeskConfig& config) {
      HeartbeatConfig backup;
      backup.name = "backup";
      backup.interval = 10 * kMinute;
      backup.grace = 2 * kMinute;
      backup.team = "storage";
      backup.labels = {{"service", "backup"}};
      HeartbeatConfig prometheus;
      prometheus.name = "prometheus";
      prometheus.interval = 30 * kMinute;
      prometheus.severity = "high";
      prometheus.alert = {Matcher::Equal("alertname", "Watchdog")};
      config.around.heartbeats = {backup, prometheus};
    });
  }
  Status Beat(const char* name = "backup") {
    return desk_->Beat(name, {}, {.incident_id = "", .who = "", .channel = "api", .note = ""},
                       clock_.NowNanos());
  }
};

TEST_F(HeartbeatTest, SilenceIsAnIncidentAndTheNextBeatEndsIt) {
  Run(300);
  ASSERT_TRUE(Beat().ok());
  Run(719);
  EXPECT_EQ(Newest(), nullptr) << "interval and grace are not over";
  Run(2);
  const auto incident = Newest();
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->source, IncidentSource::kHeartbeat);
  EXPECT_EQ(incident->title, "HeartbeatMissed");
  EXPECT_EQ(incident->severity, Severity::kCritical);
  EXPECT_EQ(incident->labels.Get("team"), "storage");
  EXPECT_EQ(incident->labels.Get("service"), "backup");
  EXPECT_EQ(incident->labels.Get("heartbeat"), "backup");
  EXPECT_TRUE(incident->summary.starts_with("heartbeat backup is missing, last heard at"));
  EXPECT_EQ(Got("pager"), 1U) << "as for any critical incident";
  EXPECT_EQ(Audit(AuditKind::kHeartbeatMissed), Texts{"heartbeat:backup@1020"});
  Run(100);
  ASSERT_TRUE(Beat().ok());
  Run(10);
  EXPECT_EQ(Newest()->state, IncidentState::kResolved);
  EXPECT_EQ(Newest()->resolved_by, "") << "by the system";
  EXPECT_EQ(Got("pager"), 2U) << "the recovery";
  EXPECT_EQ(Audit(AuditKind::kHeartbeatBack), Texts{"heartbeat:backup@1121"});
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[0].due_at, kT0 + Sec(1121 + 720));
}

// Nobody may overlook the second, though incidents.group_by tells them apart by nothing.
TEST_F(HeartbeatTest, EachSilenceIsAnIncidentOfItsOwn) {
  Adjust([before = adjust_](DeskConfig& config) {
    before(config);
    config.incidents.group_by = {"alertname"};
    config.around.heartbeats[1].severity = "critical";
  });
  Run(730);
  const auto first = Newest();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(Got("pager"), 1U);
  ASSERT_TRUE(
      desk_
          ->Acknowledge({.incident_id = first->id, .who = "anna", .channel = "api", .note = ""},
                        clock_.NowNanos())
          .ok());
  Run(1200);
  const auto second = Newest();
  EXPECT_NE(second->id, first->id);
  EXPECT_EQ(second->labels.Get("heartbeat"), "prometheus");
  EXPECT_EQ(second->state, IncidentState::kNew);
  EXPECT_EQ(Got("pager"), 2U);
}

TEST_F(HeartbeatTest, BeatsInTimeSetNothingOff) {
  for (int i = 0; i < 30; ++i) {
    Run(600);
    ASSERT_TRUE(Beat().ok());
    ASSERT_TRUE(Beat("prometheus").ok());
  }
  EXPECT_EQ(Newest(), nullptr);
}

TEST_F(HeartbeatTest, OneThatWasNeverHeardCountsFromItsConfiguration) {
  Run(721);
  ASSERT_NE(Newest(), nullptr);
  EXPECT_EQ(Newest()->summary, "heartbeat backup was never heard");
}

TEST_F(HeartbeatTest, ADowntimeMovesTheDeadlineByItsLength) {
  ASSERT_TRUE(Beat().ok());
  Run(60);
  clock_.Set(kT0 + Sec(5 * 3600));
  Start(*disk_);
  Run(719 - 60);
  EXPECT_EQ(Newest(), nullptr) << "nobody could hear it meanwhile";
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[0].last_beat, kT0) << "the beat was kept";
  Run(2);
  EXPECT_NE(Newest(), nullptr);
}

// A daemon that is restarted more often than a heartbeat is due must notice its silence all the
// same.
TEST_F(HeartbeatTest, RegularRestartsDoNotSilenceIt) {
  struct Case {
    const char* name;
    bool clean;          // else it is killed
    int64_t idle;        // seconds before the end in which nothing was written
    int64_t most_extra;  // what is not known of each of the two restarts counts as downtime
  };
  const Case cases[] = {{"stopped", true, 50, 0}, {"killed", false, 50, 50}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    dispatcher_.reset();
    desk_.reset();
    disk_ = std::make_unique<MemoryStore>();
    Start(*disk_);
    ASSERT_TRUE(Beat().ok());
    const Nanos beat = clock_.NowNanos();
    Nanos missing = 0;
    for (int restart = 0; restart < 6 && missing == 0; ++restart) {
      Run(400 - c.idle);
      clock_.Set(clock_.NowNanos() + Sec(c.idle));
      if (c.clean) {
        std::stop_source stop;
        stop.request_stop();
        desk_->RunTimers(clock_, stop.get_token());
      }
      clock_.Set(clock_.NowNanos() + Sec(10));
      Start(*disk_);
      missing = desk_->Heartbeats(clock_.NowNanos())[0].missing_since;
    }
    ASSERT_NE(missing, 0);
    EXPECT_GE((missing - beat) / Sec(1), 720 + 10);
    EXPECT_LE((missing - beat) / Sec(1), 720 + 2 * (10 + c.most_extra));
  }
}

// By a version that did not keep when it lived last: the newest beat is what is known of it.
TEST_F(HeartbeatTest, WithoutAKnownEndItCountsFromTheNewestBeat) {
  Run(60);
  ASSERT_TRUE(Beat().ok());
  Batch batch;
  batch.Delete(Family::kMeta, std::string(kLivedKey));
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  clock_.Set(kT0 + Sec(3600));
  Start(*disk_);
  const auto views = desk_->Heartbeats(clock_.NowNanos());
  EXPECT_EQ(views[0].due_at, kT0 + Sec(3600 + 720));
  EXPECT_EQ(views[1].due_at, kT0 + Sec(3600 + 31 * 60 - 60));
}

// By the new interval it would be overdue at the moment of the edit.
TEST_F(HeartbeatTest, AShorterIntervalCountsFromTheEdit) {
  struct Case {
    const char* name;
    int64_t beats_at;  // seconds before the edit, which is 500 after it was configured
    DurationMs interval;
    int64_t fires_after;  // seconds from the edit
  };
  const Case cases[] = {{"shorter", 500, kMinute, 60 + 120},
                        {"shorter, due soon by it", 215, 2 * kMinute, 120 + 120},
                        {"longer", 500, 20 * kMinute, 1320 - 500}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Adjust([](DeskConfig& config) {
      config.around.heartbeats.resize(1);
      config.around.heartbeats[0].name = "job";
      config.around.heartbeats[0].interval = 10 * kMinute;
      config.around.heartbeats[0].grace = 2 * kMinute;
    });
    Run(500 - c.beats_at);
    ASSERT_TRUE(Beat("job").ok());
    Run(c.beats_at);
    const size_t before = desk_->Incidents({}).total;
    Adjust([adjust = adjust_, &c](DeskConfig& config) {
      adjust(config);
      config.around.heartbeats[0].interval = c.interval;
    });
    ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());  // the same again moves nothing
    Run(c.fires_after - 1);
    EXPECT_EQ(desk_->Incidents({}).total, before);
    Run(3);
    EXPECT_EQ(desk_->Incidents({}).total, before + 1);
    Adjust([](DeskConfig& config) { config.around.heartbeats.clear(); });
  }
}

TEST_F(HeartbeatTest, WhatIsMissingStaysSoOverARestart) {
  Run(721);
  Start(*disk_);
  Run(3 * 3600);
  IncidentFilter open;
  open.states = {IncidentState::kNew};
  EXPECT_EQ(desk_->Incidents(open).total, 2U) << "backup, and prometheus meanwhile; neither twice";
  ASSERT_TRUE(Beat().ok());
  Run(1);
  EXPECT_EQ(desk_->Incidents(open).total, 1U);
}

TEST_F(HeartbeatTest, EveryPostOfAMatchingAlertThatFiresIsABeat) {
  Alert watchdog = MakeAlert("Watchdog", "none");
  Run(1800);
  ASSERT_TRUE(desk_->PostAlerts(std::span(&watchdog, 1), clock_.NowNanos()).ok());
  for (int i = 0; i < 4; ++i) {
    Run(1500);
    ASSERT_TRUE(desk_->PostAlerts(std::span(&watchdog, 1), clock_.NowNanos()).ok());
    ASSERT_TRUE(Beat().ok());
  }
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[1].missing_since, 0);
  const Nanos last = desk_->Heartbeats(clock_.NowNanos())[1].last_beat;
  Run(600);
  watchdog.ends_at = {clock_.NowNanos(), 0};
  ASSERT_TRUE(desk_->PostAlerts(std::span(&watchdog, 1), clock_.NowNanos()).ok());
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[1].last_beat, last) << "its end is none";
  Run(1261);
  EXPECT_NE(desk_->Heartbeats(clock_.NowNanos())[1].missing_since, 0);
}

TEST_F(HeartbeatTest, AReloadThatTakesItAwayEndsItsIncident) {
  Run(721);
  ASSERT_TRUE(Newest()->Open());
  Adjust([](DeskConfig&) {});
  Run(1);
  EXPECT_FALSE(Newest()->Open());
  EXPECT_TRUE(absl::IsNotFound(Beat()));
  EXPECT_TRUE(desk_->Heartbeats(clock_.NowNanos()).empty());
}

TEST_F(HeartbeatTest, AnUnknownOneIsAnError) {
  EXPECT_EQ(Message(Beat("nosuch")), "no heartbeat \"nosuch\"");
}

// ---- maintenance

class MaintenanceTest : public AroundTest {
 protected:
  // `when`: seconds after kT0, as `start` and `end`, or a recurrence.
  MaintenanceWindow Window(const char* name, const char* alertname, int64_t start, int64_t end) {
    MaintenanceWindow window;
    window.name = name;
    window.match = {Matcher::Equal("alertname", alertname)};
    window.start = kT0 + Sec(start);
    window.end = kT0 + Sec(end);
    return window;
  }
  void Configure(std::vector<MaintenanceWindow> windows) {
    Adjust([windows = std::move(windows)](DeskConfig& config) {
      config.around.maintenance = windows;
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      policy.repeat = 100;
      policy.repeat_interval = 10 * kMinute;
      config.alertmanager.route.group_wait = 1 * kSecond;
      config.alertmanager.route.group_interval = 60 * kSecond;
    });
  }
  HumanAction Anna() { return {.incident_id = "", .who = "anna", .channel = "api", .note = ""}; }
};

TEST_F(MaintenanceTest, WhatStillFiresAtTheEndIsPagedThen) {
  Configure({Window("w", "Down", 100, 3700)});
  Run(200);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(1800);
  const auto incident = Newest();
  ASSERT_NE(incident, nullptr) << "it opens and is shown";
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Got("team"), 0U) << "routes wait as well";
  EXPECT_EQ(incident->pauses, std::set<std::string>{"maintenance:w"});
  EXPECT_EQ(Audit(AuditKind::kMaintenanceBegan), Texts{"maintenance:w@100"});
  Run(1720);
  EXPECT_EQ(Got("pager"), 1U) << "five seconds after the end";
  Run(60);
  EXPECT_EQ(Got("team"), 1U);
  EXPECT_TRUE(Newest()->pauses.empty());
  EXPECT_EQ(Audit(AuditKind::kMaintenanceEnded), Texts{"maintenance:w@3700"});
  const SlaClock& clock = Newest()->Clock(SlaKind::kAcknowledge);
  EXPECT_EQ(clock.PausedAt(clock_.NowNanos()), Sec(3500)) << "from the opening to the end";
  EXPECT_EQ(clock.breached_at, 0);
}

// What the trail says of tiers is what people were told.
TEST_F(MaintenanceTest, TheTrailSaysThatATierWasHeldBack) {
  for (const bool repeats : {true, false}) {
    SCOPED_TRACE(repeats);
    Configure({Window("w", "Down", 0, 100'000)});
    Adjust([before = adjust_, repeats](DeskConfig& config) {
      before(config);
      if (!repeats) config.incidents.escalation_policies[0].repeat = 0;
    });
    const Alert alert = MakeAlert("Down", "critical");
    ASSERT_TRUE(Fire(alert).ok());
    const std::string id = Newest()->id;
    const auto trail = [&] {
      Texts texts;
      const IncidentDetail detail = desk_->GetIncident(id, clock_.NowNanos()).value();
      for (const AuditEvent& event : detail.events) {
        const bool of_tiers = event.kind == AuditKind::kEscalated ||
                              event.kind == AuditKind::kEscalationSkipped ||
                              event.kind == AuditKind::kEscalationFinished;
        if (of_tiers) texts.push_back(event.text);
      }
      return texts;
    };
    Texts expected = {"tier 1 not paged: in maintenance: w"};
    EXPECT_EQ(trail(), expected) << "before anything is sent";
    EXPECT_TRUE(desk_->GetEscalation(id, clock_.NowNanos())->held);
    Run(1800);
    Start(*disk_);
    Run(10);
    EXPECT_EQ(trail(), expected);
    const size_t told = Got("pager");
    Configure({});
    Run(10);
    EXPECT_EQ(Got("pager"), told + 1);
    expected.emplace_back("no longer held: tier 1 goes to pager");
    if (!repeats) expected.emplace_back("the last tier has been told");
    EXPECT_EQ(trail(), expected);
    ASSERT_TRUE(End(alert).ok());
    Run(3600);
  }
}

TEST_F(MaintenanceTest, WhatEndsMeanwhileWasNeverToldToAnybody) {
  Configure({Window("w", "Down", 0, 3600)});
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(600);
  ASSERT_TRUE(End(alert).ok());
  Run(7200);
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Got("team"), 0U);
  EXPECT_EQ(Newest()->state, IncidentState::kResolved);
}

TEST_F(MaintenanceTest, ARunningEscalationStandsStillAndGoesOn) {
  Configure({Window("w", "Down", 300, 3900)});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(299);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_TRUE(Newest()->pauses.empty());
  Run(3600);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Newest()->pauses.size(), 1U);
  Run(10);
  EXPECT_EQ(Got("pager"), 2U) << "the repeat that was due within it";
  EXPECT_EQ(Newest()->Clock(SlaKind::kResolve).PausedAt(clock_.NowNanos()), Sec(3600));
}

// Held and released within one downtime: both timers are run in one go at the start.
TEST_F(MaintenanceTest, WhatWasHeldInADowntimeGoesOn) {
  Configure({Window("w", "Down", 300, 3900)});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(100);
  EXPECT_EQ(Got("pager"), 1U);
  clock_.Set(kT0 + Sec(5000));
  Start(*disk_);
  Run(10);
  EXPECT_EQ(Got("pager"), 2U) << "the last of the repeats that are due";
}

TEST_F(MaintenanceTest, OneAlertOutsideOfItPages) {
  Configure({Window("w", "A", 0, 3600)});
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    config.incidents.group_by = {"severity"};
  });
  ASSERT_TRUE(Fire(MakeAlert("A", "critical")).ok());
  Run(60);
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Newest()->pauses.size(), 1U);
  const Alert outside = MakeAlert("B", "critical");
  ASSERT_TRUE(Fire(outside).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_TRUE(Newest()->pauses.empty()) << "the clocks run";
  ASSERT_TRUE(End(outside).ok());
  Run(10);
  EXPECT_EQ(Newest()->pauses.size(), 1U) << "what is left is in maintenance";
}

// Opened again by hand, nothing of it fires: it is in no maintenance until an alert that is joins.
TEST_F(MaintenanceTest, TheFirstAlertOfAnOpenIncidentBringsItIntoMaintenance) {
  Configure({Window("w", "Down", 0, 3600)});
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  ASSERT_TRUE(End(alert).ok());
  ASSERT_TRUE(desk_->Reopen(By(Newest()->id), clock_.NowNanos()).ok());
  EXPECT_TRUE(Newest()->pauses.empty());
  Run(60);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  ASSERT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_EQ(Newest()->pauses, std::set<std::string>{"maintenance:w"});
}

TEST_F(MaintenanceTest, ClocksFollowAMergeAndItsEnd) {
  Configure({Window("w", "A", 0, 3600)});
  ASSERT_TRUE(Fire(MakeAlert("A", "critical")).ok());
  const std::string whole = Newest()->id;
  clock_.Set(clock_.NowNanos() + 1);
  ASSERT_TRUE(Fire(MakeAlert("B", "critical")).ok());
  const std::string part = Newest()->id;
  const auto paused = [&](const std::string& id) {
    return !desk_->GetIncident(id, clock_.NowNanos())->incident->pauses.empty();
  };
  Run(60);
  ASSERT_TRUE(paused(whole));
  ASSERT_FALSE(paused(part));
  ASSERT_TRUE(desk_->Change(MergeInto{whole}, By(part), clock_.NowNanos()).ok());
  EXPECT_FALSE(paused(whole)) << "B is in no maintenance";
  ASSERT_TRUE(desk_->Change(Unmerge{}, By(part), clock_.NowNanos()).ok());
  EXPECT_TRUE(paused(whole));
  ASSERT_TRUE(desk_->Change(MergeInto{part}, By(whole), clock_.NowNanos()).ok());
  EXPECT_FALSE(paused(whole)) << "what is part of another has no alerts of its own";
  EXPECT_FALSE(paused(part));
}

TEST_F(MaintenanceTest, WindowsOverlap) {
  Configure({Window("a", "Down", 0, 600), Window("b", "Down", 300, 1200)});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(1199);
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_EQ(Newest()->pauses, std::set<std::string>{"maintenance:b"});
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).PausedAt(clock_.NowNanos()), Sec(1200))
      << "without a gap";
}

TEST_F(MaintenanceTest, ARecurringOneComesAgain) {
  MaintenanceWindow window = Window("w", "Down", 0, 0);
  window.start = window.end = 0;
  window.cron = ParseCron("0 * * * *").value();
  window.duration = 10 * kMinute;
  Configure({window});
  Run(4 * 3600);
  EXPECT_EQ(Audit(AuditKind::kMaintenanceBegan).size(), 4U);
  EXPECT_EQ(Audit(AuditKind::kMaintenanceEnded).size(), 4U);
}

TEST_F(MaintenanceTest, OneOfTheApiIsKeptOverARestartAndEndsEarly) {
  Configure({Window("file", "X", 0, 3600)});
  const auto window =
      ParseMaintenanceText(fmt::format(R"({{"name":"api","match":["alertname=Down"],"end":"{}"}})",
                                       "2026-09-22T00:00:00Z"),
                           "anna");
  ASSERT_TRUE(window.ok()) << window.status();
  ASSERT_TRUE(desk_->AddMaintenance(*window, Anna(), clock_.NowNanos()).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(desk_->AddMaintenance(*window, Anna(), clock_.NowNanos())));
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  Start(*disk_);
  Run(60);
  ASSERT_EQ(desk_->Maintenance(clock_.NowNanos()).size(), 2U);
  EXPECT_EQ(desk_->Maintenance(clock_.NowNanos())[1].window.made_by, "anna");
  EXPECT_EQ(Got("pager"), 0U);
  EXPECT_TRUE(absl::IsFailedPrecondition(desk_->EndMaintenance("file", Anna(), clock_.NowNanos())));
  EXPECT_TRUE(absl::IsNotFound(desk_->EndMaintenance("nosuch", Anna(), clock_.NowNanos())));
  ASSERT_TRUE(desk_->EndMaintenance("api", Anna(), clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(desk_->Maintenance(clock_.NowNanos()).size(), 1U);
  EXPECT_EQ(Audit(AuditKind::kMaintenanceEnded), Texts{"maintenance:api@120"});
}

TEST_F(MaintenanceTest, OneOfTheApiIsForgottenAtItsEnd) {
  Configure({});
  MaintenanceWindow window = Window("api", "Down", 0, 600);
  window.text = R"({"name":"api","match":["alertname=Down"],"end":"2027-01-01T00:00:00Z"})";
  ASSERT_TRUE(desk_->AddMaintenance(window, Anna(), clock_.NowNanos()).ok());
  window.name = "late";
  window.end = clock_.NowNanos();
  EXPECT_EQ(Message(desk_->AddMaintenance(window, Anna(), clock_.NowNanos())),
            "its end is past already");
  Run(601);
  EXPECT_TRUE(desk_->Maintenance(clock_.NowNanos()).empty());
}

TEST_F(MaintenanceTest, AnEdgeInADowntimeIsRunAtItsOwnTime) {
  Configure({Window("w", "Down", 0, 600)});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  clock_.Set(kT0 + Sec(7200));
  Start(*disk_);
  Run(10);
  EXPECT_EQ(Audit(AuditKind::kMaintenanceEnded), Texts{"maintenance:w@600"});
  EXPECT_GE(Got("pager"), 1U);
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).PausedAt(clock_.NowNanos()), Sec(600));
}

TEST_F(MaintenanceTest, AReloadThatTakesItAwayReleases) {
  Configure({Window("w", "Down", 0, 3600)});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  Configure({});
  Run(10);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_TRUE(Newest()->pauses.empty());
  Run(7200);
  EXPECT_TRUE(Audit(AuditKind::kMaintenanceEnded).empty()) << "its edge is no more";
}

}  // namespace
}  // namespace outrider
