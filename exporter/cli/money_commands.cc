// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/money_commands.h"

#include <CLI/CLI.hpp>

namespace outrider {
namespace {

void AddUrl(CLI::App* command, ClientOptions* client) {
  command->add_option("--url", client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->envname("OUTRIDER_URL")
      ->capture_default_str();
}

void AddOutput(CLI::App* command, ClientOptions* client) {
  command->add_option("--output", client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

// `outrider cost` alone is a table of what workloads cost; more is in subcommands.
void AddCost(CLI::App& app, ClientOptions* client, CostOptions* options,
             std::function<int()>* action) {
  CLI::App* cost = app.add_subcommand("cost", "What workloads cost and what could be saved");
  AddUrl(cost, client);
  AddOutput(cost, client);
  cost->add_option("--by", options->by, "One row per workload or namespace")
      ->check(CLI::IsMember({"workload", "namespace"}))
      ->capture_default_str();
  cost->add_option("--namespace", options->namespace_name, "Only this namespace");
  cost->add_option("--limit", options->limit, "At most so many rows, the dearest; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  cost->require_subcommand(0, 1);
  cost->callback([cost, client, options, action] {
    if (!cost->get_subcommands().empty()) return;
    *action = [client, options] { return RunCost(*client, *options); };
  });
}

}  // namespace

void AddMoneyCommands(CLI::App& app, ClientOptions* client, MoneyCommands* commands,
                      std::function<int()>* action) {
  AddCost(app, client, &commands->cost, action);
}

}  // namespace outrider
