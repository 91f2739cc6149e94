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

void AddWhatIf(CLI::App* cost, ClientOptions* client, WhatIfOptions* options,
               std::function<int()>* action) {
  CLI::App* command = cost->add_subcommand(
      "what-if",
      "What the same would cost with another provider, region, family, spot or replicas");
  AddUrl(command, client);
  AddOutput(command, client);
  command->add_option("--provider", options->provider, "aws, gcp, azure or on_prem");
  command->add_option("--region", options->region, "A region of it (its first)");
  command->add_option("--family", options->family, "An instance family: m7g, n2d, Das_v5 ...");
  command->add_option("--spot", options->spot, "Share of spot nodes: 0.5 or 50%");
  command->add_option("--replicas", options->replicas, "Pods of every selected workload");
  command->add_option("--basis", options->basis, "Price the current or the recommended requests")
      ->check(CLI::IsMember({"current", "recommended"}))
      ->capture_default_str();
  command->add_option("--namespace", options->namespace_name, "Only this namespace");
  command->add_option("--workload", options->workload, "Only this workload");
  command->add_option("--limit", options->limit, "At most so many rows; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback(
      [client, options, action] { *action = [=] { return RunCostWhatIf(*client, *options); }; });
}

void AddPrices(CLI::App* cost, ClientOptions* client, PricesOptions* options,
               std::function<int()>* action) {
  CLI::App* command =
      cost->add_subcommand("prices", "What things cost, and where each price is from");
  AddUrl(command, client);
  AddOutput(command, client);
  command->add_option("--instance-type", options->instance_type, "Price one type, as m5.xlarge");
  command->add_option("--provider", options->provider, "Of that type (the configured one)");
  command->add_option("--region", options->region, "Of that type (the configured one)");
  command->add_option("--cores", options->cores, "Size of a node that the catalogue does not know");
  command->add_option("--memory-gib", options->memory_gib, "The same");
  command->add_option("--gpus", options->gpus, "The same");
  command->add_flag("--spot", options->spot, "As a spot node");
  command->callback(
      [client, options, action] { *action = [=] { return RunCostPrices(*client, *options); }; });
}

// `outrider cost` alone is a table of what workloads cost; more is in subcommands.
void AddCost(CLI::App& app, ClientOptions* client, MoneyCommands* commands,
             std::function<int()>* action) {
  CostOptions* options = &commands->cost;
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
  AddWhatIf(cost, client, &commands->what_if, action);
  AddPrices(cost, client, &commands->prices, action);
  cost->callback([cost, client, options, action] {
    if (!cost->get_subcommands().empty()) return;
    *action = [client, options] { return RunCost(*client, *options); };
  });
}

}  // namespace

void AddMoneyCommands(CLI::App& app, ClientOptions* client, MoneyCommands* commands,
                      std::function<int()>* action) {
  AddCost(app, client, commands, action);
}

}  // namespace outrider
