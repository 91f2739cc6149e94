// SPDX-License-Identifier: Apache-2.0
// The commands in the order of the help, and what is common to parsing them. CLI11 stays in this
// file, in *_flags.cc and in the *_commands.cc beside it.
#include "exporter/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "exporter/cli/parsed.h"

namespace outrider {
namespace {

bool HasCommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return true;
  }
  return false;
}

}  // namespace

int RunCommandLine(int argc, char** argv, const Environment& env) {
  CLI::App app{
      "Outrider rides beside Prometheus: rules, alerts, incidents, analytics and cost in one "
      "process."};
  app.name("outrider");
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText, "Print the version and exit");
  Parsed parsed;
  // The default of --url. Not CLI11's envname: all commands share the variable, and the options of
  // those that were not called would take it after --url.
  const char* const url = std::getenv("OUTRIDER_URL");  // NOLINT(concurrency-mt-unsafe): no threads
  if (url != nullptr && *url != '\0') parsed.client.url = url;
  AddRun(app, &parsed, env);
  AddDemo(app, &parsed, env);
  AddCheck(app, &parsed);
  AddTest(app, &parsed, env);
  AddQuery(app, &parsed);
  AddAlerts(app, &parsed);
  AddPeopleCommands(app, &parsed.client, &parsed.people, &parsed.action, env);
  AddSlaCommands(app, &parsed.client, &parsed.sla, &parsed.action);
  AddAroundCommands(app, &parsed.client, &parsed.around, &parsed.action, env);
  AddEscalationCommands(app, &parsed.client, &parsed.escalation, &parsed.action);
  AddAccessCommands(app, &parsed.client, &parsed.access, &parsed.action, env);
  AddObjectCommands(app, &parsed.client, &parsed.objects, &parsed.action, env);
  AddAnomaly(app, &parsed, env);
  AddSlo(app, &parsed);
  AddState(app, &parsed, env);
  AddSilence(app, &parsed, env);
  AddBacktest(app, &parsed, env);
  AddEvaluate(app, &parsed);
  AddTemplateCommand(app, &parsed.notify, &parsed.action, env);
  AddMoneyCommands(app, &parsed.client, &parsed.money, &parsed.action);
  app.add_subcommand("version", "Version, compiler and libraries")->callback([&parsed] {
    parsed.action = RunVersion;
  });
  AddTokenFiles(&app);
  if (argc > 1 && argv[1][0] != '-' && !HasCommand(app, argv[1])) {
    fmt::print(stderr, "outrider: unknown command {}; outrider --help lists them\n", argv[1]);
    return 2;
  }
  const bool runs = argc > 1 && std::string_view(argv[1]) == "run";
  std::vector<char*> arguments(argv, argv + argc);
  // `--cluster.listen-address=` and its like are what is not given; CLI11 would take the next word.
  if (runs) {
    std::erase_if(arguments, [](const char* text) {
      const std::string_view word = text;
      return word.starts_with("--") && word.ends_with('=');
    });
  }
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return parsed.action ? parsed.action() : 2;
}

}  // namespace outrider
