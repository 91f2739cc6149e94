// SPDX-License-Identifier: Apache-2.0
// What the command line is parsed into, and the tables of commands that fill it: one file for each
// family of commands.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/cli/access_commands.h"
#include "exporter/cli/around_commands.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/escalation_commands.h"
#include "exporter/cli/money_commands.h"
#include "exporter/cli/notify_commands.h"
#include "exporter/cli/object_commands.h"
#include "exporter/cli/people_commands.h"
#include "exporter/cli/sla_commands.h"

namespace CLI {
class App;
}

namespace outrider {

// All options and what to run, filled while parsing.
struct Parsed {
  RunOptions run;
  ImportOptions import;
  SilenceOptions silence;
  DemoOptions demo;
  ClientOptions client;
  QueryOptions query;
  AlertsOptions alerts;
  AnomalyOptions anomaly;
  PeopleCommands people;
  AroundCommands around;
  AccessCommands access;
  ObjectCommands objects;
  SlaOptions sla;
  std::string verify_path;
  std::string slo;
  CheckRulesOptions check_rules;
  TestRulesOptions test_rules;
  BacktestCommand backtest;
  EvaluateAnomalyOptions evaluate;
  EvaluateRecommendOptions evaluate_recommend;
  MoneyCommands money;
  NotifyCommands notify;
  EscalationOptions escalation;
  int state_limit = 20;
  std::vector<std::string> files;
  std::vector<std::string> features;
  std::vector<std::string> labels;
  std::string config_file;
  std::function<int()> action;
};

// Flags that many commands share (command_flags.cc).
void AddFeatures(CLI::App* command, std::vector<std::string>* features);
void AddClientFlags(CLI::App* command, Parsed* p);

// Each adds its commands; `p` and `env` outlive `app`.
// daemon_commands.cc
void AddRun(CLI::App& app, Parsed* p, const Environment& env);
void AddDemo(CLI::App& app, Parsed* p, const Environment& env);
// check_commands.cc
void AddCheck(CLI::App& app, Parsed* p);
void AddTest(CLI::App& app, Parsed* p, const Environment& env);
// query_commands.cc
void AddQuery(CLI::App& app, Parsed* p);
void AddSlo(CLI::App& app, Parsed* p);
void AddAnomaly(CLI::App& app, Parsed* p, const Environment& env);
// alert_commands.cc
void AddAlerts(CLI::App& app, Parsed* p);
void AddSilence(CLI::App& app, Parsed* p, const Environment& env);
// state_commands.cc
void AddState(CLI::App& app, Parsed* p, const Environment& env);
// trial_commands.cc
void AddBacktest(CLI::App& app, Parsed* p, const Environment& env);
void AddEvaluate(CLI::App& app, Parsed* p);

}  // namespace outrider
