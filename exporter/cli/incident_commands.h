// SPDX-License-Identifier: Apache-2.0
// `outrider incident`, and what its files share.
#pragma once

#include <functional>
#include <string>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

// `action`: what to run, set by the command that was given. All outlive `app`.
void AddIncidentCommands(CLI::App& app, ClientOptions* client, IncidentOptions* options,
                         std::function<int()>* action, const Environment& env);

// Who acts: --by, else $USER.
std::string AuthorOf(const IncidentOptions& options);

}  // namespace outrider
