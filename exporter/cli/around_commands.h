// SPDX-License-Identifier: Apache-2.0
// The part of the command line about what stands around incidents: `heartbeat`, `maintenance`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

struct MaintenanceOptions {
  std::string name;
  std::vector<std::string> match;
  std::string start;  // local times of the zone or RFC 3339; "" : none
  std::string end;
  std::string duration;  // from the start (default: now) on; with cron: of each
  std::string cron;
  std::string time_zone;
  std::string note;
};

// Filled while parsing.
struct AroundCommands {
  std::string heartbeat;
  std::string error;  // of a beat that says so
  bool failed = false;
  MaintenanceOptions maintenance;
};

int RunHeartbeatList(const ClientOptions& client);  // heartbeat.cc
int RunHeartbeatBeat(const ClientOptions& client, const AroundCommands& options);
int RunMaintenanceList(const ClientOptions& client);  // maintenance.cc
int RunMaintenanceAdd(const ClientOptions& client, const MaintenanceOptions& options, Nanos now);
int RunMaintenanceEnd(const ClientOptions& client, const MaintenanceOptions& options);

// `action`: what to run, set by the command that was given. All outlive `app`.
void AddAroundCommands(CLI::App& app, ClientOptions* client, AroundCommands* options,
                       std::function<int()>* action, const Environment& env);

}  // namespace outrider
