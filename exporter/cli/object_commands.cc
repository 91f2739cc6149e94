// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/object_commands.h"

#include <CLI/CLI.hpp>
#include <array>

namespace outrider {
namespace {

constexpr std::array<ObjectKind, 4> kKinds = {
    {{"oncall", "schedule", "schedules", "oncall/schedules",
      "Schedules: list, show, make, change, delete"},
     {"oncall", "user", "users", "users", "People who are paged: list, show, make, change, delete"},
     {"oncall", "team", "teams", "teams", "Teams: list, show, make, change, delete"},
     {"escalation", "policy", "policies", "policies",
      "Escalation policies: list, show, make, change, delete"}}};

struct Objects {
  ClientOptions* client;
  ObjectCommands* options;
  std::function<int()>* action;
};

// A command that calls the daemon.
CLI::App* Add(CLI::App* parent, const char* name, const char* help, const Objects& o,
              std::function<int()> run) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->add_option("--url", o.client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  sub->add_option("--output", o.client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  sub->callback([o, run = std::move(run)] { *o.action = run; });
  return sub;
}

CLI::App* AddGroup(CLI::App& app, const char* parent, const char* name, const char* help) {
  CLI::App* group = app.get_subcommand(parent)->add_subcommand(name, help);
  group->require_subcommand(1);
  return group;
}

void AddKind(CLI::App& app, const ObjectKind& kind, const Objects& o) {
  CLI::App* group = AddGroup(app, kind.command, kind.word, kind.help);
  ObjectOptions* object = &o.options->object;
  Add(group, "list", "All, and where each comes from", o,
      [o, &kind] { return RunObjectList(*o.client, kind); });
  Add(group, "show", "One as YAML, which apply takes", o,
      [o, &kind, object] { return RunObjectShow(*o.client, kind, object->name); })
      ->add_option("name", object->name, "Its name")
      ->required();
  Add(group, "apply", "Make what is not there, change what is", o,
      [o, &kind, object] { return RunObjectApply(*o.client, kind, object->file); })
      ->add_option("file", object->file,
                   std::string("YAML or JSON as in incidents.yml: one, a list, or a file that has "
                               "the section `") +
                       kind.list + "`; -: standard input")
      ->required();
  Add(group, "delete", "End one that was made by API; refused while something uses it", o,
      [o, &kind, object] { return RunObjectDelete(*o.client, kind, object->name); })
      ->add_option("name", object->name, "Its name")
      ->required();
}

void AddPeriod(CLI::App* add, OverrideOptions* change) {
  add->add_option("--start", change->start,
                  "RFC 3339, or local to the schedule, e.g. 2026-12-24T09:00; default: now");
  add->add_option("--end", change->end, "The same, or --for");
  add->add_option("--for", change->duration, "How long, e.g. 8h")->excludes("--end");
}

// Swaps and temporary shifts; overrides stand in access_commands.cc. `changes`: their path.
CLI::App* AddChanges(CLI::App& app, const char* word, const char* changes, const char* help,
                     const Objects& o, const Environment& env) {
  CLI::App* group = AddGroup(app, "oncall", word, help);
  OverrideOptions* change = &o.options->change;
  const auto run = [o, change, changes](auto what) {
    return [o, change, changes, what] {
      change->changes = changes;
      return what(*o.client, *change);
    };
  };
  CLI::App* add = Add(group, "add", "Add one", o, run([&env](const auto& client, const auto& c) {
                        return RunOverrideAdd(client, c, env.clock.NowNanos());
                      }));
  add->add_option("schedule", change->schedule, "The schedule")->required();
  AddPeriod(add, change);
  CLI::App* list = Add(group, "list", "Those that were added like this", o, run(RunOverrideList));
  list->add_option("schedule", change->schedule, "The schedule")->required();
  CLI::App* remove = Add(group, "remove", "Take one back", o, run(RunOverrideRemove));
  remove->add_option("schedule", change->schedule, "The schedule")->required();
  remove->add_option("id", change->id, "Its id, of `list`")->required();
  return add;
}

void AddContacts(CLI::App& app, const Objects& o) {
  CLI::App* group =
      AddGroup(app, "oncall", "contact", "Contact methods, and whether they are theirs");
  ContactOptions* contact = &o.options->contact;
  CLI::App* list = Add(group, "list", "Of one user", o,
                       [o, contact] { return RunContactList(*o.client, *contact); });
  CLI::App* send = Add(group, "send-code", "Send a code of six digits there", o,
                       [o, contact] { return RunContactSendCode(*o.client, *contact); });
  CLI::App* verify = Add(group, "verify", "Bring the code back: the contact method is theirs", o,
                         [o, contact] { return RunContactVerify(*o.client, *contact); });
  for (CLI::App* sub : {list, send, verify}) {
    sub->add_option("user", contact->user, "Name of the user")->required();
    if (sub == list) continue;
    sub->add_option("method", contact->method, "Of the list, e.g. email[0]; email and sms will do")
        ->required();
  }
  verify->add_option("code", contact->code, "The six digits")->required();
}

void AddFeeds(CLI::App& app, const Objects& o) {
  CLI::App* group = AddGroup(app, "oncall", "feed", "URLs that calendar programs subscribe to");
  FeedOptions* feed = &o.options->feed;
  CLI::App* create =
      Add(group, "create", "Make one; it opens this calendar and nothing else, and is shown once",
          o, [o, feed] { return RunFeedCreate(*o.client, *feed); });
  create->add_option("--user", feed->user, "Only the shifts of this user");
  create->add_option("--expires-in", feed->expires_in, "How long it is good for, e.g. 365d");
  CLI::App* list = Add(group, "list", "All of a schedule, without their tokens", o,
                       [o, feed] { return RunFeedList(*o.client, *feed); });
  CLI::App* revoke = Add(group, "revoke", "End one at once", o,
                         [o, feed] { return RunFeedRevoke(*o.client, *feed); });
  for (CLI::App* sub : {create, list, revoke}) {
    sub->add_option("schedule", feed->schedule, "The schedule")->required();
  }
  revoke->add_option("id", feed->id, "Its id, of `list`")->required();
}

}  // namespace

void AddObjectCommands(CLI::App& app, ClientOptions* client, ObjectCommands* options,
                       std::function<int()>* action, const Environment& env) {
  const Objects o{client, options, action};
  for (const ObjectKind& kind : kKinds) AddKind(app, kind, o);
  OverrideOptions* change = &options->change;
  CLI::App* swap =
      AddChanges(app, "swap", "swaps", "One takes the other's turn for a while", o, env);
  swap->add_option("from", change->replaces, "Whose turn it is")->required();
  swap->add_option("to", change->user, "Who takes it")->required();
  CLI::App* temporary =
      AddChanges(app, "temporary", "temporary", "These people and nobody else for a while", o, env);
  temporary->add_option("user", change->users, "Who is on call; several are so together")
      ->required();
  AddContacts(app, o);
  AddFeeds(app, o);
}

}  // namespace outrider
