// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/money_commands.h"

#include <CLI/CLI.hpp>

#include "exporter/advice/formats.h"

namespace outrider {
namespace {

void AddUrl(CLI::App* command, ClientOptions* client) {
  command->add_option("--url", client->url, "The daemon's URL (environment: OUTRIDER_URL)")
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
  CostCommand* options = &commands->cost;
  CLI::App* cost = app.add_subcommand("cost", "What workloads cost and what could be saved");
  AddUrl(cost, client);
  AddOutput(cost, client);
  cost->add_option(
          "--by", options->by,
          "One row per workload or namespace, as they run now; or per team, node, cluster, "
          "pod or container, as counted over --window")
      ->check(
          CLI::IsMember({"workload", "namespace", "team", "node", "cluster", "pod", "container"}))
      ->capture_default_str();
  cost->add_option("--window", options->window,
                   "Of what was counted: 45m, 24h, 7d, today, yesterday, week, lastweek, month …")
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

void AddFilters(CLI::App* recommend, RecommendCommand* options) {
  const auto list = [&](const char* flag, std::vector<std::string>* values, const char* help) {
    recommend->add_option(flag, *values, help)->delimiter(',')->allow_extra_args(false);
  };
  list("--cluster", &options->clusters, "Only these clusters; by comma, repeatable");
  list("--namespace", &options->namespaces,
       "Only these namespaces; one alone also holds for manifests that name none");
  list("--workload", &options->workloads, "Only these workloads");
  list("--workload-kind", &options->kinds, "Only these kinds, such as Deployment");
  list("--container", &options->containers, "Only these containers");
  list("--severity", &options->severities, "Only these: critical, warning, ok, good, unknown");
  recommend->add_option("--min-savings", options->min_savings,
                        "Only what saves at least so many dollars a month");
  recommend->add_flag("--with-data", options->only_with_data,
                      "Leave out what there is not enough data of");
  recommend->add_option("--sort", options->sort, "workload, savings or severity")
      ->check(CLI::IsMember({"workload", "savings", "severity"}))
      ->capture_default_str();
  recommend->add_option("--limit", options->limit, "At most so many containers; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void AddRecommend(CLI::App& app, ClientOptions* client, RecommendCommand* options,
                  std::function<int()>* action) {
  CLI::App* recommend = app.add_subcommand(
      "recommend", "What containers should request: to read, to apply, put into manifests");
  AddUrl(recommend, client);
  recommend
      ->add_option("--format,--output", options->format,
                   "table, json, yaml, csv, csv-raw, markdown, html; to apply: patch (strategic "
                   "merge), kustomize, helm, vpa, kubectl (commands)")
      ->check(CLI::IsMember(AdviceFormatNames()))
      ->capture_default_str();
  AddFilters(recommend, options);
  recommend->add_option("--input", options->input,
                        "Take the recommendations from this file, as --format json wrote it, and "
                        "not from a daemon; the filters play no part");
  auto* file = recommend->add_option("-o,--output-file", options->output_file,
                                     "Write there, not to standard output");
  recommend
      ->add_option("--output-dir", options->output_dir,
                   "Write a file per workload into this directory")
      ->excludes(file);
  auto* manifest =
      recommend->add_option("--manifest", options->manifest,
                            "Put the recommendations into this file of Kubernetes manifests and "
                            "print it (-: standard input); comments and order stay. What became of "
                            "each container is told on standard error; exit code 1 when a "
                            "recommendation could not be put in");
  recommend->add_flag("--diff", options->diff, "With --manifest: print the changes only")
      ->needs(manifest);
  recommend->add_flag("--summary", options->summary, "Print the summary that teams are sent weekly")
      ->excludes(manifest);
  recommend->callback(
      [client, options, action] { *action = [=] { return RunRecommend(*client, *options); }; });
}

}  // namespace

void AddMoneyCommands(CLI::App& app, ClientOptions* client, MoneyCommands* commands,
                      std::function<int()>* action) {
  AddCost(app, client, commands, action);
  AddRecommend(app, client, &commands->recommend, action);
}

}  // namespace outrider
