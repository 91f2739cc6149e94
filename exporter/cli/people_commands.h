// SPDX-License-Identifier: Apache-2.0
// The part of the command line that people on call need: `incident`, `oncall` and `audit`.
#pragma once

#include <functional>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

// Filled while parsing.
struct PeopleCommands {
  IncidentOptions incident;
  OnCallOptions on_call;
  AuditOptions audit;
};

// `action`: what to run, set by the command that was given. All outlive `app`.
void AddPeopleCommands(CLI::App& app, ClientOptions* client, PeopleCommands* options,
                       std::function<int()>* action, const Environment& env);

}  // namespace outrider
