// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/notify_commands.h"

#include <CLI/CLI.hpp>

namespace outrider {

void AddTestReceiverCommand(CLI::App& test, ClientOptions* client, NotifyCommands* commands,
                            std::function<int()>* action, const Environment& env) {
  TestReceiverOptions* o = &commands->test_receiver;
  CLI::App* receiver = test.add_subcommand(
      "receiver", "Send a test message through a receiver and show what came back");
  receiver->add_option("name", o->name, "The receiver")->required();
  receiver->add_option("--config.file", o->config_file,
                       "Alertmanager configuration the receiver is taken from; the message is sent "
                       "from here. Without it the daemon sends");
  receiver->add_option("--url", client->url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->capture_default_str();
  receiver
      ->add_option("--web.external-url", o->external_url,
                   "With --config.file: the URL that the message links to")
      ->capture_default_str();
  receiver->add_option("--label", o->labels, "name=value of the test alert; repeatable")
      ->allow_extra_args(false);
  receiver->add_option("--annotation", o->annotations, "name=value of the test alert; repeatable")
      ->allow_extra_args(false);
  receiver->add_flag("--resolved", o->resolved, "Tell that the alert is over");
  receiver->add_option("--output", client->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  receiver->callback([client, o, action, &env] {
    *action = [client, o, &env] { return RunTestReceiver(*client, *o, env); };
  });
}

void AddTemplateCommand(CLI::App& app, NotifyCommands* commands, std::function<int()>* action,
                        const Environment& env) {
  TemplateRenderOptions* o = &commands->render;
  CLI::App* templates = app.add_subcommand("template", "Templates of notifications");
  templates->require_subcommand(1);
  CLI::App* render = templates->add_subcommand(
      "render", "Print what a template makes of a notification, as amtool template render does");
  render
      ->add_option("--template.glob", o->globs,
                   "Template files that join the built-in ones and may replace them; repeatable")
      ->allow_extra_args(false);
  render->add_option("--template.text", o->text, "The template, e.g. {{ template \"name\" . }}")
      ->required();
  render->add_option("--template.type", o->type, "text or html")
      ->check(CLI::IsMember({"text", "html"}))
      ->capture_default_str();
  render->add_option("--template.data", o->data_file,
                     "JSON file with the notification (Alertmanager's template.Data); without it a "
                     "sample");
  render->callback(
      [o, action, &env] { *action = [o, &env] { return RunTemplateRender(*o, env); }; });
}

}  // namespace outrider
