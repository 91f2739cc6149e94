// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/backtest_source.h"

#include <fmt/format.h>

#include <cstdio>

#include "exporter/trial/server_history.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kDefaultSpan = kDay;

// RFC 3339, Unix seconds, `now`, or how long ago: 7d.
StatusOr<Timestamp> ParseWhen(const std::string& flag, const std::string& text, Timestamp now) {
  if (text == "now") return now;
  if (const auto time = ParseApiTime(text); time.ok()) return *time;
  if (const auto ago = ParseDuration(text); ago.ok()) return now - *ago;
  return InvalidArgument(fmt::format(
      "{} {}: expected a time (RFC 3339 or Unix seconds), now, or how long ago, such as 7d", flag,
      Quote(text)));
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

}  // namespace

StatusOr<DurationMs> ParsePositive(const std::string& flag, const std::string& text) {
  const auto duration = ParseDuration(text);
  if (duration.ok() && *duration > 0) return *duration;
  return InvalidArgument(
      fmt::format("{} {}: expected a duration of more than 0, such as 5m", flag, Quote(text)));
}

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

StatusOr<std::unique_ptr<HistorySource>> OpenSource(const BacktestCommand& command,
                                                    const ClientOptions& client, HttpClient& http,
                                                    const Clock& clock, const std::stop_token& stop,
                                                    std::optional<FileHistory::Extent>* covered) {
  if (command.inputs.empty()) return OpenServer(command, client, http, clock, stop);
  std::vector<std::string> warnings;
  auto files = TRY(FileHistory::Open(command.inputs, &warnings));
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
  *covered = TRY(files->TimesCovered());
  return files;
}

StatusOr<HistoryStretch> ReadTimes(const BacktestCommand& command,
                                   const std::optional<FileHistory::Extent>& covered,
                                   Timestamp now) {
  HistoryStretch times;
  times.to = covered ? covered->last : now;
  if (!command.end.empty()) times.to = TRY(ParseWhen("--end", command.end, now));
  times.from = covered ? covered->first : times.to - kDefaultSpan;
  if (!command.start.empty()) times.from = TRY(ParseWhen("--start", command.start, now));
  if (times.to < times.from) return InvalidArgument("--end lies before --start");
  return times;
}

}  // namespace outrider
