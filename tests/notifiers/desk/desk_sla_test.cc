// SPDX-License-Identifier: Apache-2.0
// SLA clocks in the desk: on hold, by calendars that are edited, told to somebody, and counted so
// that nothing counted is taken back.
#include <algorithm>

#include "notifiers/config/sla_config.h"
#include "notifiers/desk/incident_totals.h"
#include "storage/base/business_calendar.h"
#include "storage/base/local_time.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

constexpr auto kCritical = static_cast<size_t>(Severity::kCritical);
const std::pair kAckCritical{SlaKind::kAcknowledge, Severity::kCritical};
const std::pair kFixCritical{SlaKind::kResolve, Severity::kCritical};

class DeskSla : public DeskTest {
 protected:
  std::string Open(const char* severity = "critical") {
    EXPECT_TRUE(Fire(MakeAlert("Down", severity)).ok());
    return Newest()->id;
  }
  DeskStats Stats() { return desk_->Stats(clock_.NowNanos()); }
  std::vector<AuditEvent> Events(const std::string& id, AuditKind kind) {
    std::vector<AuditEvent> events = desk_->GetIncident(id, clock_.NowNanos()).value().events;
    std::erase_if(events, [&](const AuditEvent& event) { return event.kind != kind; });
    return events;
  }
  std::vector<std::string> Titles(const char* receiver) {
    std::vector<std::string> titles;
    for (const Notification& told : inbox_[receiver].got) titles.push_back(told.title);
    return titles;
  }
};

// ---- counters

TEST_F(DeskSla, WhatIsOpenedAgainKeepsItsSample) {
  const std::string id = Open();
  Run(60);
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  const DeskStats resolved = Stats();
  EXPECT_EQ(resolved.time_to_resolve[kCritical].count, 1U);
  EXPECT_EQ(resolved.time_to_resolve[kCritical].sum, 60);
  EXPECT_EQ(resolved.sla.at(kFixCritical).met, 1U);
  ASSERT_TRUE(desk_->Reopen(By(id), clock_.NowNanos()).ok());
  const DeskStats open = Stats();
  EXPECT_EQ(open.time_to_resolve[kCritical].count, 1U);
  EXPECT_EQ(open.time_to_acknowledge[kCritical].count, 1U);
  EXPECT_EQ(open.sla.at(kFixCritical).met, 0U) << "its clock runs again";
  Run(60);
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  const DeskStats again = Stats();
  EXPECT_EQ(again.time_to_resolve[kCritical].count, 2U) << "it was resolved twice";
  EXPECT_EQ(again.time_to_resolve[kCritical].sum, 180);
  EXPECT_EQ(again.time_to_acknowledge[kCritical].count, 1U);
  EXPECT_EQ(again.sla.at(kFixCritical).met, 1U) << "and is one clock";
  Start(*disk_);
  EXPECT_EQ(Stats().time_to_resolve[kCritical].sum, 180);
  EXPECT_EQ(Stats().sla.at(kFixCritical).met, 1U);
}

TEST_F(DeskSla, ABreachIsCountedWhereItHappened) {
  Open("high");
  Run(16 * 60);
  const std::pair high{SlaKind::kAcknowledge, Severity::kHigh};
  EXPECT_EQ(Stats().sla.at(high).breaches, 1U);
  EXPECT_EQ(Stats().sla.at(high).open_breaches, 1U);
  Alert worse = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(worse).ok());
  ASSERT_EQ(Newest()->severity, Severity::kCritical);
  Run(1);
  EXPECT_EQ(Stats().sla.at(high).breaches, 1U);
  EXPECT_EQ(Stats().sla.at(high).open_breaches, 0U) << "it is a critical one now";
  EXPECT_EQ(Stats().sla.at(kAckCritical).breaches, 0U);
  EXPECT_EQ(Stats().sla.at(kAckCritical).open_breaches, 1U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  EXPECT_EQ(Stats().sla.at(kAckCritical).breached, 1U);
  EXPECT_EQ(Stats().sla.at(kAckCritical).open_breaches, 0U);
}

// A store of before there were totals: those of the incidents that are kept are made.
TEST_F(DeskSla, TotalsAreMadeWhenThereAreNone) {
  const std::string id = Open();
  Run(400);
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  const DeskStats before = Stats();
  ASSERT_EQ(before.sla.at(kAckCritical).breaches, 1U);
  Batch batch;
  batch.Delete(Family::kMeta, std::string(kTotalsKey));
  desk_.reset();
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  Start(*disk_);
  const DeskStats after = Stats();
  EXPECT_EQ(after.sla.at(kAckCritical).breaches, 1U);
  EXPECT_EQ(after.sla.at(kFixCritical).met, 1U);
  EXPECT_EQ(after.time_to_resolve[kCritical].sum, before.time_to_resolve[kCritical].sum);
  EXPECT_EQ(after.noise_reduction_ratio, before.noise_reduction_ratio);
}

// ---- on hold

TEST_F(DeskSla, OnHoldNothingIsMissed) {
  const std::string id = Open();
  Run(60);
  ASSERT_TRUE(desk_->Hold(By(id, "waits for a part"), clock_.NowNanos()).ok());
  Run(3600);
  EXPECT_TRUE(Events(id, AuditKind::kSlaBreached).empty());
  Start(*disk_);  // it stays so
  Run(3600);
  EXPECT_TRUE(Events(id, AuditKind::kSlaBreached).empty());
  const Nanos back = clock_.NowNanos();
  ASSERT_TRUE(desk_->Unhold(By(id), back).ok());
  Run(600);
  const std::vector<AuditEvent> breaches = Events(id, AuditKind::kSlaBreached);
  ASSERT_EQ(breaches.size(), 1U);
  EXPECT_EQ(breaches[0].time, back + Sec(240) + 1) << "a minute was over";
  EXPECT_EQ(Events(id, AuditKind::kSlaPaused).front().text, "hold: waits for a part");
  EXPECT_TRUE(desk_->VerifyAudit().ok());
  EXPECT_TRUE(absl::IsNotFound(desk_->Hold(By("i0"), clock_.NowNanos()).status()));
}

// ---- calendars

DeskConfig WithOffice(DeskConfig config, std::vector<absl::CivilDay> holidays) {
  BusinessCalendar::Options options;
  options.name = "office";
  options.zone = *FindZone("Europe/Berlin");
  for (size_t day = 0; day < 5; ++day) options.week[day] = {{9 * 60, 17 * 60}};
  options.holidays = std::move(holidays);
  config.incidents.sla_rules.calendars["office"] =
      std::make_shared<const BusinessCalendar>(std::move(options));
  config.incidents.sla_rules.calendar_of[static_cast<size_t>(Severity::kMedium)] = "office";
  return config;
}

Nanos Berlin(int month, int day, int hour, int minute = 0) {
  return InstantOf(absl::CivilSecond(2026, month, day, hour, minute, 0),
                   *FindZone("Europe/Berlin"));
}

TEST_F(DeskSla, AnEditedCalendarMovesWhatRuns) {
  Adjust([](DeskConfig& config) { config = WithOffice(std::move(config), {}); });
  clock_.Set(Berlin(9, 25, 16, 30));  // a Friday
  const std::string id = Open("warning");
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).DeadlineAt(), Berlin(9, 28, 9, 30));
  clock_.Set(Berlin(9, 26, 12));
  Start(*disk_);
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).DeadlineAt(), Berlin(9, 28, 9, 30))
      << "after a start it counts by the same";
  Adjust([](DeskConfig& config) {
    config = WithOffice(std::move(config), {absl::CivilDay(2026, 9, 28)});
  });
  EXPECT_EQ(Newest()->Clock(SlaKind::kAcknowledge).DeadlineAt(), Berlin(9, 29, 9, 30));
  Run((Berlin(9, 30, 12) - clock_.NowNanos()) / kNanosPerSecond);
  const std::vector<AuditEvent> breaches = Events(id, AuditKind::kSlaBreached);
  ASSERT_GE(breaches.size(), 1U);
  EXPECT_EQ(breaches[0].time, Berlin(9, 29, 9, 30) + 1);
  EXPECT_EQ(breaches[0].data.at("deadline_ns"), std::to_string(Berlin(9, 29, 9, 30)));
}

// Nothing about it changes: no row of it is written, however many are open.
TEST_F(DeskSla, AReloadWithoutAnEditWritesNoIncident) {
  Adjust([](DeskConfig& config) { config = WithOffice(std::move(config), {}); });
  clock_.Set(Berlin(9, 25, 16, 30));
  Open("warning");
  const auto versions = [&] {
    std::vector<uint64_t> found;
    for (const Family family : {Family::kIncidents, Family::kSla, Family::kAudit}) {
      const Status status = disk_->Scan(family, "", "", [&](const Row& row) {
        found.push_back(row.version);
        return true;
      });
      EXPECT_TRUE(status.ok()) << status;
    }
    return found;
  };
  Run(60);
  const std::vector<uint64_t> before = versions();
  Run(60);
  ASSERT_EQ(versions(), before) << "nothing is due";
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  EXPECT_EQ(versions(), before);
}

// What fell into a downtime happened when it was due, also for clocks with a calendar.
TEST_F(DeskSla, ABreachDuringADowntimeKeepsItsTime) {
  Adjust([](DeskConfig& config) { config = WithOffice(std::move(config), {}); });
  clock_.Set(Berlin(9, 25, 16, 30));
  const std::string id = Open("warning");
  const std::string other = [&] {
    EXPECT_TRUE(Fire(MakeAlert("Other", "critical")).ok());
    return Newest()->id;
  }();
  ASSERT_NE(id, other);
  clock_.Set(Berlin(9, 28, 15));
  Start(*disk_);
  Run(10);
  Start(*disk_);
  Run(10);
  for (const auto& [incident, time] :
       {std::pair(id, Berlin(9, 28, 9, 30)), std::pair(other, Berlin(9, 25, 16, 35))}) {
    std::vector<AuditEvent> breaches = Events(incident, AuditKind::kSlaBreached);
    std::erase_if(breaches, [](const AuditEvent& event) { return event.to != "acknowledge"; });
    ASSERT_EQ(breaches.size(), 1U);
    EXPECT_EQ(breaches[0].time, time + 1);
  }
}

// ---- told

TEST_F(DeskSla, WarningsAndBreachesAreToldOnce) {
  Adjust([](DeskConfig& config) {
    config.incidents.sla_rules.notify = {"other", "nobody"};
    config.incidents.sla[kCritical] = {5 * kMinute, 10 * kHour};
  });
  const std::string id = Open();
  Run(400);
  const std::vector<std::string> told = {
      "SLA at risk: Down (50 % of the 5m to acknowledge are over)",
      "SLA at risk: Down (80 % of the 5m to acknowledge are over)",
      "SLA breached: Down (not acknowledged within 5m)"};
  EXPECT_EQ(Titles("other"), told);
  const Notification& breach = inbox_["other"].got.back();
  EXPECT_EQ(breach.alerts.at(0).labels.Get("alertname"), "OutriderSlaBreached");
  EXPECT_EQ(breach.alerts.at(0).labels.Get("incident"), id);
  Start(*disk_);
  Run(400);
  EXPECT_EQ(Titles("other"), told);
}

// After a downtime in which all of it fell due, only the breach is news.
TEST_F(DeskSla, ABreachTakesThePlaceOfWarningsNobodyHasHeard) {
  Adjust([](DeskConfig& config) { config.incidents.sla_rules.notify = {"other"}; });
  Open();
  clock_.Set(clock_.NowNanos() + Sec(600));
  Start(*disk_);
  Run(1);
  EXPECT_EQ(Titles("other"),
            std::vector<std::string>{"SLA breached: Down (not acknowledged within 5m)"});
}

// Also when the messages of warnings would have left before the breach was decided: they are in the
// trail, and nobody is told of them.
TEST_F(DeskSla, WarningsOfWhatIsMissedAlreadyAreNotTold) {
  const auto office = [](int from, int to) {
    return [from, to](DeskConfig& config) {
      config = WithOffice(std::move(config), {});
      BusinessCalendar::Options options = config.incidents.sla_rules.calendars["office"]->options();
      for (auto& day : options.week) day = {{from * 60, to * 60}};
      config.incidents.sla_rules.calendars["office"] =
          std::make_shared<const BusinessCalendar>(std::move(options));
      config.incidents.sla_rules.notify = {"other"};
    };
  };
  Adjust(office(20, 21));
  clock_.Set(Berlin(9, 25, 8));
  const std::string id = Open("warning");
  clock_.Set(Berlin(9, 25, 12));
  Run(1);
  ASSERT_TRUE(Events(id, AuditKind::kSlaWarning).empty());
  Adjust(office(8, 21));  // four hours have counted now
  Run(1);
  std::vector<AuditEvent> warnings = Events(id, AuditKind::kSlaWarning);
  std::erase_if(warnings, [](const AuditEvent& event) { return event.to != "acknowledge"; });
  ASSERT_EQ(warnings.size(), 2U);
  for (const AuditEvent& event : warnings) EXPECT_EQ(event.data.count("overtaken"), 1U);
  std::vector<std::string> told = Titles("other");
  std::erase_if(told, [](const std::string& title) {
    return title.find("acknowledge") == std::string::npos;  // half of the time to resolve is over
  });
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("SLA breached")) << told[0];
}

}  // namespace
}  // namespace outrider
