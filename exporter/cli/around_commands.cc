// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/around_commands.h"

#include <CLI/CLI.hpp>

namespace outrider {
namespace {

// What the commands below are filled from; outlives them.
struct Around {
  ClientOptions* client;
  AroundCommands* options;
  std::function<int()>* action;
};

void AddClient(CLI::App* command, const Around& around) {
  command->add_option("--url", around.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  command->add_option("--output", around.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddHeartbeat(CLI::App& app, const Around& around) {
  CLI::App* heartbeat =
      app.add_subcommand("heartbeat", "Things that say regularly that they are alive");
  heartbeat->require_subcommand(1);
  CLI::App* list = heartbeat->add_subcommand("list", "All of them: heard last, due, missing since");
  AddClient(list, around);
  list->callback(
      [around] { *around.action = [around] { return RunHeartbeatList(*around.client); }; });
  CLI::App* beat =
      heartbeat->add_subcommand("beat", "Say that it is alive, and how its check went");
  AddClient(beat, around);
  beat->add_option("name", around.options->heartbeat, "Name of the heartbeat")->required();
  beat->add_flag("--failed", around.options->failed, "The check failed");
  beat->add_option("--error", around.options->error, "The same, and why");
  beat->callback([around] {
    *around.action = [around] { return RunHeartbeatBeat(*around.client, *around.options); };
  });
}

void AddMaintenanceAdd(CLI::App* maintenance, const Around& around, const Environment& env) {
  MaintenanceOptions& o = around.options->maintenance;
  CLI::App* add = maintenance->add_subcommand(
      "add", "Hold pages and messages of matching alerts back; what fires at the end is told then");
  AddClient(add, around);
  add->add_option("name", o.name, "Name of the window")->required();
  add->add_option("--match", o.match, "A matcher such as service=db; repeatable")->required();
  add->add_option("--start", o.start, "Local time of the zone or RFC 3339; default: now");
  CLI::Option* end = add->add_option("--end", o.end, "The same");
  add->add_option("--for", o.duration, "In place of --end: 2h; with --cron the time of each")
      ->excludes(end);
  add->add_option("--cron", o.cron, "Recurring: minute hour day month weekday, \"0 2 * * sat\"");
  add->add_option("--time-zone", o.time_zone, "Of the times, e.g. Europe/Berlin; default: UTC");
  add->add_option("--note", o.note, "Why");
  add->callback([around, &env] {
    *around.action = [around, &env] {
      return RunMaintenanceAdd(*around.client, around.options->maintenance, env.clock.NowNanos());
    };
  });
}

void AddMaintenance(CLI::App& app, const Around& around, const Environment& env) {
  CLI::App* maintenance =
      app.add_subcommand("maintenance", "Windows in which nobody is paged for what they match");
  maintenance->require_subcommand(1);
  CLI::App* list = maintenance->add_subcommand("list", "Windows of incidents.yml and of the API");
  AddClient(list, around);
  list->callback(
      [around] { *around.action = [around] { return RunMaintenanceList(*around.client); }; });
  AddMaintenanceAdd(maintenance, around, env);
  CLI::App* end = maintenance->add_subcommand("end", "End one of the API, before its time too");
  AddClient(end, around);
  end->add_option("name", around.options->maintenance.name, "Name of the window")->required();
  end->callback([around] {
    *around.action = [around] {
      return RunMaintenanceEnd(*around.client, around.options->maintenance);
    };
  });
}

}  // namespace

void AddAroundCommands(CLI::App& app, ClientOptions* client, AroundCommands* options,
                       std::function<int()>* action, const Environment& env) {
  const Around around{client, options, action};
  AddHeartbeat(app, around);
  AddMaintenance(app, around, env);
}

}  // namespace outrider
