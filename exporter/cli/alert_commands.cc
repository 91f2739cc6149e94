// SPDX-License-Identifier: Apache-2.0
// The part of the command line about alerts: `alerts` and `silence`.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {

void AddAlerts(CLI::App& app, Parsed* p) {
  CLI::App* alerts = app.add_subcommand("alerts", "Alerts, and why they were or were not notified");
  alerts->require_subcommand(1);
  AlertsOptions* o = &p->alerts;
  CLI::App* list = alerts->add_subcommand("list", "Alerts that are not resolved");
  AddClientFlags(list, p);
  list->add_option("matchers", o->matchers, "Only those that match, e.g. alertname=Down");
  list->callback([p] { p->action = [p] { return RunAlertsList(p->client, p->alerts); }; });
  CLI::App* why = alerts->add_subcommand(
      "why", "Routes, groups, what held it back, and every attempt to tell somebody");
  AddClientFlags(why, p);
  why->add_option("alert", o->matchers, "A fingerprint, or matchers such as alertname=Down")
      ->required();
  CLI::App* diff = alerts->add_subcommand(
      "diff", "What a daemon with --notify.shadow would have sent; exit code 1 when groups differ");
  AddClientFlags(diff, p);
  diff->add_option("--alertmanager.url", o->alertmanager_url,
                   "Compare the groups with those of this Alertmanager");
  for (CLI::App* command : {why, diff}) {
    command->add_option("--since", o->since, "From this time on: RFC 3339 or Unix seconds");
    command->add_option("--limit", o->limit, "At most so many records, the newest")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }
  why->callback([p] { p->action = [p] { return RunAlertsWhy(p->client, p->alerts); }; });
  diff->callback([p] { p->action = [p] { return RunAlertsDiff(p->client, p->alerts); }; });
}

void AddSilence(CLI::App& app, Parsed* p, const Environment& env) {
  SilenceOptions& o = p->silence;
  CLI::App* silence =
      app.add_subcommand("silence", "Silences of a running daemon; amtool silence works too");
  silence->require_subcommand(1);
  CLI::App* list = silence->add_subcommand("list", "Silences in force and to come");
  AddClientFlags(list, p);
  list->add_option("matchers", o.words, "Only silences that have all of these matchers");
  list->add_flag("--expired", o.expired, "Ended ones too");
  list->callback([p] { p->action = [p] { return RunSilenceList(p->client, p->silence); }; });
  CLI::App* preview = silence->add_subcommand("preview", "What a silence would mute");
  AddClientFlags(preview, p);
  preview->add_option("matchers", o.words, "alertname=X …")->required();
  preview->add_option("--limit", o.limit, "Alerts that are shown")->capture_default_str();
  preview->callback([p] { p->action = [p] { return RunSilencePreview(p->client, p->silence); }; });
  CLI::App* add = silence->add_subcommand("add", "Set a silence; prints its id");
  AddClientFlags(add, p);
  add->add_option("matchers", o.words, "alertname=X …")->required();
  add->add_option("--start", o.start, "RFC 3339 or Unix seconds; default now");
  add->add_option("--end", o.end, "The same; default --duration after the start");
  add->add_option("--duration,-d", o.duration, "How long it holds")->capture_default_str();
  add->add_option("--comment,-c", o.comment, "Why")->required();
  add->add_option("--by,-a", o.by, "Who you are; default $USER");
  add->add_option("--recurrence", o.recurrence,
                  "Hold inside these time intervals only, written as time_intervals of "
                  "alertmanager.yml: \"[{times: [{start_time: '22:00', end_time: '24:00'}]}]\"");
  add->add_option("--expire-when-idle", o.idle,
                  "End when nothing that fires has matched for so long, e.g. 2h");
  add->add_flag("--force", o.force, "Set it although it is broader than the guard rails allow");
  add->callback([p, &env] {
    p->action = [p, &env] { return RunSilenceAdd(p->client, p->silence, env.clock.NowNanos()); };
  });
  CLI::App* expire = silence->add_subcommand("expire", "End silences");
  AddClientFlags(expire, p);
  expire->add_option("ids", o.words, "Ids, as list shows them")->required();
  expire->callback([p] { p->action = [p] { return RunSilenceExpire(p->client, p->silence); }; });
}

}  // namespace outrider
