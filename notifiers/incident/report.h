// SPDX-License-Identifier: Apache-2.0
// The SLA compliance report, made of the audit trail alone (sla_facts.h), so that it says the same
// after incidents were forgotten, and can be made again by corrected calendars. Counted are the
// incidents that opened in a period, as they stand when the report is made. Breaches of clocks that
// still run count: who ignores alerts does not comply. Source: specs/incidents_oncall_slo.md §2.4.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"

namespace outrider {

enum class ReportPeriod : uint8_t { kWhole, kByDay, kByWeek, kByMonth, kByQuarter };
std::string_view ReportPeriodText(ReportPeriod period);  // whole, day, week, month, quarter
std::optional<ReportPeriod> ParseReportPeriod(std::string_view text);

struct SlaReportQuery {
  Nanos from = 0;  // incidents that opened in [from, to)
  Nanos to = 0;
  bool by_team = false;
  bool by_service = false;
  bool by_severity = false;
  // A row for each; their edges are local midnights of `zone`, weeks begin on Monday.
  ReportPeriod period = ReportPeriod::kWhole;
  absl::TimeZone zone = absl::UTCTimeZone();
  std::optional<std::string> team;  // only theirs; "" : of nobody
  std::optional<std::string> service;
  std::optional<Severity> severity;
};

// Of one kind of clock. Times are nanoseconds that counted, of clocks that stopped: without pauses,
// by their calendars.
struct SlaFigures {
  uint64_t met = 0;
  uint64_t breached = 0;  // all, closed or open
  uint64_t open_breached = 0;
  uint64_t running = 0;    // neither met nor breached yet
  uint64_t discarded = 0;  // resolved by itself before anybody answered: no sample
  uint64_t samples = 0;    // clocks that stopped
  double mean = 0;
  int64_t p50 = 0;  // by nearest rank
  int64_t p90 = 0;
  int64_t p95 = 0;
  int64_t worst = 0;
  // met / (met + breached); none when nothing was measured.
  std::optional<double> Compliance() const;
};

struct SlaReportRow {
  Nanos from = 0;  // of the period, cut to the query's
  Nanos to = 0;
  std::string team;  // "" where the query does not ask for it, or nobody's
  std::string service;
  std::optional<Severity> severity;
  uint64_t incidents = 0;
  std::array<SlaFigures, kSlaKindCount> clocks;
  const SlaFigures& Clock(SlaKind kind) const { return clocks[static_cast<size_t>(kind)]; }
};

struct SlaReport {
  SlaReportQuery query;
  std::vector<SlaReportRow> rows;  // by period, team, service, then the worst severity first
  SlaReportRow total;
  uint64_t without_facts = 0;  // opened before events said what a report needs; not counted
};

// Gathers what audit events say of clocks. Not thread-safe.
class SlaLedger {
 public:
  explicit SlaLedger(SlaReportQuery query) : query_(std::move(query)) {}
  // Events of one subject in their order; subjects may mix. What is about no incident, or about
  // one that opened outside of the query's time, is passed over.
  void Take(const AuditEvent& event);
  SlaReport Report() const;
  // As if the calendars of `config` had held all the time, for clocks that run until `now`; targets
  // are as they were.
  SlaReport Recalculated(const IncidentsConfig& config, Nanos now) const;

  // What is known of one incident.
  struct Entry {
    Nanos opened_at = 0;
    std::string team;
    std::string service;
    Severity severity = Severity::kMedium;
    std::array<SlaClock, kSlaKindCount> clocks;
    bool facts = false;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  SlaReport Make(const std::map<std::string, Entry>& entries) const;

  SlaReportQuery query_;
  std::map<std::string, Entry> entries_;  // by incident
};

}  // namespace outrider
