// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/access_commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "exporter/cli/client.h"

namespace outrider {
namespace {

struct Access {
  ClientOptions* client;
  AccessCommands* options;
  std::function<int()>* action;
};

void AddClient(CLI::App* command, const Access& access) {
  command->add_option("--url", access.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  command->add_option("--output", access.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddToken(CLI::App& app, const Access& access) {
  CLI::App* token = app.add_subcommand("token", "Tokens that programs call a daemon with");
  token->require_subcommand(1);
  TokenOptions* o = &access.options->token;
  CLI::App* create = token->add_subcommand("create", "Make one; it is shown this once");
  AddClient(create, access);
  create->add_option("name", o->name, "What it is for; the audit trail names it")->required();
  create->add_option("--role", o->role, "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  create->add_option("--team", o->teams, "Only incidents of this team; repeatable")
      ->allow_extra_args(false);
  create->add_option("--expires-in", o->expires_in, "How long it is good for, e.g. 90d");
  create->callback(
      [access, o] { *access.action = [access, o] { return RunTokenCreate(*access.client, *o); }; });
  CLI::App* list = token->add_subcommand("list", "All, without their secrets");
  AddClient(list, access);
  list->callback([access] { *access.action = [access] { return RunTokenList(*access.client); }; });
  CLI::App* revoke = token->add_subcommand("revoke", "End one at once");
  AddClient(revoke, access);
  revoke->add_option("name", o->name, "The token's name")->required();
  revoke->callback([access, o] {
    *access.action = [access, o] { return RunTokenRevoke(*access.client, o->name); };
  });
}

void AddUser(CLI::App& app, const Access& access, const Environment& env) {
  CLI::App* user = app.add_subcommand("user", "Users of --web.config.file");
  user->require_subcommand(1);
  CLI::App* hash = user->add_subcommand(
      "hash-password", "Ask for a password and print its bcrypt hash for the file");
  int* cost = &access.options->cost;
  hash->add_option("--cost", *cost, "Every one more doubles the work of a check")
      ->check(CLI::Range(4, 31))
      ->capture_default_str();
  hash->callback([access, cost, &env] {
    *access.action = [cost, &env] { return RunHashPassword(*cost, env.random); };
  });
}

void AddOverride(CLI::App& app, const Access& access, const Environment& env) {
  CLI::App* override = app.get_subcommand("oncall")->add_subcommand(
      "override", "Put somebody else on call for a while");
  override->require_subcommand(1);
  OverrideOptions* o = &access.options->change;
  CLI::App* add = override->add_subcommand("add", "Add one");
  AddClient(add, access);
  add->add_option("schedule", o->schedule, "The schedule")->required();
  add->add_option("user", o->user, "Who comes, or goes with --kind remove")->required();
  add->add_option("--replaces", o->replaces, "Who goes; default: whoever is on call");
  add->add_option("--kind", o->kind, "replace, add or remove")
      ->check(CLI::IsMember({"replace", "add", "remove"}))
      ->capture_default_str();
  add->add_option("--start", o->start,
                  "RFC 3339, or local to the schedule, e.g. 2026-12-24T09:00; default: now");
  add->add_option("--end", o->end, "The same, or --for");
  add->add_option("--for", o->duration, "How long, e.g. 8h")->excludes("--end");
  add->add_option("--reason", o->reason, "Why");
  add->callback([access, o, &env] {
    *access.action = [access, o, &env] {
      return RunOverrideAdd(*access.client, *o, env.clock.NowNanos());
    };
  });
  CLI::App* remove = override->add_subcommand("remove", "Take one back");
  AddClient(remove, access);
  remove->add_option("schedule", o->schedule, "The schedule")->required();
  remove->add_option("id", o->id, "Its id, of `oncall override list`")->required();
  remove->callback([access, o] {
    *access.action = [access, o] { return RunOverrideRemove(*access.client, *o); };
  });
  CLI::App* list = override->add_subcommand("list", "Those that were added like this");
  AddClient(list, access);
  list->add_option("schedule", o->schedule, "The schedule")->required();
  list->callback([access, o] {
    *access.action = [access, o] { return RunOverrideList(*access.client, *o); };
  });
}

// Calls are made in many places: what they are made with travels in the environment, where a token
// may stand anyway.
void AddTokenFile(CLI::App* command) {
  command->add_option_function<std::string>(
      "--token-file",
      [](const std::string& path) {
        (void)setenv(kTokenFileVariable, path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
      },
      "File with a token to call with (environment: OUTRIDER_TOKEN_FILE, or the token itself: "
      "OUTRIDER_TOKEN)");
}

}  // namespace

void AddTokenFiles(CLI::App* app) {
  for (CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
    // What reads another server's history has credentials of its own (--http.config.file).
    const bool reader = sub->get_option_no_throw("--source-api") != nullptr;
    if (sub->get_option_no_throw("--url") != nullptr && !reader) AddTokenFile(sub);
    AddTokenFiles(sub);
  }
}

void AddAccessCommands(CLI::App& app, ClientOptions* client, AccessCommands* options,
                       std::function<int()>* action, const Environment& env) {
  const Access access{client, options, action};
  AddToken(app, access);
  AddUser(app, access, env);
  AddOverride(app, access, env);
}

}  // namespace outrider
