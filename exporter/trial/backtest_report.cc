// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/backtest_report.h"

#include <algorithm>
#include <set>

#include "notifiers/route/route_tree.h"
#include "rules/alerting/told_alert.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

double Seconds(DurationMs duration) { return static_cast<double>(duration) / kSecond; }
std::string TimeText(Timestamp time) { return FormatRfc3339(time * kNanosPerMilli); }

std::vector<std::string> ReceiversOf(const RuleOutcome& outcome, const ReportOptions& options) {
  std::set<std::string> names;
  if (options.alertmanager == nullptr) return {};
  for (const AlertTrack& track : outcome.tracks) {
    if (track.firings.empty()) continue;
    const Labels labels = ToldLabels(track.labels, options.external_labels);
    for (const RouteConfig* route : MatchRoutes(options.alertmanager->route, labels)) {
      names.insert(route->receiver);
    }
  }
  return {names.begin(), names.end()};
}

AlertReport ReportOf(const RuleOutcome& outcome, const BacktestResult& result,
                     const ReportOptions& options) {
  const TrialTiming timing = {outcome.rule.hold, outcome.rule.keep_firing_for, outcome.interval};
  const TrialLimits& limits = options.limits;
  AlertReport report;
  report.outcome = &outcome;
  report.totals = TotalsOf(outcome.tracks, limits, result.end);
  report.pending_only = static_cast<int>(
      std::ranges::count_if(outcome.tracks, [](const AlertTrack& t) { return t.firings.empty(); }));
  report.for_advice = AdviseFor(outcome.tracks, timing, limits, result.end);
  report.keep_firing_advice = AdviseKeepFiring(outcome.tracks, timing, limits, result.end);
  if (report.keep_firing_advice) {
    TrialTiming other = timing;
    other.keep_firing_for = *report.keep_firing_advice;
    report.keep_firing_totals = TotalsWith(outcome.tracks, other, limits, result.end);
  }
  report.ladder = ForLadder(outcome.tracks, timing, limits, result.end);
  report.receivers = ReceiversOf(outcome, options);
  std::vector<FiringSpan> all;
  for (const AlertTrack& track : outcome.tracks) {
    std::ranges::copy(SpansOf(track.firings, result.end), std::back_inserter(all));
  }
  report.chart = FiringChart(all, result.start, result.end, options.chart_width);
  return report;
}

void WriteTexts(const std::map<std::string, std::string>& texts, JsonWriter* json) {
  json->StartObject();
  for (const auto& [name, text] : texts) json->Key(name).String(text);
  json->EndObject();
}

void WriteTotals(const TrialTotals& totals, JsonWriter* json) {
  json->Key("firings").Int(totals.firings);
  json->Key("flaps").Int(totals.flaps);
  json->Key("short_firings").Int(totals.short_firings);
  json->Key("firing_seconds").Double(Seconds(totals.firing));
  json->Key("longest_firing_seconds").Double(Seconds(totals.longest));
}

void WriteFiring(const Firing& firing, const FiringNote& note, Timestamp end, JsonWriter* json) {
  const bool open = firing.resolved_at == 0;
  json->StartObject();
  json->Key("active_at").String(TimeText(firing.active_at));
  json->Key("fired_at").String(TimeText(firing.fired_at));
  json->Key("resolved_at");
  open ? json->Null() : json->String(TimeText(firing.resolved_at));
  json->Key("seconds").Double(Seconds((open ? end : firing.resolved_at) - firing.fired_at));
  json->Key("flap").Bool(note.flap);
  json->Key("short").Bool(note.is_short);
  json->Key("value").Double(firing.value);
  json->Key("annotations");
  WriteTexts(firing.annotations, json);
  json->EndObject();
}

void WriteTrack(const AlertTrack& track, const BacktestReport& report, JsonWriter* json) {
  json->StartObject();
  json->Key("labels");
  WriteTexts(track.labels.ToMap(), json);
  json->Key("flaps").Int(
      CountFlaps(SpansOf(track.firings, report.result.end), report.limits.flap_window));
  json->Key("times_active").Int(static_cast<int64_t>(track.runs.size()));
  json->Key("firings").StartArray();
  const std::vector<FiringNote> notes = NotesOf(track.firings, report.limits, report.result.end);
  for (size_t i = 0; i < notes.size(); ++i) {
    WriteFiring(track.firings[i], notes[i], report.result.end, json);
  }
  json->EndArray();
  json->EndObject();
}

void WriteRule(const RuleOutcome& outcome, const char* name_key, JsonWriter* json) {
  json->Key("file").String(outcome.file);
  json->Key("group").String(outcome.group);
  json->Key(name_key).String(outcome.rule.name);
  json->Key("line").Int(outcome.rule.line);
  json->Key("interval_seconds").Double(Seconds(outcome.interval));
  json->Key("evaluations").Int(static_cast<int64_t>(outcome.evaluations));
  json->Key("failures").Int(static_cast<int64_t>(outcome.failures));
  json->Key("last_error").String(outcome.last_error);
  json->Key("warnings").StartArray();
  for (const std::string& warning : outcome.warnings) json->String(warning);
  json->EndArray();
}

void WriteAdvice(const AlertReport& alert, JsonWriter* json) {
  json->Key("for_advice");
  if (alert.for_advice) {
    json->StartObject();
    json->Key("for_seconds").Double(Seconds(alert.for_advice->hold));
    json->Key("avoided").Int(alert.for_advice->avoided);
    json->Key("later_seconds").Double(Seconds(alert.for_advice->later));
    WriteTotals(alert.for_advice->totals, json);
    json->EndObject();
  } else {
    json->Null();
  }
  json->Key("keep_firing_for_advice");
  if (alert.keep_firing_advice) {
    json->StartObject();
    json->Key("keep_firing_for_seconds").Double(Seconds(*alert.keep_firing_advice));
    json->Key("avoided").Int(alert.totals.firings - alert.keep_firing_totals.firings);
    WriteTotals(alert.keep_firing_totals, json);
    json->EndObject();
  } else {
    json->Null();
  }
  json->Key("for_ladder").StartArray();
  for (const ForStep& step : alert.ladder) {
    json->StartObject();
    json->Key("for_seconds").Double(Seconds(step.hold));
    WriteTotals(step.totals, json);
    json->EndObject();
  }
  json->EndArray();
}

void WriteAlert(const AlertReport& alert, const BacktestReport& report, JsonWriter* json) {
  const RuleOutcome& outcome = *alert.outcome;
  json->StartObject();
  WriteRule(outcome, "alert", json);
  json->Key("for_seconds").Double(Seconds(outcome.rule.hold));
  json->Key("keep_firing_for_seconds").Double(Seconds(outcome.rule.keep_firing_for));
  WriteTotals(alert.totals, json);
  json->Key("pending_only").Int(alert.pending_only);
  WriteAdvice(alert, json);
  json->Key("notifications");
  report.routed ? json->Int(alert.messages) : json->Null();
  json->Key("receivers").StartArray();
  for (const std::string& receiver : alert.receivers) json->String(receiver);
  json->EndArray();
  json->Key("instances").StartArray();
  for (const AlertTrack& track : outcome.tracks) WriteTrack(track, report, json);
  json->EndArray();
  json->EndObject();
}

void WriteMessage(const TrialMessage& message, JsonWriter* json) {
  json->StartObject();
  json->Key("time").String(FormatRfc3339(message.time));
  json->Key("receiver").String(message.receiver);
  json->Key("integration").String(message.integration);
  json->Key("group_key").String(message.group_key);
  json->Key("reason").String(message.reason);
  json->Key("firing").Int(message.firing);
  json->Key("resolved").Int(message.resolved);
  json->Key("alerts").StartArray();
  for (const std::string& alert : message.alerts) json->String(alert);
  json->EndArray();
  json->EndObject();
}

void WriteHead(const BacktestReport& report, JsonWriter* json) {
  uint64_t evaluations = 0;
  for (const RuleOutcome& rule : report.result.rules) evaluations += rule.evaluations;
  json->Key("start").String(TimeText(report.result.start));
  json->Key("end").String(TimeText(report.result.end));
  json->Key("wanted_end").String(TimeText(report.result.wanted_end));
  json->Key("complete").Bool(!report.result.stopped);
  json->Key("samples").Int(static_cast<int64_t>(report.result.samples));
  json->Key("series").Int(static_cast<int64_t>(report.result.series));
  json->Key("evaluations").Int(static_cast<int64_t>(evaluations));
  json->Key("flap_window_seconds").Double(Seconds(report.limits.flap_window));
  json->Key("short_firing_seconds").Double(Seconds(report.limits.short_firing));
}

}  // namespace

BacktestReport MakeReport(BacktestResult result, std::vector<TrialMessage> messages,
                          const ReportOptions& options) {
  BacktestReport report;
  report.result = std::move(result);
  report.limits = options.limits;
  report.routed = options.alertmanager != nullptr;
  report.messages = std::move(messages);
  for (const RuleOutcome& outcome : report.result.rules) {
    if (outcome.rule.kind != RuleKind::kAlerting) continue;
    report.alerts.push_back(ReportOf(outcome, report.result, options));
    report.alerts.back().messages =
        static_cast<int>(std::ranges::count_if(report.messages, [&](const TrialMessage& message) {
          return message.alerts.contains(outcome.rule.name);
        }));
  }
  return report;
}

std::string ReportJson(const BacktestReport& report) {
  std::string out;
  JsonWriter json(&out);
  json.StartObject();
  WriteHead(report, &json);
  json.Key("alerts").StartArray();
  for (const AlertReport& alert : report.alerts) WriteAlert(alert, report, &json);
  json.EndArray();
  json.Key("records").StartArray();
  for (const RuleOutcome& outcome : report.result.rules) {
    if (outcome.rule.kind != RuleKind::kRecording) continue;
    json.StartObject();
    WriteRule(outcome, "record", &json);
    json.Key("samples").Int(static_cast<int64_t>(outcome.samples));
    json.EndObject();
  }
  json.EndArray();
  json.Key("notifications");
  if (report.routed) {
    json.StartArray();
    for (const TrialMessage& message : report.messages) WriteMessage(message, &json);
    json.EndArray();
  } else {
    json.Null();
  }
  json.EndObject();
  return out;
}

}  // namespace outrider
