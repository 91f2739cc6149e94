// SPDX-License-Identifier: Apache-2.0
// The part of the command line that runs things: `run` and `demo`.
#include <CLI/CLI.hpp>

#include "exporter/cli/alertmanager_flags.h"
#include "exporter/cli/parsed.h"

namespace outrider {

void AddRun(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* run = app.add_subcommand("run", "Run the daemon");
  run->set_version_flag("--version", VersionText, "Print the version and exit");
  run->add_option("--config.file", p->run.config_file,
                  "Configuration: outrider.yml, or an alertmanager.yml, which then stands alone; "
                  "without it the defaults are used");
  run->add_option("--storage.path", p->run.storage_path, "Directory for all that is kept")
      ->capture_default_str();
  run->add_option("--web.listen-address", p->run.listen_addresses,
                  "Address to listen on; repeatable")
      ->capture_default_str();
  run->add_option("--web.config.file", p->run.web_config_file,
                  "Users and limits of callers (exporter-toolkit format, see docs/access.md)");
  run->add_option("--web.external-url", p->run.external_url,
                  "URL under which people reach this daemon; used in messages");
  run->add_option("--web.route-prefix", p->run.route_prefix,
                  "Prefix of all paths; default: the path of --web.external-url");
  run->add_flag("--web.allow-anonymous", p->run.allow_anonymous,
                "Let anybody who reaches the listener change incidents");
  run->add_flag("--notify.shadow", p->run.shadow,
                "Decide and record all notifications and send none, to look on beside another "
                "Alertmanager (outrider alerts diff)");
  AddFeatures(run, &p->run.features);
  run->add_option("--log.level", p->run.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  run->add_option("--log.format", p->run.log_format, "logfmt or json")
      ->check(CLI::IsMember({"logfmt", "json"}))
      ->capture_default_str();
  AddAlertmanagerFlags(run, &p->run.alertmanager);
  run->callback([p, &env] { p->action = [p, &env] { return RunDaemon(p->run, env); }; });
}

void AddDemo(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* demo = app.add_subcommand(
      "demo", "Run the whole product with a built-in world that sends it remote write");
  demo->add_option("--web.listen-address", p->demo.listen_addresses,
                   "Address to listen on; repeatable")
      ->capture_default_str();
  demo->add_option("--for", p->demo.run_for, "End after this long, e.g. 5m; default: until Ctrl-C");
  demo->callback([p, &env] { p->action = [p, &env] { return RunDemo(p->demo, env); }; });
}

}  // namespace outrider
