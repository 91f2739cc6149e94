// SPDX-License-Identifier: Apache-2.0
// outrider run: starts the daemon, waits for signals, stops it.
#include "exporter/cli/alertmanager_flags.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/signals.h"
#include "exporter/daemon/app.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

}  // namespace

int RunDaemon(const RunOptions& options, const Environment& env) {
  SetUpLog(LevelOf(options.log_level),
           options.log_format == "json" ? LogFormat::kJson : LogFormat::kLogfmt);
  const std::string& url = options.external_url;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
    return Fail(InvalidArgument("--web.external-url must begin with http:// or https://: " + url));
  }
  const SignalWaiter signals;
  AppOptions app_options;
  app_options.config_file = options.config_file;
  app_options.storage_path = options.storage_path;
  app_options.listen_addresses = options.listen_addresses;
  app_options.web_config_file = options.web_config_file;
  app_options.external_url = options.external_url;
  app_options.route_prefix = RoutePrefix(options.route_prefix, options.external_url);
  app_options.allow_anonymous = options.allow_anonymous;
  app_options.shadow = options.shadow;
  app_options.features = options.features;
  if (const Status status = ApplyAlertmanagerFlags(options, &app_options); !status.ok()) {
    return Fail(status);
  }
  for (const std::string& sentence : ExplainAlertmanagerFlags(options)) LogWarn(sentence);
  auto app = App::Start(app_options, env.clock, env.random);
  if (!app.ok()) return Fail(app.status());
  while (signals.Wait(0) == Signal::kReload) {
    (void)(*app)->Reload();  // says itself how it went
  }
  LogInfo("stopping");
  (*app)->Stop();
  LogInfo("stopped");
  return 0;
}

}  // namespace outrider
