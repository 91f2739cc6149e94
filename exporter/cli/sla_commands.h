// SPDX-License-Identifier: Apache-2.0
// `outrider sla …`: targets and compliance.
#pragma once

#include <functional>
#include <string>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

struct SlaOptions {
  std::string from;
  std::string to;
  std::string by;  // team,service,severity
  std::string period;
  std::string time_zone;
  std::string team;
  std::string service;
  std::string severity;
  bool recalculate = false;
  std::string id;  // of an incident: hold and unhold
  std::string who;
  std::string note;
};

int RunSlaShow(const ClientOptions& client);  // sla.cc, and these
int RunSlaReport(const ClientOptions& client, const SlaOptions& options);
int RunSlaHold(const ClientOptions& client, const std::string& verb, const SlaOptions& options);

// Filled while parsing; `action`: what to run. All outlive `app`.
void AddSlaCommands(CLI::App& app, ClientOptions* client, SlaOptions* options,
                    std::function<int()>* action);

}  // namespace outrider
