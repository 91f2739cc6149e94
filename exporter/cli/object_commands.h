// SPDX-License-Identifier: Apache-2.0
// The commands that configure a running daemon: `oncall
// schedule|user|team|swap|temporary|contact|feed` and `escalation policy`. Of each kind of object
// the same four: list, show, apply, delete.
#pragma once

#include <functional>

#include "exporter/cli/access_commands.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/objects.h"

namespace CLI {
class App;
}

namespace outrider {

// Filled while parsing.
struct ObjectCommands {
  ObjectOptions object;
  OverrideOptions change;
  ContactOptions contact;
  FeedOptions feed;
};

// Behind the commands `oncall` and `escalation`. All outlive `app`.
void AddObjectCommands(CLI::App& app, ClientOptions* client, ObjectCommands* options,
                       std::function<int()>* action, const Environment& env);

}  // namespace outrider
