// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/incident_commands.h"

#include <CLI/CLI.hpp>
#include <string_view>

namespace outrider {
namespace {

// What the commands are filled from; outlives them.
struct Parts {
  ClientOptions* client;
  IncidentOptions* options;
  std::function<int()>* action;
};

CLI::App* AddCommand(CLI::App* incident, const Parts& parts, const char* name, const char* help) {
  CLI::App* sub = incident->add_subcommand(name, help);
  sub->add_option("--url", parts.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  sub->add_option("--output", parts.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  return sub;
}

// Who and why; the returned option is the note.
CLI::Option* AddAuthor(CLI::App* sub, const Parts& parts) {
  sub->add_option("--by", parts.options->by, "Who you are; default $USER");
  return sub->add_option("--note", parts.options->note, "Why, for the audit trail");
}

CLI::App* AddActing(CLI::App* incident, const Parts& parts, const char* name, const char* help) {
  CLI::App* sub = AddCommand(incident, parts, name, help);
  sub->add_option("id", parts.options->id, "Incident id")->required();
  return sub;
}

void AddList(CLI::App* incident, const Parts& parts, const Environment& env) {
  CLI::App* list = AddCommand(incident, parts, "list", "Incidents, newest first");
  IncidentOptions& options = *parts.options;
  list->add_option("--state", options.state,
                   "new, acknowledged, investigating, resolved, or open for the first three");
  list->add_option("--severity", options.severity, "critical, high, medium, low or info");
  list->add_option("--assignee", options.assignee, "Whose; \"\" for nobody's");
  list->add_option("--team", options.team, "Of this team");
  list->add_option("--service", options.service, "Of this service");
  list->add_option("--label", options.labels, "A matcher such as instance=~\"db.*\"; repeatable");
  list->add_option("--from", options.from, "Opened then or later: seconds or RFC 3339");
  list->add_option("--to", options.to, "Opened before: seconds or RFC 3339");
  list->add_option("--text", options.text, "In the id, the title, the summary or a label");
  list->add_option("--limit", options.limit, "At most this many")->capture_default_str();
  list->callback([parts, &env] {
    *parts.action = [parts, &env] {
      return RunIncidentList(*parts.client, *parts.options, env.clock.NowNanos());
    };
  });
  CLI::App* statistics =
      AddCommand(incident, parts, "statistics", "How many alerts became how many incidents");
  statistics->callback(
      [parts] { *parts.action = [parts] { return RunIncidentStatistics(*parts.client); }; });
  CLI::App* show = AddActing(incident, parts, "show", "One incident with its history and clocks");
  show->callback([parts, &env] {
    *parts.action = [parts, &env] {
      return RunIncidentShow(*parts.client, *parts.options, env.clock.NowNanos());
    };
  });
}

void AddActions(CLI::App* incident, const Parts& parts) {
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
      {"wake", "wake", "End its snooze; escalation starts again"},
      {"unmerge", "unmerge", "Take it out of the incident that it is part of"},
      {"confirm", "confirm", "Say that you still work on it, as you were asked"},
  };
  for (const auto& a : kActions) {
    CLI::App* sub = AddActing(incident, parts, a.name, a.help);
    CLI::Option* note = AddAuthor(sub, parts);
    if (std::string_view(a.verb) == "notes") note->required();
    sub->callback([parts, verb = std::string(a.verb)] {
      *parts.action = [parts, verb] {
        return RunIncidentAction(*parts.client, verb, *parts.options);
      };
    });
  }
}

void AddChange(CLI::App* sub, const Parts& parts, const char* verb) {
  AddAuthor(sub, parts);
  sub->callback([parts, verb = std::string(verb)] {
    *parts.action = [parts, verb] {
      return RunIncidentChange(*parts.client, verb, *parts.options);
    };
  });
}

void AddChanges(CLI::App* incident, const Parts& parts) {
  IncidentOptions& options = *parts.options;
  CLI::App* assign = AddActing(incident, parts, "assign", "Say whose it is");
  assign->add_option("assignee", options.assignee, "A name; \"\" for nobody")->required();
  AddChange(assign, parts, "assign");
  CLI::App* severity =
      AddActing(incident, parts, "severity", "Make it more or less severe; clocks follow");
  severity->add_option("severity", options.severity, "critical, high, medium, low or info")
      ->required();
  AddChange(severity, parts, "severity");
  CLI::App* snooze =
      AddActing(incident, parts, "snooze", "Page nobody for a while; its clocks go on");
  auto* until = snooze->add_option("--until", options.snooze_until, "A time in RFC 3339");
  snooze->add_option("--for", options.snooze_for, "A duration such as 2h")->excludes(until);
  AddChange(snooze, parts, "snooze");
  CLI::App* merge = AddActing(incident, parts, "merge", "Make it a part of another incident");
  merge->add_option("into", options.into, "Id of the other one")->required();
  AddChange(merge, parts, "merge");
}

void AddCreate(CLI::App* incident, const Parts& parts) {
  CLI::App* sub = AddCommand(incident, parts, "create", "Open an incident that no alert opened");
  IncidentOptions& options = *parts.options;
  sub->add_option("title", options.title, "One line")->required();
  sub->add_option("--summary", options.summary, "What is known");
  sub->add_option("--severity", options.severity, "critical, high, medium, low or info");
  sub->add_option("--label", options.labels, "name=value, such as team=db; repeatable");
  sub->add_option("--policy", options.policy, "Escalation policy; default: as for an alert");
  AddAuthor(sub, parts);
  sub->callback([parts] {
    *parts.action = [parts] { return RunIncidentCreate(*parts.client, *parts.options); };
  });
}

}  // namespace

void AddIncidentCommands(CLI::App& app, ClientOptions* client, IncidentOptions* options,
                         std::function<int()>* action, const Environment& env) {
  const Parts parts{client, options, action};
  CLI::App* incident =
      app.add_subcommand("incident", "List and work on incidents of a running daemon");
  incident->require_subcommand(1);
  AddList(incident, parts, env);
  AddActions(incident, parts);
  AddChanges(incident, parts);
  AddCreate(incident, parts);
}

}  // namespace outrider
