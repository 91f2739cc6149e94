// SPDX-License-Identifier: Apache-2.0
// outrider backtest: rule files over history, and what would have come of them.
#include "exporter/trial/backtest.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <thread>

#include "exporter/cli/backtest_table.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/signals.h"
#include "exporter/trial/backtest_report.h"
#include "exporter/trial/file_history.h"
#include "exporter/trial/notification_replay.h"
#include "exporter/trial/server_history.h"
#include "exporter/trial/silence_file.h"
#include "rules/promql/features.h"
#include "rules/rulefile/rule_file.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kDefaultSpan = kDay;
constexpr int kInterrupted = 130;  // as shells say of SIGINT

// RFC 3339, Unix seconds, `now`, or how long ago: 7d.
StatusOr<Timestamp> ParseWhen(const std::string& flag, const std::string& text, Timestamp now) {
  if (text == "now") return now;
  if (const auto time = ParseApiTime(text); time.ok()) return *time;
  if (const auto ago = ParseDuration(text); ago.ok()) return now - *ago;
  return InvalidArgument(fmt::format(
      "{} {}: expected a time (RFC 3339 or Unix seconds), now, or how long ago, such as 7d", flag,
      Quote(text)));
}

StatusOr<DurationMs> ParsePositive(const std::string& flag, const std::string& text) {
  const auto duration = ParseDuration(text);
  if (duration.ok() && *duration > 0) return *duration;
  return InvalidArgument(
      fmt::format("{} {}: expected a duration of more than 0, such as 5m", flag, Quote(text)));
}

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

// How far it is, on standard error: in place on a terminal, now and then elsewhere.
class ProgressLine {
 public:
  ProgressLine(const Clock& clock, bool wanted)
      : clock_(clock), wanted_(wanted), terminal_(isatty(STDERR_FILENO) != 0) {
    begun_ = last_ = clock_.MonotonicNanos();
    if (!wanted_ || !terminal_) return;
    fmt::print(stderr, "back-test: fetching the first block");
    std::fflush(stderr);
    shown_ = true;
  }
  void Show(const BacktestProgress& progress) {
    const int64_t now = clock_.MonotonicNanos();
    const int64_t every = terminal_ ? kNanosPerSecond / 5 : 5 * kNanosPerSecond;
    if (!wanted_ || now - last_ < every) return;
    last_ = now;
    const double seconds = static_cast<double>(now - begun_) / kNanosPerSecond;
    const double left = progress.done > 0 ? seconds / progress.done - seconds : 0;
    fmt::print(stderr, "{}back-test: {:3.0f} %, at {}, {} samples, about {:.0f} s left{}",
               terminal_ ? "\r\x1b[K" : "", 100 * progress.done,
               FormatRfc3339(progress.reached * kNanosPerMilli), progress.samples, left,
               terminal_ ? "" : "\n");
    std::fflush(stderr);
    shown_ = true;
  }
  // The line is gone, and how fast it went is said.
  void End(const BacktestResult& result) {
    if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
    const double seconds = static_cast<double>(clock_.MonotonicNanos() - begun_) / kNanosPerSecond;
    const double covered = static_cast<double>(result.end - result.start) / kSecond;
    if (wanted_) {
      fmt::print(stderr, "back-test: {} of history in {:.1f} s ({:.0f} times real time)\n",
                 FormatDuration((result.end - result.start) / kSecond * kSecond), seconds,
                 seconds > 0 ? covered / seconds : 0);
    }
  }

 private:
  const Clock& clock_;
  const bool wanted_;
  const bool terminal_;
  int64_t begun_ = 0;
  int64_t last_ = 0;
  bool shown_ = false;
};

// Turns SIGINT and SIGTERM into a stop, as long as it lives.
class StopOnSignal {
 public:
  StopOnSignal() : waiter_([this](const std::stop_token& done) { Wait(done); }) {}
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Wait(const std::stop_token& done) {
    constexpr DurationMs kLook = 100;
    while (!done.stop_requested()) {
      if (signals_.Wait(kLook) == Signal::kStop) stop_.request_stop();
    }
  }
  SignalWaiter signals_;  // before the thread: blocked there too
  std::stop_source stop_;
  std::jthread waiter_;
};

struct Inputs {
  std::vector<RuleGroup> groups;
  BacktestOptions run;
  ReportOptions report;
  std::optional<AlertmanagerConfig> alertmanager;
  std::vector<Silence> silences;
};

StatusOr<std::vector<DropLabel>> ReadDropLabels(const std::vector<std::string>& texts) {
  std::vector<DropLabel> labels;
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    if (at == 0 || text.empty()) {
      return InvalidArgument(
          fmt::format("--drop-label {}: expected name or name=value", Quote(text)));
    }
    DropLabel& label = labels.emplace_back(DropLabel{text.substr(0, at), {}});
    if (at != std::string::npos) label.value = text.substr(at + 1);
  }
  return labels;
}

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

StatusOr<std::unique_ptr<HistorySource>> OpenServer(const BacktestCommand& command,
                                                    const ClientOptions& client, HttpClient& http,
                                                    const Clock& clock,
                                                    const std::stop_token& stop) {
  SourceOptions options;
  options.url = client.url;
  if (!command.http_config_file.empty()) {
    const std::string text = TRY(ReadFile(command.http_config_file));
    options.http = TRY(ParseHttpConfigFile(text, command.http_config_file));
  }
  for (const std::string& header : command.headers) {
    const size_t at = header.find('=');
    if (at == 0 || at == std::string::npos) {
      return InvalidArgument(fmt::format("--header {}: expected name=value", Quote(header)));
    }
    options.http.headers.emplace_back(header.substr(0, at),
                                      Secret{.value = header.substr(at + 1), .file = {}});
  }
  SourceApi api = SourceApi::kBest;
  if (command.source_api == "remote_read") api = SourceApi::kRemoteRead;
  if (command.source_api == "query") api = SourceApi::kQuery;
  return std::make_unique<ServerHistory>(
      SourceHttp(std::move(options), http, clock, stop), api,
      [](const std::string& note) { fmt::print(stderr, "outrider: {}\n", note); });
}

// Where the samples come from; `covered`: what of the times is known without a flag.
StatusOr<std::unique_ptr<HistorySource>> OpenSource(const BacktestCommand& command,
                                                    const ClientOptions& client, HttpClient& http,
                                                    const Clock& clock, const std::stop_token& stop,
                                                    std::optional<FileHistory::Extent>* covered) {
  if (command.inputs.empty()) return OpenServer(command, client, http, clock, stop);
  auto files = TRY(FileHistory::Open(command.inputs));
  *covered = TRY(files->TimesCovered());
  return files;
}

Status SetTimes(const BacktestCommand& command, const std::optional<FileHistory::Extent>& covered,
                Timestamp now, BacktestOptions* run) {
  run->end = covered ? covered->last : now;
  if (!command.end.empty()) run->end = TRY(ParseWhen("--end", command.end, now));
  run->start = covered ? covered->first : run->end - kDefaultSpan;
  if (!command.start.empty()) run->start = TRY(ParseWhen("--start", command.start, now));
  return run->end < run->start ? InvalidArgument("--end lies before --start") : absl::OkStatus();
}

StatusOr<BacktestReport> Run(const BacktestCommand& command, const ClientOptions& client,
                             const Environment& env, const std::stop_token& stop) {
  Inputs inputs = TRY(ReadInputs(command));
  const auto http = MakeCurlHttpClient();
  std::optional<FileHistory::Extent> covered;
  const auto source = TRY(OpenSource(command, client, *http, env.clock, stop, &covered));
  TRY(SetTimes(command, covered, env.clock.Now(), &inputs.run));
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
  line.End(result);
  std::vector<TrialMessage> messages;
  if (notifications) messages = TRY(notifications->Finish(result.end));
  return MakeReport(std::move(result), std::move(messages), inputs.report);
}

}  // namespace

int RunBacktestCommand(const ClientOptions& client, const BacktestCommand& command,
                       const Environment& env) {
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
