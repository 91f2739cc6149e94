// SPDX-License-Identifier: Apache-2.0
// The command line of `outrider template …` and `outrider test receiver`.
#pragma once

#include <functional>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace outrider {

// What their arguments are read into.
struct NotifyCommands {
  TestReceiverOptions test_receiver;
  TemplateRenderOptions render;
};

// All outlive the parsing and the `action` it leaves. `test` is the command the receiver's is
// below.
void AddTestReceiverCommand(CLI::App& test, ClientOptions* client, NotifyCommands* commands,
                            std::function<int()>* action, const Environment& env);
void AddTemplateCommand(CLI::App& app, NotifyCommands* commands, std::function<int()>* action,
                        const Environment& env);

}  // namespace outrider
