// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/people_commands.h"

#include <CLI/CLI.hpp>
#include <string_view>

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
      ->envname("OUTRIDER_URL")
      ->capture_default_str();
  command->add_option("--output", people.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddIncident(CLI::App& app, const People& people, const Environment& env) {
  CLI::App* incident =
      app.add_subcommand("incident", "List and work on incidents of a running daemon");
  incident->require_subcommand(1);
  CLI::App* list = incident->add_subcommand("list", "Incidents, newest first");
  AddClient(list, people);
  list->add_option("--state", people.options->incident.state,
                   "new, acknowledged, investigating or resolved");
  list->add_option("--severity", people.options->incident.severity,
                   "critical, high, medium, low or info");
  list->add_option("--limit", people.options->incident.limit, "At most this many")
      ->capture_default_str();
  list->callback([people, &env] {
    *people.action = [people, &env] {
      return RunIncidentList(*people.client, people.options->incident, env.clock.NowNanos());
    };
  });
  CLI::App* show = incident->add_subcommand("show", "One incident with its history and clocks");
  AddClient(show, people);
  show->add_option("id", people.options->incident.id, "Incident id")->required();
  show->callback([people, &env] {
    *people.action = [people, &env] {
      return RunIncidentShow(*people.client, people.options->incident, env.clock.NowNanos());
    };
  });
  const struct {
    const char* name;
    const char* verb;
    const char* help;
  } kActions[] = {
      {"ack", "acknowledge", "Acknowledge: you are on it, paging stops"},
      {"investigate", "investigate", "Say that you are investigating"},
      {"resolve", "resolve", "Resolve it"},
      {"reopen", "reopen", "Open it again"},
      {"unack", "unacknowledge", "Give it back; escalation starts again"},
      {"note", "notes", "Add a note"},
  };
  for (const auto& a : kActions) {
    CLI::App* sub = incident->add_subcommand(a.name, a.help);
    AddClient(sub, people);
    sub->add_option("id", people.options->incident.id, "Incident id")->required();
    sub->add_option("--by", people.options->incident.by, "Who you are; default $USER");
    auto* note =
        sub->add_option("--note", people.options->incident.note, "Why, for the audit trail");
    if (std::string_view(a.verb) == "notes") note->required();
    sub->callback([people, verb = std::string(a.verb)] {
      *people.action = [people, verb] {
        return RunIncidentAction(*people.client, verb, people.options->incident);
      };
    });
  }
}

void AddAudit(CLI::App& app, const People& people) {
  CLI::App* audit = app.add_subcommand("audit", "Who did what, when and why");
  audit->require_subcommand(1);
  CLI::App* sub =
      audit->add_subcommand("export", "The audit trail as JSON lines, each subject in its order");
  AddClient(sub, people);
  sub->add_option("--from", people.options->audit.from, "Seconds or RFC 3339");
  sub->add_option("--to", people.options->audit.to, "Seconds or RFC 3339");
  sub->add_option("--subject", people.options->audit.subject, "Of this incident, or silence:ID");
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
                    "Show times of this zone, e.g. Europe/Berlin; default: the schedule's");
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
  AddIncident(app, people, env);
  AddOnCall(app, people);
  AddAudit(app, people);
}

}  // namespace outrider
