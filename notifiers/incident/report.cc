// SPDX-License-Identifier: Apache-2.0
// Rows of the report: incidents into groups, clocks into figures.
#include "notifiers/incident/report.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr std::string_view kPeriods[] = {"whole", "day", "week", "month", "quarter"};

absl::CivilDay StartOf(ReportPeriod period, absl::CivilDay day) {
  switch (period) {
    case ReportPeriod::kWhole:
    case ReportPeriod::kByDay:
      break;
    case ReportPeriod::kByWeek:
      return day - static_cast<int>(absl::GetWeekday(day));
    case ReportPeriod::kByMonth:
      return absl::CivilDay(absl::CivilMonth(day));
    case ReportPeriod::kByQuarter:
      return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
  }
  return day;
}

absl::CivilDay NextOf(ReportPeriod period, absl::CivilDay start) {
  switch (period) {
    case ReportPeriod::kWhole:
    case ReportPeriod::kByDay:
      break;
    case ReportPeriod::kByWeek:
      return start + 7;
    case ReportPeriod::kByMonth:
      return absl::CivilDay(absl::CivilMonth(start) + 1);
    case ReportPeriod::kByQuarter:
      return absl::CivilDay(absl::CivilMonth(start) + 3);
  }
  return start + 1;
}

struct Edges {
  Nanos from = 0;
  Nanos to = 0;
};

// The period that `time` lies in.
Edges PeriodOf(const SlaReportQuery& query, Nanos time) {
  if (query.period == ReportPeriod::kWhole) return {query.from, query.to};
  const absl::CivilDay start = StartOf(query.period, absl::CivilDay(LocalAt(time, query.zone)));
  const absl::CivilDay next = NextOf(query.period, start);
  return {std::max(query.from, InstantOf(absl::CivilSecond(start), query.zone)),
          std::min(query.to, InstantOf(absl::CivilSecond(next), query.zone))};
}

// Rows are in the order of their keys.
using RowKey = std::tuple<Nanos, std::string, std::string, int>;

struct Group {
  SlaReportRow row;
  std::array<std::vector<int64_t>, kSlaKindCount> samples;

  void Add(const SlaLedger::Entry& entry) {
    ++row.incidents;
    for (size_t kind = 0; kind < kSlaKindCount; ++kind) {
      const SlaClock& clock = entry.clocks[kind];
      SlaFigures& figures = row.clocks[kind];
      const bool breached = clock.breached_at != 0;
      if (clock.discarded) {
        ++figures.discarded;
      } else if (breached) {
        ++figures.breached;
        if (clock.Running()) ++figures.open_breached;
      } else {
        ++(clock.Running() ? figures.running : figures.met);
      }
      if (clock.stopped_at != 0 && !clock.discarded) samples[kind].push_back(clock.elapsed);
    }
  }

  SlaReportRow Finish() {
    for (size_t kind = 0; kind < kSlaKindCount; ++kind) {
      std::vector<int64_t>& sorted = samples[kind];
      SlaFigures& figures = row.clocks[kind];
      figures.samples = sorted.size();
      if (sorted.empty()) continue;
      std::sort(sorted.begin(), sorted.end());
      const auto rank = [&](int percent) {
        return sorted[(sorted.size() * static_cast<size_t>(percent) + 99) / 100 - 1];
      };
      double sum = 0;
      for (const int64_t sample : sorted) sum += static_cast<double>(sample);
      figures.mean = sum / static_cast<double>(sorted.size());
      figures.p50 = rank(50);
      figures.p90 = rank(90);
      figures.p95 = rank(95);
      figures.worst = sorted.back();
    }
    return row;
  }
};

bool Wanted(const SlaReportQuery& query, const SlaLedger::Entry& entry) {
  return (!query.team || *query.team == entry.team) &&
         (!query.service || *query.service == entry.service) &&
         (!query.severity || *query.severity == entry.severity);
}

Group& GroupOf(const SlaReportQuery& query, const SlaLedger::Entry& entry,
               std::map<RowKey, Group>* groups) {
  const Edges period = PeriodOf(query, entry.opened_at);
  SlaReportRow row;
  row.from = period.from;
  row.to = period.to;
  if (query.by_team) row.team = entry.team;
  if (query.by_service) row.service = entry.service;
  if (query.by_severity) row.severity = entry.severity;
  const int rank = query.by_severity ? -static_cast<int>(entry.severity) : 0;
  const auto [it, added] = groups->try_emplace(RowKey(row.from, row.team, row.service, rank));
  if (added) it->second.row = std::move(row);
  return it->second;
}

}  // namespace

std::string_view ReportPeriodText(ReportPeriod period) {
  return kPeriods[static_cast<size_t>(period)];
}

std::optional<ReportPeriod> ParseReportPeriod(std::string_view text) {
  for (size_t i = 0; i < std::size(kPeriods); ++i) {
    if (kPeriods[i] == text) return static_cast<ReportPeriod>(i);
  }
  return std::nullopt;
}

std::optional<double> SlaFigures::Compliance() const {
  if (met + breached == 0) return std::nullopt;
  return static_cast<double>(met) / static_cast<double>(met + breached);
}

SlaReport SlaLedger::Make(const std::map<std::string, Entry>& entries) const {
  SlaReport report;
  report.query = query_;
  std::map<RowKey, Group> groups;
  Group total;
  total.row.from = query_.from;
  total.row.to = query_.to;
  for (const auto& [id, entry] : entries) {
    if (!Wanted(query_, entry)) continue;
    if (!entry.facts) {
      ++report.without_facts;
      continue;
    }
    GroupOf(query_, entry, &groups).Add(entry);
    total.Add(entry);
  }
  for (auto& [key, group] : groups) report.rows.push_back(group.Finish());
  report.total = total.Finish();
  return report;
}

SlaReport SlaLedger::Report() const { return Make(entries_); }

}  // namespace outrider
