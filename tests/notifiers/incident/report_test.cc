// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "notifiers/config/sla_config.h"
#include "notifiers/incident/decisions.h"
#include "notifiers/incident/sla_pause.h"
#include "storage/base/business_calendar.h"
#include "storage/base/local_time.h"

namespace outrider {
namespace {

using testing::ElementsAre;

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;  // 2026-09-21T14:13:20Z
constexpr Nanos Min(double minutes) { return static_cast<Nanos>(minutes * 60) * kNanosPerSecond; }

// Incidents and what the audit trail says of them.
class World {
 public:
  explicit World(IncidentsConfig config = DefaultIncidentsConfig()) : config_(std::move(config)) {}

  void Open(const std::string& id, const char* severity, const char* team, Nanos now) {
    Alert alert;
    alert.labels = Labels({{"alertname", id}, {"severity", severity}});
    alert.starts_at = {now, 0};
    IncidentDecision decision = OpenIncident(config_, id, alert, nullptr, now);
    // As where labels name the team.
    if (*team != '\0') decision.events.front().data["team"] = team;
    Keep(std::move(decision));
  }
  // False: not from its state.
  bool Act(const std::string& id, IncidentAction action, Nanos now) {
    StatusOr<IncidentDecision> decision =
        outrider::Act(config_, incidents_.at(id), action, {"anna", "", ""}, now);
    if (!decision.ok()) return false;
    Keep(*std::move(decision));
    return true;
  }
  void AutoResolve(const std::string& id, Nanos now) {
    Alert alert;
    alert.labels = incidents_.at(id).labels;
    Keep(ResolveAlert(incidents_.at(id), alert, now));
  }
  void Pause(const std::string& id, bool pause, Nanos now) {
    IncidentDecision decision = From(id);
    if (pause) {
      PauseSla(&decision, "hold", now);
    } else {
      ResumeSla(&decision, "hold", now);
    }
    Keep(std::move(decision));
  }
  void SetSeverity(const std::string& id, Severity severity, Nanos now) {
    IncidentDecision decision = From(id);
    AuditEvent event;
    event.subject = id;
    event.kind = AuditKind::kSeverityLowered;
    event.time = now;
    event.to = SeverityText(severity);
    decision.events.push_back(event);
    decision.incident.severity = severity;
    RetargetSla(config_, now, &decision);
    Keep(std::move(decision));
  }
  // Runs the SLA timers of all incidents that are due.
  void Tick(Nanos now) {
    for (bool ran = true; ran;) {
      ran = false;
      for (auto& [key, due] : timers_) {
        if (due == 0 || due > now) continue;
        const Nanos at = std::exchange(due, 0);
        Keep(OnSlaTimer(incidents_.at(key.first), key.second, at, at));
        ran = true;
        break;
      }
    }
  }
  SlaLedger Ledger(SlaReportQuery query) const {
    SlaLedger ledger(std::move(query));
    for (const AuditEvent& event : events_) ledger.Take(event);
    return ledger;
  }
  const std::map<std::string, Incident>& incidents() const { return incidents_; }

 private:
  IncidentDecision From(const std::string& id) {
    return {.incident = incidents_.at(id), .events = {}, .timers = {}, .pages = {}};
  }
  void Keep(IncidentDecision decision) {
    const std::string id = decision.incident.id;
    for (const TimerChange& timer : decision.timers) {
      if (timer.kind != TimerKind::kEscalate) timers_[{id, timer.kind}] = timer.due;
    }
    incidents_[id] = std::move(decision.incident);
    for (AuditEvent& event : decision.events) events_.push_back(std::move(event));
  }

  IncidentsConfig config_;
  std::map<std::string, Incident> incidents_;
  std::vector<AuditEvent> events_;
  std::map<std::pair<std::string, TimerKind>, Nanos> timers_;
};

SlaReportQuery Query(Nanos from = kT0 - Min(1), Nanos to = kT0 + Min(1000)) {
  SlaReportQuery query;
  query.from = from;
  query.to = to;
  return query;
}

// Six incidents, reckoned by hand. "high": 15 minutes and two hours; "critical": 5 and 30 minutes.
World SmallWorld() {
  World world;
  world.Open("a", "critical", "web", kT0);  // answered in 2, resolved in 20
  world.Open("b", "critical", "web", kT0);  // answered in 8: late; resolved in 40: late
  world.Open("c", "high", "web", kT0);      // answered in 15: exactly the target; open
  world.Open("d", "high", "db", kT0);       // nobody answers: an open breach
  world.Open("e", "high", "db", kT0);       // goes away by itself after 3: no sample
  world.Open("f", "high", "", kT0);         // resolved by hand in 10; on hold for 6 of them
  world.Act("a", IncidentAction::kAcknowledge, kT0 + Min(2));
  world.Pause("f", true, kT0 + Min(2));
  world.AutoResolve("e", kT0 + Min(3));
  world.Tick(kT0 + Min(7));
  world.Act("b", IncidentAction::kInvestigate, kT0 + Min(8));
  world.Pause("f", false, kT0 + Min(8));
  world.Act("f", IncidentAction::kResolve, kT0 + Min(10));
  world.Act("c", IncidentAction::kAcknowledge, kT0 + Min(15));
  world.Act("a", IncidentAction::kResolve, kT0 + Min(20));
  world.Tick(kT0 + Min(30));
  world.Act("b", IncidentAction::kResolve, kT0 + Min(40));
  world.Tick(kT0 + Min(60));
  return world;
}

TEST(SlaReport, CountsASmallWorldAsByHand) {
  const World world = SmallWorld();
  const SlaReport report = world.Ledger(Query()).Report();
  EXPECT_EQ(report.total.incidents, 6U);
  EXPECT_EQ(report.without_facts, 0U);
  const SlaFigures& ack = report.total.Clock(SlaKind::kAcknowledge);
  EXPECT_EQ(ack.met, 3U);  // a, c, f
  EXPECT_EQ(ack.breached, 2U);
  EXPECT_EQ(ack.open_breached, 1U);
  EXPECT_EQ(ack.discarded, 1U);
  EXPECT_EQ(ack.running, 0U);
  EXPECT_EQ(ack.Compliance(), 0.6) << "who is ignored counts";
  EXPECT_EQ(ack.samples, 4U);  // 2, 4, 8, 15 minutes
  EXPECT_EQ(ack.mean, static_cast<double>(Min(7.25)));
  EXPECT_EQ(ack.p50, Min(4));
  EXPECT_EQ(ack.p90, Min(15));
  EXPECT_EQ(ack.p95, Min(15));
  EXPECT_EQ(ack.worst, Min(15));
  const SlaFigures& fix = report.total.Clock(SlaKind::kResolve);
  EXPECT_EQ(fix.met, 3U);       // a, e, f
  EXPECT_EQ(fix.breached, 1U);  // b
  EXPECT_EQ(fix.open_breached, 0U);
  EXPECT_EQ(fix.running, 2U);  // c, d
  EXPECT_EQ(fix.samples, 4U);  // 3, 4, 20, 40
  EXPECT_EQ(fix.mean, static_cast<double>(Min(16.75)));
  EXPECT_EQ(fix.p50, Min(4));
  EXPECT_EQ(fix.worst, Min(40));
}

TEST(SlaReport, GroupsByTeamAndSeverity) {
  SlaReportQuery query = Query();
  query.by_team = true;
  query.by_severity = true;
  const SlaReport report = SmallWorld().Ledger(query).Report();
  std::vector<std::string> rows;
  for (const SlaReportRow& row : report.rows) {
    const SlaFigures& ack = row.Clock(SlaKind::kAcknowledge);
    rows.push_back(fmt::format("{} {} {}: {} of {}", row.team, SeverityText(*row.severity),
                               row.incidents, ack.met, ack.met + ack.breached));
  }
  EXPECT_THAT(rows, ElementsAre(" high 1: 1 of 1", "db high 2: 0 of 1", "web critical 2: 1 of 2",
                                "web high 1: 1 of 1"));
  query.team = "db";
  EXPECT_EQ(SmallWorld().Ledger(query).Report().total.incidents, 2U);
  query.team = std::nullopt;
  query.severity = Severity::kCritical;
  EXPECT_EQ(SmallWorld().Ledger(query).Report().total.incidents, 2U);
}

// The severity that an incident has in the end is the one it is counted by.
TEST(SlaReport, FollowsTheSeverity) {
  World world;
  world.Open("a", "critical", "", kT0);
  world.SetSeverity("a", Severity::kLow, kT0 + Min(1));
  world.Act("a", IncidentAction::kAcknowledge, kT0 + Min(100));
  SlaReportQuery query = Query();
  query.by_severity = true;
  const SlaReport report = world.Ledger(query).Report();
  ASSERT_EQ(report.rows.size(), 1U);
  EXPECT_EQ(report.rows[0].severity, Severity::kLow);
  EXPECT_EQ(report.rows[0].Clock(SlaKind::kAcknowledge).met, 1U);
}

TEST(SlaReport, PeriodsHaveLocalEdges) {
  const absl::TimeZone berlin = *FindZone("Europe/Berlin");
  const auto at = [&](int month, int day, int hour) {
    return InstantOf(absl::CivilSecond(2026, month, day, hour, 0, 0), berlin);
  };
  World world;
  world.Open("a", "low", "", at(9, 30, 23));
  world.Open("b", "low", "", at(10, 1, 0));  // still September in UTC
  world.Open("c", "low", "", at(10, 31, 23));
  world.Open("d", "low", "", at(11, 1, 1));
  world.Open("e", "low", "", at(12, 15, 0));  // not asked for
  struct Row {
    ReportPeriod period;
    std::vector<std::string> rows;
  };
  const Row rows[] = {
      {ReportPeriod::kWhole, {"09-10 12-01 4"}},
      {ReportPeriod::kByMonth, {"09-10 10-01 1", "10-01 11-01 2", "11-01 12-01 1"}},
      {ReportPeriod::kByQuarter, {"09-10 10-01 1", "10-01 12-01 3"}},
      {ReportPeriod::kByWeek, {"09-28 10-05 2", "10-26 11-02 2"}},
      {ReportPeriod::kByDay, {"09-30 10-01 1", "10-01 10-02 1", "10-31 11-01 1", "11-01 11-02 1"}},
  };
  for (const Row& row : rows) {
    SlaReportQuery query = Query(at(9, 10, 0), at(12, 1, 0));
    query.period = row.period;
    query.zone = berlin;
    std::vector<std::string> got;
    for (const SlaReportRow& line : world.Ledger(query).Report().rows) {
      got.push_back(fmt::format(
          "{} {} {}", absl::FormatTime("%m-%d", absl::FromUnixNanos(line.from), berlin),
          absl::FormatTime("%m-%d", absl::FromUnixNanos(line.to), berlin), line.incidents));
    }
    EXPECT_EQ(got, row.rows) << ReportPeriodText(row.period);
  }
}

TEST(SlaReport, IncidentsOfOlderTrailsAreSaidToBeLeftOut) {
  AuditEvent event;
  event.subject = "old";
  event.kind = AuditKind::kOpened;
  event.time = kT0;
  SlaLedger ledger(Query());
  ledger.Take(event);
  event.kind = AuditKind::kStateChanged;
  ledger.Take(event);
  EXPECT_EQ(ledger.Report().total.incidents, 0U);
  EXPECT_EQ(ledger.Report().without_facts, 1U);
}

// ---- by other calendars

IncidentsConfig WithOffice(std::vector<absl::CivilDay> holidays) {
  IncidentsConfig config = DefaultIncidentsConfig();
  BusinessCalendar::Options options;
  options.name = "office";
  for (size_t day = 0; day < 5; ++day) options.week[day] = {{9 * 60, 17 * 60}};
  options.holidays = std::move(holidays);
  config.sla_rules.calendars["office"] =
      std::make_shared<const BusinessCalendar>(std::move(options));
  config.sla_rules.calendar_of[static_cast<size_t>(Severity::kMedium)] = "office";
  return config;
}

Nanos Utc(int month, int day, int hour, int minute = 0) {
  return InstantOf(absl::CivilSecond(2026, month, day, hour, minute, 0), absl::UTCTimeZone());
}

TEST(SlaReport, IsMadeAgainByACorrectedCalendar) {
  World world(WithOffice({}));
  world.Open("a", "medium", "", Utc(9, 25, 16, 30));  // Friday; an hour to acknowledge
  world.Pause("a", true, Utc(9, 28, 9, 10));
  world.Pause("a", false, Utc(9, 28, 9, 20));
  world.Act("a", IncidentAction::kAcknowledge, Utc(9, 28, 9, 50));
  world.Tick(Utc(9, 28, 10));
  const SlaLedger ledger = world.Ledger(Query(Utc(9, 1, 0), Utc(10, 1, 0)));
  const SlaFigures was = ledger.Report().total.Clock(SlaKind::kAcknowledge);
  EXPECT_EQ(was.breached, 1U);
  EXPECT_EQ(was.worst, Min(70));
  // Monday was a holiday.
  const SlaReport again =
      ledger.Recalculated(WithOffice({absl::CivilDay(2026, 9, 28)}), Utc(9, 29, 12));
  EXPECT_EQ(again.total.Clock(SlaKind::kAcknowledge).met, 1U);
  EXPECT_EQ(again.total.Clock(SlaKind::kAcknowledge).worst, Min(30));
  EXPECT_EQ(again.total.Clock(SlaKind::kResolve).running, 1U);
  // All time counts: also the clock that runs is late.
  const SlaReport always = ledger.Recalculated(DefaultIncidentsConfig(), Utc(9, 29, 12));
  EXPECT_EQ(always.total.Clock(SlaKind::kResolve).open_breached, 1U);
  EXPECT_EQ(always.total.Clock(SlaKind::kAcknowledge).worst,
            Utc(9, 28, 9, 50) - Utc(9, 25, 16, 30) - Min(10));
}

// ---- the trail says all

// Random lives: what the trail tells of a clock is what the incident's clock is.
TEST(SlaReport, TheTrailTellsWhatTheClocksWere) {
  constexpr IncidentAction kActions[] = {IncidentAction::kAcknowledge, IncidentAction::kInvestigate,
                                         IncidentAction::kResolve, IncidentAction::kReopen,
                                         IncidentAction::kUnacknowledge};
  constexpr const char* kSeverities[] = {"info", "low", "medium", "high", "critical"};
  int stopped = 0;
  int breached = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    World world(seed % 2 == 0 ? WithOffice({}) : DefaultIncidentsConfig());
    Nanos now = kT0;
    for (const char* id : {"a", "b", "c"}) world.Open(id, kSeverities[random() % 5], "", now);
    for (int step = 0; step < 30; ++step) {
      now += Min(1) * (1 + static_cast<int64_t>(random() % 40) * (random() % 4 == 0 ? 20 : 1));
      world.Tick(now);
      const std::string id(1, static_cast<char>('a' + random() % 3));
      switch (random() % 6) {
        case 0:
          world.AutoResolve(id, now);
          break;
        case 1:
          world.Pause(id, random() % 2 == 0, now);
          break;
        case 2:
          if (world.incidents().at(id).Open()) {
            world.SetSeverity(id, static_cast<Severity>(random() % 5), now);
          }
          break;
        default:
          world.Act(id, kActions[random() % 5], now);
      }
    }
    const SlaLedger ledger = world.Ledger(Query(kT0, kT0 + 1));
    for (const auto& [id, incident] : world.incidents()) {
      const SlaLedger::Entry& entry = ledger.entries().at(id);
      EXPECT_EQ(entry.severity, incident.severity) << seed;
      for (const SlaClock& clock : incident.sla) {
        const SlaClock& told = entry.clocks[static_cast<size_t>(clock.kind)];
        const std::string where = fmt::format("seed {} {} {}", seed, id, SlaKindText(clock.kind));
        EXPECT_EQ(told.target, clock.target) << where;
        EXPECT_EQ(told.Running(), clock.Running()) << where;
        EXPECT_EQ(told.Standing(), clock.Standing()) << where;
        EXPECT_EQ(told.discarded, clock.discarded) << where;
        EXPECT_EQ(told.breached_at, clock.breached_at) << where;
        EXPECT_EQ(told.elapsed, clock.elapsed) << where;
        stopped += clock.stopped_at != 0 ? 1 : 0;
        breached += clock.breached_at != 0 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(stopped, 200);
  EXPECT_GT(breached, 200);
}

}  // namespace
}  // namespace outrider
