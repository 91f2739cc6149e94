// SPDX-License-Identifier: Apache-2.0
// The command line of `outrider escalation …`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace outrider {

// What its arguments are read into.
struct EscalationOptions {
  std::string id;
  std::string by;                   // default $USER
  std::string note;                 // of now and reapply
  std::string policy;               // of reapply and preview
  bool force = false;               // of now
  std::vector<std::string> labels;  // of preview: name=value
  std::string severity;
  std::string at;
};

// All outlive the parsing and the `action` it leaves.
void AddEscalationCommands(CLI::App& app, ClientOptions* client, EscalationOptions* options,
                           std::function<int()>* action);

// escalation.cc
int RunEscalationShow(const ClientOptions& client, const EscalationOptions& options);
int RunEscalationNow(const ClientOptions& client, const EscalationOptions& options);
int RunEscalationReapply(const ClientOptions& client, const EscalationOptions& options);
int RunEscalationPolicies(const ClientOptions& client);
int RunEscalationPreview(const ClientOptions& client, const EscalationOptions& options);

}  // namespace outrider
