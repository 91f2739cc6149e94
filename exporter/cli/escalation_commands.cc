// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/escalation_commands.h"

#include <CLI/CLI.hpp>

namespace outrider {
namespace {

struct Escalations {
  ClientOptions* client;
  EscalationOptions* options;
  std::function<int()>* action;
};

CLI::App* Add(CLI::App* parent, const char* name, const char* help, const Escalations& e,
              int (*run)(const ClientOptions&, const EscalationOptions&)) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->add_option("--url", e.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  sub->add_option("--output", e.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  sub->callback([e, run] { *e.action = [e, run] { return run(*e.client, *e.options); }; });
  return sub;
}

void AddAction(CLI::App* sub, const Escalations& e) {
  sub->add_option("id", e.options->id, "Incident id")->required();
  sub->add_option("--by", e.options->by, "Who you are; default $USER");
  sub->add_option("--note", e.options->note, "Why, for the audit trail");
}

}  // namespace

void AddEscalationCommands(CLI::App& app, ClientOptions* client, EscalationOptions* options,
                           std::function<int()>* action) {
  const Escalations e{client, options, action};
  CLI::App* escalation =
      app.add_subcommand("escalation", "Whom incidents page, when, and by which policy");
  escalation->require_subcommand(1);
  Add(escalation, "show", "Where an incident's escalation stands", e, RunEscalationShow)
      ->add_option("id", options->id, "Incident id")
      ->required();
  CLI::App* now =
      Add(escalation, "now", "Tell the next tier without waiting for it", e, RunEscalationNow);
  AddAction(now, e);
  now->add_flag("--force", options->force,
                "Also when somebody takes care of it, the last tier has been told, or it is held");
  CLI::App* reapply =
      Add(escalation, "reapply", "Give an incident its policy as it reads now, or another one", e,
          RunEscalationReapply);
  AddAction(reapply, e);
  reapply->add_option("--policy", options->policy,
                      "Name of the policy; default: by its conditions");
  Add(escalation, "policies", "Policies, and the open incidents that use them", e,
      [](const ClientOptions& c, const EscalationOptions&) { return RunEscalationPolicies(c); });
  CLI::App* preview =
      Add(escalation, "preview", "Whom an alert would page, and when", e, RunEscalationPreview);
  preview->add_option("label", options->labels, "name=value of the alert");
  preview->add_option("--severity", options->severity, "Default: from the labels");
  preview->add_option("--policy", options->policy,
                      "As the annotation outrider_escalation names one");
  preview->add_option("--at", options->at, "RFC 3339; default: now");
}

}  // namespace outrider
