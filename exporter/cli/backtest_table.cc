// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/backtest_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "exporter/cli/client.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string TimeText(Timestamp time) { return FormatRfc3339(time * kNanosPerMilli); }
// Whole seconds: nobody reads milliseconds here.
std::string DurationText(DurationMs duration) {
  return FormatDuration(duration >= kSecond ? duration / kSecond * kSecond : duration);
}

// The rule's labels without its name, which stands beside.
std::string LabelsText(const Labels& labels) { return labels.Without(kAlertName).ToString(); }

std::string AdviceText(const AlertReport& alert) {
  std::vector<std::string> parts;
  if (alert.for_advice) {
    parts.push_back(fmt::format("for: {} avoids {} of {}, the rest {} later",
                                DurationText(alert.for_advice->hold), alert.for_advice->avoided,
                                alert.totals.firings, DurationText(alert.for_advice->later)));
  }
  if (alert.keep_firing_advice) {
    parts.push_back(fmt::format("keep_firing_for: {} joins the flaps",
                                DurationText(*alert.keep_firing_advice)));
  }
  return Join(parts, "; ");
}

void PrintAlerts(const BacktestReport& report) {
  Rows rows;
  for (const AlertReport& alert : report.alerts) {
    const TrialTotals& totals = alert.totals;
    rows.push_back({alert.outcome->rule.name, DurationText(alert.outcome->rule.hold),
                    fmt::to_string(totals.firings), fmt::to_string(totals.flaps),
                    fmt::to_string(totals.short_firings), DurationText(totals.firing),
                    DurationText(totals.longest), "|" + alert.chart + "|"});
  }
  if (rows.empty()) return;
  PrintTable({"ALERT", "FOR", "FIRED", "FLAPS", "SHORT", "FIRING", "LONGEST", "OVER TIME"}, rows);
}

void PrintAdvice(const BacktestReport& report) {
  Rows rows;
  for (const AlertReport& alert : report.alerts) {
    std::string advice = AdviceText(alert);
    if (!advice.empty()) rows.push_back({alert.outcome->rule.name, std::move(advice)});
  }
  if (rows.empty()) return;
  fmt::print("\n");
  PrintTable({"ALERT", "WHAT WOULD HAVE BEEN QUIETER"}, rows);
}

void PrintRest(size_t left, std::string_view what) {
  if (left > 0) fmt::print("… and {} more {} (--limit 0 shows all)\n", left, what);
}

size_t Shown(size_t all, int limit) {
  return limit <= 0 ? all : std::min(all, static_cast<size_t>(limit));
}

void PrintFirings(const BacktestReport& report, int limit) {
  struct Entry {
    const AlertReport* alert;
    const AlertTrack* track;
    const Firing* firing;
  };
  std::vector<Entry> entries;
  for (const AlertReport& alert : report.alerts) {
    for (const AlertTrack& track : alert.outcome->tracks) {
      for (const Firing& firing : track.firings) entries.push_back({&alert, &track, &firing});
    }
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return e.firing->fired_at; });
  Rows rows;
  const size_t shown = Shown(entries.size(), limit);
  for (size_t i = 0; i < shown; ++i) {
    const auto& [alert, track, firing] = entries[i];
    const bool open = firing->resolved_at == 0;
    const Timestamp end = open ? report.result.end : firing->resolved_at;
    std::vector<std::string> row = {TimeText(firing->fired_at), open ? "still" : TimeText(end),
                                    DurationText(end - firing->fired_at), alert->outcome->rule.name,
                                    LabelsText(track->labels)};
    if (report.routed) row.push_back(Join(alert->receivers, ","));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return;
  fmt::print("\n");
  std::vector<std::string> header = {"FROM", "TO", "FIRED FOR", "ALERT", "LABELS"};
  if (report.routed) header.emplace_back("RECEIVERS");
  PrintTable(header, rows);
  PrintRest(entries.size() - shown, "firings");
}

void PrintMessages(const BacktestReport& report, int limit) {
  if (!report.routed) return;
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const TrialMessage& message : report.messages) {
    ++counts[{message.receiver, message.integration}];
  }
  if (counts.empty()) {
    fmt::print("\nNobody would have been notified.\n");
    return;
  }
  Rows totals;
  for (const auto& [target, count] : counts) {
    totals.push_back({target.first, target.second, fmt::to_string(count)});
  }
  fmt::print("\n");
  PrintTable({"RECEIVER", "INTEGRATION", "MESSAGES"}, totals);
  Rows rows;
  const size_t shown = Shown(report.messages.size(), limit);
  for (size_t i = 0; i < shown; ++i) {
    const TrialMessage& message = report.messages[i];
    rows.push_back({FormatRfc3339(message.time), message.receiver,
                    fmt::format("{} firing, {} resolved", message.firing, message.resolved),
                    message.reason, message.group_key});
  }
  fmt::print("\n");
  PrintTable({"NOTIFIED AT", "RECEIVER", "ALERTS", "WHY", "GROUP"}, rows);
  PrintRest(report.messages.size() - shown, "messages");
}

void PrintProblems(const BacktestReport& report) {
  for (const RuleOutcome& rule : report.result.rules) {
    if (rule.failures > 0) {
      fmt::print(stderr, "{}:{}: rule {}: {} of {} evaluations failed, the last with: {}\n",
                 rule.file, rule.rule.line, rule.rule.name, rule.failures, rule.evaluations,
                 rule.last_error);
    }
    for (const std::string& warning : rule.warnings) {
      fmt::print(stderr, "{}:{}: rule {}: {}\n", rule.file, rule.rule.line, rule.rule.name,
                 warning);
    }
  }
}

}  // namespace

void PrintBacktest(const BacktestReport& report, int limit) {
  const BacktestResult& result = report.result;
  fmt::print("{} rules from {} to {} ({}), {} samples of history\n", result.rules.size(),
             TimeText(result.start), TimeText(result.end), DurationText(result.end - result.start),
             result.samples);
  if (result.samples == 0) {
    fmt::print(stderr, "outrider: nothing that these rules read was found in that time\n");
  }
  fmt::print("\n");
  PrintAlerts(report);
  PrintAdvice(report);
  PrintFirings(report, limit);
  PrintMessages(report, limit);
  PrintProblems(report);
}

}  // namespace outrider
