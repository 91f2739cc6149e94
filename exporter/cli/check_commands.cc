// SPDX-License-Identifier: Apache-2.0
// The part of the command line that needs no daemon: `check` and `test`.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {
namespace {

void AddCheckRules(CLI::App* check, Parsed* p) {
  CheckRulesOptions* o = &p->check_rules;
  CLI::App* rules =
      check->add_subcommand("rules", "Prometheus rule files, as promtool check rules does");
  rules->add_option("files", o->files, "Files to check; none: standard input");
  rules
      ->add_option("--lint", o->lint,
                   "Lints, by comma. promtool's: all, duplicate-rules, none. Our own: missing-for, "
                   "dropped-labels, unbounded-cardinality, never-fires; extended is everything")
      ->capture_default_str();
  rules->add_flag("--lint-fatal", o->lint_fatal, "Make lint errors exit with exit code 3");
  rules->add_flag("--ignore-unknown-fields", o->ignore_unknown_fields,
                  "Ignore unknown fields in the rule files");
  rules
      ->add_option("--url", o->url,
                   "Server that never-fires asks for series: Outrider or Prometheus (environment: "
                   "OUTRIDER_URL)")
      ->envname("OUTRIDER_URL");
  AddFeatures(rules, &o->features);
  rules->callback([p] { p->action = [p] { return RunCheckRules(p->check_rules); }; });
}

void AddTestRules(CLI::App* test, Parsed* p, const Environment& env) {
  TestRulesOptions* o = &p->test_rules;
  CLI::App* rules = test->add_subcommand(
      "rules",
      "Run unit tests of rules, as promtool test rules does; docs/rules.md has the format");
  rules->add_option("files", o->files, "Test files")->required();
  rules
      ->add_option("--run", o->run,
                   "Only tests whose name matches this regular expression; repeatable")
      ->allow_extra_args(false);
  rules->add_flag("--diff", o->diff, "Print failures as differences, coloured on a terminal");
  rules->add_flag("--debug", o->debug, "Print all series and samples of each test");
  rules->add_flag("--ignore-unknown-fields", o->ignore_unknown_fields,
                  "Ignore unknown fields in the rule files");
  rules->add_option("--junit", o->junit, "Write the results there as JUnit XML");
  test->add_option("--junit", o->junit, "Of rules: write the results there as JUnit XML");
  rules->add_flag("--coverage", o->coverage, "Print which rules no test looks at");
  rules
      ->add_option("--coverage-min", o->coverage_min,
                   "Fail when less than so many percent of the rules are tested")
      ->check(CLI::Range(0.0, 100.0));
  rules->add_flag("--watch", o->watch, "Run again when a test or rule file changes");
  AddFeatures(rules, &o->features);
  rules->callback(
      [p, &env] { p->action = [p, &env] { return RunTestRules(p->test_rules, env); }; });
}

}  // namespace

void AddCheck(CLI::App& app, Parsed* p) {
  CLI::App* check =
      app.add_subcommand("check", "Validate files; errors name file, line and column");
  check->require_subcommand(1);
  const struct {
    const char* name;
    const char* help;
    CheckKind kind;
  } kChecks[] = {
      {"config", "outrider.yml and everything it names", CheckKind::kConfig},
      {"alertmanager", "Alertmanager configurations", CheckKind::kAlertmanager},
      {"analytics", "Analytics files (trends, anomalies, forecasts)", CheckKind::kAnalytics},
      {"incidents", "incidents.yml", CheckKind::kIncidents},
      {"bundle", "Bundles: rules and their receivers in one file", CheckKind::kBundle},
      {"web-config", "Files of --web.config.file: users and limits", CheckKind::kWebConfig},
  };
  for (const auto& c : kChecks) {
    CLI::App* sub = check->add_subcommand(c.name, c.help);
    sub->add_option("files", p->files, "Files to check")->required();
    AddFeatures(sub, &p->features);
    sub->callback([p, kind = c.kind] {
      p->action = [p, kind] { return RunCheck(kind, p->files, p->features); };
    });
  }
  AddCheckRules(check, p);
}

void AddTest(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* test = app.add_subcommand("test", "Try rules, expressions and routes without a daemon");
  test->require_subcommand(1);
  AddTestRules(test, p, env);
  CLI::App* promql = test->add_subcommand("promql", "Run files of the PromQL test language");
  promql->add_option("files", p->files, "Test files")->required();
  promql->callback([p, &env] { p->action = [p, &env] { return RunTestPromql(p->files, env); }; });
  CLI::App* route = test->add_subcommand("route", "Which receivers a label set reaches");
  route->add_option("--config.file", p->config_file, "Alertmanager configuration")->required();
  route->add_option("labels", p->labels, "label=value …")->required();
  route->callback([p] { p->action = [p] { return RunTestRoute(p->config_file, p->labels); }; });
  AddTestReceiverCommand(*test, &p->client, &p->notify, &p->action, env);
}

}  // namespace outrider
