// SPDX-License-Identifier: Apache-2.0
// The part of the command line about what a daemon keeps: `state`.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {
namespace {

void AddStateVerify(CLI::App* state, Parsed* p) {
  CLI::App* verify = state->add_subcommand(
      "verify", "Check the chain of the audit trail; names the first row that was tampered with");
  AddClientFlags(verify, p);
  verify->add_option("--storage.path", p->verify_path,
                     "Directory of a daemon that does not run; default: ask the one at --url");
  verify->callback([p] { p->action = [p] { return RunStateVerify(p->client, p->verify_path); }; });
}

void AddStateImport(CLI::App* state, Parsed* p, const Environment& env) {
  ImportOptions& o = p->import;
  CLI::App* import = state->add_subcommand(
      "import-alertmanager",
      "Take over silences and notification log of a stopped Alertmanager, so that nothing is told "
      "twice; the daemon must not run");
  import->add_option("directory", o.directory, "The Alertmanager's --storage.path")->required();
  import
      ->add_option("--config.file", o.config_file,
                   "Configuration of the daemon: outrider.yml or alertmanager.yml, with the same "
                   "routes as the Alertmanager's")
      ->required();
  import->add_option("--storage.path", o.storage_path, "The daemon's directory")
      ->capture_default_str();
  AddFeatures(import, &o.features);
  import->callback([p, &env] { p->action = [p, &env] { return RunStateImport(p->import, env); }; });
}

}  // namespace

void AddState(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* state = app.add_subcommand("state", "Look at what a running daemon keeps, or fill it");
  AddStateImport(state, p, env);
  AddStateVerify(state, p);
  state->require_subcommand(1);
  CLI::App* series = state->add_subcommand(
      "series", "For which rules and entries series are kept, how long, and what they take");
  AddClientFlags(series, p);
  series->add_option("--limit", p->state_limit, "At most so many owners and metrics; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  series->callback([p] { p->action = [p] { return RunStateSeries(p->client, p->state_limit); }; });
}

}  // namespace outrider
