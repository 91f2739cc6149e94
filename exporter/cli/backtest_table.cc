// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/backtest_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
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

// Names that several rules bear are told apart by their group.
class RuleNames {
 public:
  explicit RuleNames(const BacktestReport& report) {
    for (const AlertReport& alert : report.alerts) ++count_[alert.outcome->rule.name];
  }
  std::string Of(const AlertReport& alert) const {
    const RuleOutcome& outcome = *alert.outcome;
    if (count_.at(outcome.rule.name) < 2) return outcome.rule.name;
    return fmt::format("{} ({})", outcome.rule.name, outcome.group);
  }

 private:
  std::map<std::string, int> count_;
};

// Those that did something, the noisiest first.
std::vector<const AlertReport*> Fired(const BacktestReport& report) {
  std::vector<const AlertReport*> fired;
  for (const AlertReport& alert : report.alerts) {
    if (alert.totals.firings > 0) fired.push_back(&alert);
  }
  std::ranges::stable_sort(fired, std::greater<>(), [](const AlertReport* alert) {
    return std::tuple(alert->totals.flaps + alert->totals.short_firings, alert->totals.firings);
  });
  return fired;
}

// What stands below the charts: where they begin and end.
std::string Axis(const BacktestReport& report, size_t width) {
  std::string from = TimeText(report.result.start);
  const std::string to = TimeText(report.result.end);
  if (from.size() + to.size() >= width) return from;
  return from + std::string(width - from.size() - to.size(), ' ') + to;
}

void PrintAlerts(const BacktestReport& report, const RuleNames& names) {
  Rows rows;
  for (const AlertReport* alert : Fired(report)) {
    const TrialTotals& totals = alert->totals;
    std::vector<std::string> row = {names.Of(*alert),
                                    DurationText(alert->outcome->rule.hold),
                                    fmt::to_string(totals.firings),
                                    fmt::to_string(totals.flaps),
                                    fmt::to_string(totals.short_firings),
                                    DurationText(totals.firing),
                                    DurationText(totals.longest)};
    if (report.routed) row.push_back(fmt::to_string(alert->messages));
    row.push_back("|" + alert->chart + "|");
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return;
  std::vector<std::string> header = {"ALERT", "FOR",    "FIRED",  "FLAPS",
                                     "SHORT", "FIRING", "LONGEST"};
  if (report.routed) header.emplace_back("MESSAGES");
  header.emplace_back("OVER TIME");
  std::vector<std::string> axis(header.size());
  axis.back() = Axis(report, RuneCount(rows.front().back()));
  rows.push_back(std::move(axis));
  PrintTable(header, rows);
  fmt::print("FLAPS: fired again within {} of being resolved. SHORT: over in less than {}.\n",
             DurationText(report.limits.flap_window), DurationText(report.limits.short_firing));
}

void PrintSilent(const BacktestReport& report, const RuleNames& names) {
  std::vector<std::string> never;
  std::vector<std::string> pending;
  std::vector<std::string> failing;
  for (const AlertReport& alert : report.alerts) {
    if (alert.totals.firings > 0) continue;
    const RuleOutcome& outcome = *alert.outcome;
    if (outcome.failures > 0) {
      failing.push_back(fmt::format("{} ({} of {} evaluations failed, see below)", names.Of(alert),
                                    outcome.failures, outcome.evaluations));
    } else {
      (alert.pending_only > 0 ? pending : never).push_back(names.Of(alert));
    }
  }
  if (!pending.empty()) {
    fmt::print("Held, but never as long as their `for`: {}\n", Join(pending, ", "));
  }
  if (!failing.empty()) fmt::print("Never fired, but: {}\n", Join(failing, ", "));
  if (!never.empty()) fmt::print("Never held: {}\n", Join(never, ", "));
}

std::string Outcome(const AlertReport& alert, const TrialTotals& with) {
  return fmt::format("fires {} instead of {} times, {} flaps instead of {}", with.firings,
                     alert.totals.firings, with.flaps, alert.totals.flaps);
}

// 0s: 20, 1m: 15 (as it is), 2m: 14
std::string LadderText(const AlertReport& alert) {
  std::vector<std::string> steps;
  for (const ForStep& step : alert.ladder) {
    const bool own = step.hold == alert.outcome->rule.hold;
    steps.push_back(
        fmt::format("{}{}: {}", DurationText(step.hold), own ? " (now)" : "", step.totals.firings));
    if (step.hold >= alert.outcome->rule.hold && step.totals.firings == 0) break;
  }
  return Join(steps, ", ");
}

void PrintAdvice(const BacktestReport& report, const RuleNames& names) {
  Rows rows;
  for (const AlertReport* alert : Fired(report)) {
    std::string name = names.Of(*alert);
    if (!alert->for_advice && !alert->keep_firing_advice) continue;
    if (alert->for_advice) {
      rows.push_back({std::exchange(name, ""),
                      fmt::format("for: {}", DurationText(alert->for_advice->hold)),
                      fmt::format("{}; what still fires does so {} later",
                                  Outcome(*alert, alert->for_advice->totals),
                                  DurationText(alert->for_advice->later))});
    }
    if (alert->keep_firing_advice) {
      rows.push_back({std::exchange(name, ""),
                      fmt::format("keep_firing_for: {}", DurationText(*alert->keep_firing_advice)),
                      fmt::format("{}; it resolves that much later",
                                  Outcome(*alert, alert->keep_firing_totals))});
    }
    rows.push_back({name, "firings by `for`", LadderText(*alert)});
  }
  if (rows.empty()) return;
  fmt::print("\n");
  PrintTable({"WHAT IS QUIETER", "WITH", "THEN"}, rows);
}

void PrintRest(size_t left, std::string_view what) {
  if (left > 0) fmt::print("… and {} more {} (--limit 0 shows all)\n", left, what);
}

size_t Shown(size_t all, int limit) {
  return limit <= 0 ? all : std::min(all, static_cast<size_t>(limit));
}

std::string NoteText(const FiringNote& note) {
  std::vector<std::string> parts;
  if (note.flap) parts.push_back(fmt::format("again after {}", DurationText(note.quiet)));
  if (note.is_short) parts.emplace_back("short");
  return Join(parts, ", ");
}

void PrintFirings(const BacktestReport& report, const RuleNames& names, int limit) {
  struct Entry {
    const AlertReport* alert;
    const AlertTrack* track;
    const Firing* firing;
    FiringNote note;
  };
  std::vector<Entry> entries;
  for (const AlertReport& alert : report.alerts) {
    for (const AlertTrack& track : alert.outcome->tracks) {
      const std::vector<FiringNote> notes =
          NotesOf(track.firings, report.limits, report.result.end);
      for (size_t i = 0; i < notes.size(); ++i) {
        entries.push_back({&alert, &track, &track.firings[i], notes[i]});
      }
    }
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return e.firing->fired_at; });
  Rows rows;
  const size_t shown = Shown(entries.size(), limit);
  for (size_t i = 0; i < shown; ++i) {
    const auto& [alert, track, firing, note] = entries[i];
    const bool open = firing->resolved_at == 0;
    const Timestamp end = open ? report.result.end : firing->resolved_at;
    std::vector<std::string> row = {TimeText(firing->fired_at),
                                    open ? "still" : TimeText(end),
                                    DurationText(end - firing->fired_at),
                                    NoteText(note),
                                    names.Of(*alert),
                                    LabelsText(track->labels)};
    if (report.routed) row.push_back(Join(alert->receivers, ","));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return;
  fmt::print("\n");
  std::vector<std::string> header = {"FROM", "TO", "FIRED FOR", "NOTE", "ALERT", "LABELS"};
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
  if (result.stopped) {
    fmt::print("PARTIAL: interrupted; {} was wanted\n", TimeText(result.wanted_end));
  }
  if (result.samples == 0) {
    fmt::print(stderr, "outrider: nothing that these rules read was found in that time\n");
  }
  fmt::print("\n");
  const RuleNames names(report);
  PrintAlerts(report, names);
  PrintSilent(report, names);
  PrintAdvice(report, names);
  PrintFirings(report, names, limit);
  PrintMessages(report, limit);
  PrintProblems(report);
}

}  // namespace outrider
