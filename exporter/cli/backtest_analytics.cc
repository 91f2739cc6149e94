// SPDX-License-Identifier: Apache-2.0
// outrider backtest --analytics: analytics entries over history, and what they would have said.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "exporter/cli/backtest_progress.h"
#include "exporter/cli/backtest_source.h"
#include "exporter/cli/backtest_state.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/trial/analytics_report.h"
#include "notifiers/transport/oauth2.h"
#include "rules/analytics/analytics_file.h"
#include "rules/analytics/builtin.h"
#include "rules/promql/features.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string TimeText(Timestamp time) { return FormatRfc3339(time * kNanosPerMilli); }
std::string DurationText(DurationMs duration) {
  return FormatDuration(duration >= kSecond ? duration / kSecond * kSecond : duration);
}

// Those of the files; the built-in entries are left out.
StatusOr<std::vector<Entry>> LoadEntries(const std::vector<std::string>& paths,
                                         const promql::ParseOptions& promql) {
  std::vector<AnalyticsFile> files;
  std::vector<std::string> errors;
  size_t objectives = 0;
  for (const std::string& path : paths) {
    const std::string text = TRY(ReadFile(path));
    auto file = ParseAnalyticsFile(text, path, promql);
    if (!file.ok()) {
      errors.push_back(Message(file.status()));
      continue;
    }
    for (const std::string& name : BuiltinEntryNames()) file->builtin_entries[name] = false;
    objectives += file->objectives;
    files.push_back(*std::move(file));
  }
  if (!errors.empty()) return InvalidArgument(Join(errors, "\n"));
  if (objectives > 0) {
    fmt::print(stderr, "outrider: {} objectives (kind: slo) are left out: they are not replayed\n",
               objectives);
  }
  return CombineEntries(files);
}

void PrintAnomalies(const AnalyticsEntryOutcome& outcome, const AnalyticsBacktestResult& result,
                    int limit) {
  const AnomalyTotals totals = TotalsOf(outcome, result.end);
  fmt::print(
      "{} of {} series were anomalous, {} times ({} with an onset), {} together; {:.2f} onsets per "
      "series and week\n",
      totals.anomalous, totals.series, totals.episodes, totals.onsets, DurationText(totals.time),
      OnsetsPerSeriesWeek(totals, result.end - result.start));
  Rows rows;
  for (const AnomalyTrack& track : outcome.tracks) {
    for (const AnomalyEpisode& episode : track.episodes) {
      const Timestamp end = episode.end == 0 ? result.end : episode.end;
      rows.push_back(
          {TimeText(episode.begin),
           DurationText(end - episode.begin) + (episode.end == 0 ? " on" : ""),
           episode.onset ? "onset" : "crept in", fmt::format("{:.2f}", episode.peak_state),
           fmt::format("{:.2f}", episode.peak_onset), track.labels.Without("entry").ToString()});
    }
  }
  std::ranges::sort(rows);
  const size_t all = rows.size();
  if (limit > 0 && all > static_cast<size_t>(limit)) rows.resize(static_cast<size_t>(limit));
  if (rows.empty()) return;
  PrintTable({"BEGAN", "LASTED", "HOW", "PEAK", "PEAK ONSET", "SERIES"}, rows);
  if (rows.size() < all) fmt::print("… and {} more (--limit)\n", all - rows.size());
}

void PrintValues(const AnalyticsEntryOutcome& outcome, int limit) {
  Rows rows;
  for (const DerivedValue& value : outcome.last) {
    rows.push_back({std::string(value.labels.MetricName()), FormatSampleValue(value.value),
                    value.labels.WithoutName().Without("entry").ToString()});
  }
  std::ranges::sort(rows);
  const size_t all = rows.size();
  if (limit > 0 && all > static_cast<size_t>(limit)) rows.resize(static_cast<size_t>(limit));
  if (rows.empty()) {
    fmt::print("nothing at the end\n");
    return;
  }
  PrintTable({"AT THE END", "VALUE", "SERIES"}, rows);
  if (rows.size() < all) fmt::print("… and {} more (--limit)\n", all - rows.size());
}

void Print(const AnalyticsBacktestResult& result, int limit) {
  if (result.stopped) fmt::print("PARTIAL: the end was to be {}\n", TimeText(result.wanted_end));
  fmt::print("{} to {}: {} samples of {} series\n", TimeText(result.start), TimeText(result.end),
             result.samples, result.series);
  for (const AnalyticsEntryOutcome& outcome : result.entries) {
    const EntryStatus& status = outcome.status;
    fmt::print("\n{} ({}): {} samples used, {} series at the end{}\n", status.name,
               EntryKindText(status.kind), status.samples, status.series,
               status.refused == 0 ? "" : fmt::format(", {} beyond max_series", status.refused));
    if (!status.error.empty()) fmt::print("failed last with: {}\n", status.error);
    if (status.kind == EntryKind::kAnomaly) {
      PrintAnomalies(outcome, result, limit);
    } else {
      PrintValues(outcome, limit);
    }
  }
}

StatusOr<std::vector<std::pair<std::string, std::string>>> AddedLabels(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    if (at == 0 || at == std::string::npos) {
      return InvalidArgument(fmt::format("--external-label {}: expected name=value", Quote(text)));
    }
    labels.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return labels;
}

StatusOr<AnalyticsBacktestOptions> ReadOptions(const BacktestCommand& command,
                                               const promql::Features& features) {
  AnalyticsBacktestOptions options;
  options.interval = TRY(ParsePositive("--evaluation-interval", command.evaluation_interval));
  options.piece = TRY(ParsePositive("--block", command.block));
  options.drop_labels = TRY(ReadDropLabels(command.drop_labels));
  options.add_labels = TRY(AddedLabels(command.external_labels));
  options.engine.delayed_name_removal = features.delayed_name_removal;
  options.engine.use_start_timestamps = features.use_start_timestamps;
  return options;
}

StatusOr<AnalyticsBacktestResult> Run(const BacktestCommand& command, const ClientOptions& client,
                                      const Environment& env, const std::stop_token& stop) {
  promql::Features features;
  for (const std::string& name : command.features) TRY(promql::EnableFeature(name, &features));
  std::vector<Entry> entries = TRY(LoadEntries(command.analytics_files, features.parser));
  AnalyticsBacktestOptions options = TRY(ReadOptions(command, features));
  std::optional<StateTarget> target;
  if (!command.write_state.empty()) {
    target = TRY(StateTarget::Open(command, entries, &options.interval));
    options.state = target->states();
  }
  options.engine.default_subquery_step = options.interval;
  const auto http = MakeOAuth2HttpClient(MakeCurlHttpClient(), env.clock);
  std::optional<FileHistory::Extent> covered;
  const auto source = TRY(OpenSource(command, client, *http, env.clock, stop, &covered));
  const HistoryStretch times = TRY(ReadTimes(command, covered, env.clock.Now()));
  options.start = times.from;
  options.end = times.to;
  ProgressLine line(env.clock, !command.quiet);
  AnalyticsBacktestResult result = TRY(RunAnalyticsBacktest(
      std::move(entries), options, *source, env.clock,
      [&](const BacktestProgress& progress) { line.Show(progress); }, stop));
  line.End({result.start, result.end});
  if (target) TRY(target->Finish(result, env.clock.Now()));
  return result;
}

}  // namespace

int RunAnalyticsBacktestCommand(const ClientOptions& client, const BacktestCommand& command,
                                const Environment& env) {
  if (!command.rule_files.empty()) {
    return Fail(InvalidArgument("give rule files or --analytics, not both"));
  }
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);  // entries that fail stand in the report
  const StopOnSignal signals;
  const auto result = Run(command, client, env, signals.token());
  if (!result.ok()) return Fail(result.status());
  if (client.output == "json") {
    fmt::print("{}\n", AnalyticsReportJson(*result));
  } else {
    Print(*result, command.limit);
  }
  return result->stopped ? kInterrupted : 0;
}

}  // namespace outrider
