// SPDX-License-Identifier: Apache-2.0
// The part of the command line that is about cost and right-sizing: `cost` with its subcommands and
// `recommend`.
#pragma once

#include <functional>

#include "exporter/cli/commands.h"

namespace CLI {
class App;
}

namespace outrider {

// Filled while parsing.
struct MoneyCommands {
  CostCommand cost;
  RecommendCommand recommend;
  WhatIfOptions what_if;
  PricesOptions prices;
};

// `action`: what to run, set by the command that was given. All outlive `app`.
void AddMoneyCommands(CLI::App& app, ClientOptions* client, MoneyCommands* commands,
                      std::function<int()>* action);

}  // namespace outrider
