// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/people_commands.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "exporter/cli/incident_commands.h"

namespace outrider {
namespace {

// What the commands below are filled from; outlives them.
struct People {
  ClientOptions* client;
  PeopleCommands* options;
  std::function<int()>* action;
};

void AddClient(CLI::App* command, const People& people) {
  command->add_option("--url", people.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  command->add_option("--output", people.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddAudit(CLI::App& app, const People& people) {
  CLI::App* audit = app.add_subcommand("audit", "Who did what, when and why");
  audit->require_subcommand(1);
  CLI::App* sub =
      audit->add_subcommand("export", "The audit trail as JSON lines, each subject in its order");
  AddClient(sub, people);
  sub->add_option("--from", people.options->audit.from, "Seconds or RFC 3339");
  sub->add_option("--to", people.options->audit.to, "Seconds or RFC 3339");
  sub->add_option("--subject", people.options->audit.subject,
                  "Of this incident, silence:ID, user:NAME …, or configuration (reloads)");
  sub->add_option("--kind", people.options->audit.kind,
                  "opened, state_changed, note, sla_breached, …");
  sub->add_option("--by", people.options->audit.by, "What this person did");
  sub->callback([people] {
    *people.action = [people] { return RunAuditExport(*people.client, people.options->audit); };
  });
}

void AddOnCall(CLI::App& app, const People& people) {
  CLI::App* on_call = app.add_subcommand("oncall", "Who is on call, now and later");
  on_call->require_subcommand(1);
  const auto zone = [people](CLI::App* sub) {
    sub->add_option("--time-zone", people.options->on_call.time_zone,
                    "Show times of this zone beside the schedule's, e.g. Europe/Berlin; default: "
                    "this machine's");
  };
  CLI::App* now = on_call->add_subcommand("now", "Every schedule: now, next, and where nobody is");
  AddClient(now, people);
  zone(now);
  now->callback([people] {
    *people.action = [people] { return RunOnCallNow(*people.client, people.options->on_call); };
  });
  CLI::App* show = on_call->add_subcommand("show", "Shifts of a schedule over a period");
  AddClient(show, people);
  zone(show);
  show->add_option("schedule", people.options->on_call.schedule, "Name of the schedule")
      ->required();
  show->add_option("--from", people.options->on_call.from, "Seconds or RFC 3339; default: now");
  show->add_option("--to", people.options->on_call.to,
                   "Seconds or RFC 3339; default: 14 days later");
  show->callback([people] {
    *people.action = [people] { return RunOnCallShow(*people.client, people.options->on_call); };
  });
}

}  // namespace

void AddPeopleCommands(CLI::App& app, ClientOptions* client, PeopleCommands* options,
                       std::function<int()>* action, const Environment& env) {
  const People people{client, options, action};
  AddIncidentCommands(app, client, &options->incident, action, env);
  AddOnCall(app, people);
  AddAudit(app, people);
}

}  // namespace outrider
