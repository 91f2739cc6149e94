// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/sla_commands.h"

#include <CLI/CLI.hpp>

namespace outrider {
namespace {

void AddClient(CLI::App* command, ClientOptions* client, std::vector<std::string> outputs) {
  command->add_option("--url", client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  std::string words;
  for (const std::string& output : outputs) words += (words.empty() ? "" : ", ") + output;
  command->add_option("--output", client->output, words)
      ->check(CLI::IsMember(std::move(outputs)))
      ->capture_default_str();
}

void AddReport(CLI::App* sla, ClientOptions* client, SlaOptions* options,
               std::function<int()>* action) {
  CLI::App* report = sla->add_subcommand(
      "report", "What was met and missed, of incidents that opened in a period");
  AddClient(report, client, {"table", "json", "csv", "markdown"});
  report->add_option("--from", options->from, "Seconds or RFC 3339; default: 30 days before --to");
  report->add_option("--to", options->to, "Seconds or RFC 3339; default: now");
  report->add_option("--by", options->by, "A row for each: team,service,severity or some of them");
  report->add_option("--period", options->period, "A row for each day, week, month or quarter");
  report->add_option("--time-zone", options->time_zone,
                     "Whose days, e.g. Europe/Berlin; default UTC");
  report->add_option("--team", options->team, "Only incidents of this team");
  report->add_option("--service", options->service, "Only incidents of this service");
  report->add_option("--severity", options->severity, "Only of this severity");
  report->add_flag("--recalculate", options->recalculate,
                   "By the calendars as they are now, not as they were");
  report->callback([client, options, action] {
    *action = [client, options] { return RunSlaReport(*client, *options); };
  });
}

}  // namespace

void AddSlaCommands(CLI::App& app, ClientOptions* client, SlaOptions* options,
                    std::function<int()>* action) {
  CLI::App* sla = app.add_subcommand("sla", "Targets, compliance, and clocks on hold");
  sla->require_subcommand(1);
  CLI::App* show = sla->add_subcommand("show", "Targets and compliance of all incidents");
  AddClient(show, client, {"table", "json"});
  show->callback([client, action] { *action = [client] { return RunSlaShow(*client); }; });
  AddReport(sla, client, options, action);
  for (const auto& [verb, help] : {std::pair("hold", "The incident's clocks stand still"),
                                   std::pair("unhold", "The incident's clocks go on")}) {
    CLI::App* sub = sla->add_subcommand(verb, help);
    AddClient(sub, client, {"table", "json"});
    sub->add_option("id", options->id, "Incident id")->required();
    sub->add_option("--by", options->who, "Who you are; default $USER");
    sub->add_option("--note", options->note, "Why, for the audit trail");
    sub->callback([client, options, action, verb = std::string(verb)] {
      *action = [client, options, verb] { return RunSlaHold(*client, verb, *options); };
    });
  }
}

}  // namespace outrider
