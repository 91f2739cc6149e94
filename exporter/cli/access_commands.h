// SPDX-License-Identifier: Apache-2.0
// The part of the command line about who may do what: `token`, `user`, `oncall override`, and the
// credentials of all commands that call a daemon.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

struct TokenOptions {
  std::string name;
  std::string role = "viewer";
  std::vector<std::string> teams;
  std::string expires_in;  // "" : never
};
// Of overrides, swaps and temporary shifts.
struct OverrideOptions {
  std::string changes = "overrides";  // or swaps, temporary: the path
  std::string schedule;
  std::string id;                  // of remove
  std::string user;                // of swaps: who takes the turn
  std::string replaces;            // of swaps: whose it is
  std::vector<std::string> users;  // of temporary
  std::string kind = "replace";
  std::string start;  // "" : now
  std::string end;
  std::string duration;
  std::string reason;
};
// Filled while parsing.
struct AccessCommands {
  TokenOptions token;
  OverrideOptions change;
  int cost = 10;
};

// Gives every command below that has --url a --token-file.
void AddTokenFiles(CLI::App* app);
// Behind the command `oncall`, which gets `override`. All outlive `app`.
void AddAccessCommands(CLI::App& app, ClientOptions* client, AccessCommands* options,
                       std::function<int()>* action, const Environment& env);

int RunTokenCreate(const ClientOptions& client, const TokenOptions& options);
int RunTokenList(const ClientOptions& client);
int RunTokenRevoke(const ClientOptions& client, const std::string& name);
// Reads the password from the terminal, without showing it, or from standard input.
int RunHashPassword(int cost, Random& random);
int RunOverrideAdd(const ClientOptions& client, const OverrideOptions& options, Nanos now);
int RunOverrideRemove(const ClientOptions& client, const OverrideOptions& options);
int RunOverrideList(const ClientOptions& client, const OverrideOptions& options);

}  // namespace outrider
