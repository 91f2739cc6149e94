// SPDX-License-Identifier: Apache-2.0
// outrider backtest: rule files over history, and what would have come of them.
#include "exporter/trial/backtest.h"

#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <thread>

#include "exporter/cli/backtest_progress.h"
#include "exporter/cli/backtest_source.h"
#include "exporter/cli/backtest_table.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/trial/backtest_report.h"
#include "exporter/trial/notification_replay.h"
#include "exporter/trial/silence_file.h"
#include "notifiers/transport/oauth2.h"
#include "rules/promql/features.h"
#include "rules/rulefile/rule_file.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<std::vector<RuleGroup>> LoadRules(const std::vector<std::string>& files,
                                           const promql::ParseOptions& promql) {
  std::vector<RuleGroup> groups;
  std::vector<std::string> errors;
  for (const std::string& path : files) {
    const std::string text = TRY(ReadFile(path));
    RuleFileOptions options;
    options.strict = true;
    options.promql = promql;
    auto file = ParseRuleFile(text, path, options);
    if (!file.ok()) {
      errors.push_back(Message(file.status()));
      continue;
    }
    for (RuleGroup& group : file->groups) groups.push_back(std::move(group));
  }
  if (!errors.empty()) return InvalidArgument(Join(errors, "\n"));
  for (const RuleGroup& group : groups) {
    if (!group.rules.empty()) return groups;
  }
  return InvalidArgument("there are no rules in the given files");
}

StatusOr<Labels> ParseLabels(const std::vector<std::string>& texts) {
  LabelsBuilder builder;
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    if (at == 0 || at == std::string::npos) {
      return InvalidArgument(fmt::format("--external-label {}: expected name=value", Quote(text)));
    }
    builder.Set(text.substr(0, at), text.substr(at + 1));
  }
  return builder.Build();
}

struct Inputs {
  std::vector<RuleGroup> groups;
  BacktestOptions run;
  ReportOptions report;
  std::optional<AlertmanagerConfig> alertmanager;
  std::vector<Silence> silences;
};

StatusOr<RuleContext> ReadContext(const BacktestCommand& command,
                                  const promql::Features& features) {
  RuleContext context;
  context.promql = features.parser;
  context.evaluation_interval =
      TRY(ParsePositive("--evaluation-interval", command.evaluation_interval));
  context.external_labels = TRY(ParseLabels(command.external_labels));
  context.external_url = command.external_url;
  return context;
}

Status ReadNotifications(const BacktestCommand& command, Inputs* inputs) {
  if (!command.alertmanager_file.empty()) {
    const std::string text = TRY(ReadFile(command.alertmanager_file));
    inputs->alertmanager = TRY(ParseAlertmanagerConfig(text, command.alertmanager_file));
  }
  if (command.silences_file.empty()) return absl::OkStatus();
  if (!inputs->alertmanager) return InvalidArgument("--silences needs --alertmanager.config");
  const std::string text = TRY(ReadFile(command.silences_file));
  inputs->silences = TRY(ParseSilences(text, command.silences_file));
  return absl::OkStatus();
}

StatusOr<Inputs> ReadInputs(const BacktestCommand& command) {
  Inputs inputs;
  promql::Features features;
  for (const std::string& name : command.features) TRY(promql::EnableFeature(name, &features));
  inputs.groups = TRY(LoadRules(command.rule_files, features.parser));
  BacktestOptions& run = inputs.run;
  run.context = TRY(ReadContext(command, features));
  run.engine.delayed_name_removal = features.delayed_name_removal;
  run.engine.use_start_timestamps = features.use_start_timestamps;
  run.engine.default_subquery_step = run.context.evaluation_interval;
  run.threads = std::max(1U, std::thread::hardware_concurrency());
  run.piece = TRY(ParsePositive("--block", command.block));
  run.drop_labels = TRY(ReadDropLabels(command.drop_labels));
  inputs.report.limits.flap_window = TRY(ParsePositive("--flap-window", command.flap_window));
  inputs.report.limits.short_firing = TRY(ParsePositive("--short", command.short_firing));
  inputs.report.external_labels = run.context.external_labels;
  TRY(ReadNotifications(command, &inputs));
  return inputs;
}

StatusOr<BacktestReport> Run(const BacktestCommand& command, const ClientOptions& client,
                             const Environment& env, const std::stop_token& stop) {
  Inputs inputs = TRY(ReadInputs(command));
  const auto http = MakeOAuth2HttpClient(MakeCurlHttpClient(), env.clock);
  std::optional<FileHistory::Extent> covered;
  const auto source = TRY(OpenSource(command, client, *http, env.clock, stop, &covered));
  const HistoryStretch times = TRY(ReadTimes(command, covered, env.clock.Now()));
  inputs.run.start = times.from;
  inputs.run.end = times.to;
  std::unique_ptr<NotificationReplay> notifications;
  if (inputs.alertmanager) {
    notifications =
        TRY(NotificationReplay::Create(*inputs.alertmanager, std::move(inputs.silences),
                                       command.external_url, inputs.run.start, env.random));
    inputs.report.alertmanager = &*inputs.alertmanager;
  }
  ProgressLine line(env.clock, !command.quiet);
  const BacktestSeams seams = {
      *source, env.clock, [&](const BacktestProgress& progress) { line.Show(progress); },
      [&](const ToldAlerts& told) {
        return notifications ? notifications->OnTold(told) : absl::OkStatus();
      }};
  BacktestResult result = TRY(RunBacktest(std::move(inputs.groups), inputs.run, seams, stop));
  line.End({result.start, result.end});
  std::vector<TrialMessage> messages;
  if (notifications) messages = TRY(notifications->Finish(result.end));
  return MakeReport(std::move(result), std::move(messages), inputs.report);
}

}  // namespace

int RunBacktestCommand(const ClientOptions& client, const BacktestCommand& command,
                       const Environment& env) {
  if (!command.analytics_files.empty()) return RunAnalyticsBacktestCommand(client, command, env);
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);  // rules that fail stand in the report
  // Unlike a daemon it asks for the same big arrays again and again, and is soon gone.
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet.
  mallopt(M_MMAP_THRESHOLD, 512 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // NOLINTEND(concurrency-mt-unsafe)
  const StopOnSignal signals;
  const auto report = Run(command, client, env, signals.token());
  if (!report.ok()) return Fail(report.status());
  if (client.output == "json") {
    fmt::print("{}\n", ReportJson(*report));
  } else {
    PrintBacktest(*report, command.limit);
  }
  if (!report->result.stopped) return 0;
  fmt::print(stderr, "outrider: interrupted; what is shown ends at {}\n",
             FormatRfc3339(report->result.end * kNanosPerMilli));
  return kInterrupted;
}

}  // namespace outrider
