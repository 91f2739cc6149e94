// SPDX-License-Identifier: Apache-2.0
// What an SLA calculation costs: the deadline of a clock and what has counted, around the clock and
// by a calendar of business hours, with and without pauses; a retarget; a report, of events in
// memory and out of a store.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "notifiers/config/sla_config.h"
#include "notifiers/incident/audit_trail.h"
#include "notifiers/incident/decisions.h"
#include "notifiers/incident/opened_index.h"
#include "notifiers/incident/report.h"
#include "notifiers/incident/sla_facts.h"
#include "storage/base/business_calendar.h"
#include "storage/base/hash.h"
#include "storage/base/local_time.h"
#include "storage/state/rocksdb_store.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

constexpr Nanos kNow = 1'790'000'000LL * kNanosPerSecond;
constexpr int64_t kHourNanos = 3600 * kNanosPerSecond;

std::shared_ptr<const BusinessCalendar> Office() {
  BusinessCalendar::Options options;
  options.name = "office";
  options.zone = *FindZone("Europe/Berlin");
  for (size_t day = 0; day < 5; ++day) options.week[day] = {{9 * 60, 12 * 60}, {13 * 60, 17 * 60}};
  for (int day = 0; day < 12; ++day) {
    options.holidays.push_back(absl::CivilDay(2026, 1, 1) + 30 * day);
  }
  return std::make_shared<const BusinessCalendar>(std::move(options));
}

SlaClock Clock(bool calendar, int64_t hours, int pauses) {
  SlaClock clock;
  clock.started_at = kNow;
  clock.target = hours * kHourNanos;
  if (calendar) clock.calendar = Office();
  for (int i = 0; i < pauses; ++i) {
    clock.pauses.push_back({kNow + (2 * i + 1) * kHourNanos, kNow + (2 * i + 2) * kHourNanos});
  }
  return clock;
}

// Deadline and what has counted: what is asked when an incident is shown or a timer set.
void Calculate(benchmark::State& state, bool calendar) {
  const SlaClock clock = Clock(calendar, state.range(0), static_cast<int>(state.range(1)));
  Nanos now = kNow;
  for (auto _ : state) {
    now += kNanosPerSecond;
    benchmark::DoNotOptimize(clock.DeadlineAt());
    benchmark::DoNotOptimize(clock.ElapsedAt(now));
  }
}
void BM_AroundTheClock(benchmark::State& state) { Calculate(state, false); }
void BM_BusinessHours(benchmark::State& state) { Calculate(state, true); }
BENCHMARK(BM_AroundTheClock)->Args({8, 0})->Args({168, 0})->Args({8, 3});
BENCHMARK(BM_BusinessHours)
    ->Args({1, 0})
    ->Args({8, 0})
    ->Args({168, 0})
    ->Args({2000, 0})
    ->Args({8, 3});

void BM_BuildCalendar(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Office());
}
BENCHMARK(BM_BuildCalendar)->Unit(benchmark::kMicrosecond);

// Both clocks, six timers, the event.
void BM_Retarget(benchmark::State& state) {
  IncidentsConfig config = DefaultIncidentsConfig();
  if (state.range(0) != 0) {
    config.sla_rules.calendars["office"] = Office();
    config.sla_rules.calendar_of.fill("office");
  }
  Alert alert;
  alert.labels = Labels({{"alertname", "Down"}, {"severity", "low"}});
  const Incident incident = OpenIncident(config, "i1", alert, nullptr, kNow).incident;
  for (auto _ : state) {
    IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
    decision.incident.severity = Severity::kMedium;
    RetargetSla(config, kNow + kNanosPerSecond, &decision);
    benchmark::DoNotOptimize(decision.timers.data());
  }
}
BENCHMARK(BM_Retarget)->Arg(0)->Arg(1);

// What the trail has of a year of 50 incidents a day, each opened, acknowledged and resolved.
std::vector<AuditEvent> YearOfEvents() {
  const IncidentsConfig config = DefaultIncidentsConfig();
  std::vector<AuditEvent> events;
  for (int i = 0; i < 365 * 50; ++i) {
    const Nanos now = kNow + i * kHourNanos / 2;
    Alert alert;
    alert.labels = Labels({{"alertname", "Down"}, {"severity", i % 3 == 0 ? "low" : "high"}});
    IncidentDecision decision = OpenIncident(config, "i" + std::to_string(i), alert, nullptr, now);
    decision.events.front().data["team"] = "team-" + std::to_string(i % 20);
    std::vector<AuditEvent> life = std::move(decision.events);
    for (const auto action : {IncidentAction::kAcknowledge, IncidentAction::kResolve}) {
      decision = *Act(config, decision.incident, action, {"anna", "", ""}, now + kHourNanos / 6);
      life.insert(life.end(), decision.events.begin(), decision.events.end());
    }
    events.insert(events.end(), life.begin(), life.end());
  }
  return events;
}

void BM_Report(benchmark::State& state) {
  const std::vector<AuditEvent> events = YearOfEvents();
  for (auto _ : state) {
    SlaReportQuery query;
    query.from = kNow;
    query.to = kNow + 366 * 24 * kHourNanos;
    query.by_team = query.by_severity = true;
    query.period = ReportPeriod::kByMonth;
    SlaLedger ledger(query);
    for (const AuditEvent& event : events) ledger.Take(event);
    benchmark::DoNotOptimize(ledger.Report().rows.data());
  }
  state.counters["events"] = static_cast<double>(events.size());
}
BENCHMARK(BM_Report)->Unit(benchmark::kMillisecond);

// That year in a store on disk.
std::unique_ptr<StateStore> YearInStore(const std::string& directory) {
  std::unique_ptr<StateStore> store = *OpenRocksDbStore(directory);
  std::map<uint8_t, AuditHead> heads;
  Batch batch;
  if (!CompleteOpenedIndex(*store, &batch).ok()) std::abort();
  for (AuditEvent& event : YearOfEvents()) {
    ChainAuditEvent(&event, &heads[BucketOf(event.subject)]);
    batch.Put(Family::kAudit, AuditKey(event.subject, event.sequence), EncodeAuditEvent(event));
    IndexAuditEvent(event, &batch);
  }
  if (!store->Commit(batch, Durability::kSynced).ok()) std::abort();
  return store;
}

// A report of the last days of it, read from the store: by the index, and (whole = 1) of the whole
// trail.
void BM_ReportOfDays(benchmark::State& state) {
  const std::string directory =
      (std::filesystem::temp_directory_path() / "outrider_sla_bench").string();
  std::filesystem::remove_all(directory);
  std::unique_ptr<StateStore> store = YearInStore(directory);
  const bool whole = state.range(1) != 0;
  size_t incidents = 0;
  for (auto _ : state) {
    SlaReportQuery query;
    query.to = kNow + 365 * 24 * kHourNanos;
    query.from = query.to - state.range(0) * 24 * kHourNanos;
    query.by_team = query.by_severity = true;
    SlaLedger ledger(query);
    const auto take = [&](const AuditEvent& event) { ledger.Take(event); };
    if (whole) {
      for (int bucket = 0; bucket < kAuditBuckets; ++bucket) {
        const auto events = ReadAuditBucket(*store, static_cast<uint8_t>(bucket));
        for (const AuditEvent& event : *events) take(event);
      }
    } else if (!ReadAuditOfOpened(*store, query.from, query.to, take).ok()) {
      std::abort();
    }
    incidents = ledger.Report().total.incidents;
  }
  state.counters["incidents"] = static_cast<double>(incidents);
  store.reset();
  std::filesystem::remove_all(directory);
}
BENCHMARK(BM_ReportOfDays)
    ->ArgNames({"days", "whole"})
    ->Args({7, 1})
    ->Args({7, 0})
    ->Args({365, 1})
    ->Args({365, 0})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
