// SPDX-License-Identifier: Apache-2.0
// The command line as one table of commands and flags. CLI11 stays in this file, in
// alertmanager_flags.cc and in the *_commands.cc beside it.
#include "exporter/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <functional>

#include "exporter/cli/access_commands.h"
#include "exporter/cli/alertmanager_flags.h"
#include "exporter/cli/around_commands.h"
#include "exporter/cli/escalation_commands.h"
#include "exporter/cli/money_commands.h"
#include "exporter/cli/notify_commands.h"
#include "exporter/cli/people_commands.h"
#include "exporter/cli/sla_commands.h"

namespace outrider {
namespace {

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

void AddFeatures(CLI::App* command, std::vector<std::string>* features) {
  command
      ->add_option("--enable-feature", *features,
                   "Language switches as in Prometheus, by comma; repeatable: "
                   "promql-experimental-functions, promql-extended-range-selectors, "
                   "promql-binop-fill-modifiers, promql-delayed-name-removal, "
                   "use-start-timestamps; and auto-reload-config, to reload files that change")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void AddRun(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* run = app.add_subcommand("run", "Run the daemon");
  run->add_option("--config.file", p->run.config_file,
                  "Configuration: outrider.yml, or an alertmanager.yml, which then stands alone; "
                  "without it the defaults are used");
  run->add_option("--storage.path", p->run.storage_path, "Directory for all that is kept")
      ->capture_default_str();
  run->add_option("--web.listen-address", p->run.listen_addresses,
                  "Address to listen on; repeatable")
      ->capture_default_str();
  run->add_option("--web.config.file", p->run.web_config_file,
                  "Users and limits of callers (exporter-toolkit format, see docs/access.md)");
  run->add_option("--web.external-url", p->run.external_url,
                  "URL under which people reach this daemon; used in messages");
  run->add_option("--web.route-prefix", p->run.route_prefix,
                  "Prefix of all paths; default: the path of --web.external-url");
  run->add_flag("--web.allow-anonymous", p->run.allow_anonymous,
                "Let anybody who reaches the listener change incidents");
  run->add_flag("--notify.shadow", p->run.shadow,
                "Decide and record all notifications and send none, to look on beside another "
                "Alertmanager (outrider alerts diff)");
  AddFeatures(run, &p->run.features);
  run->add_option("--log.level", p->run.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  run->add_option("--log.format", p->run.log_format, "logfmt or json")
      ->check(CLI::IsMember({"logfmt", "json"}))
      ->capture_default_str();
  AddAlertmanagerFlags(run, &p->run.alertmanager);
  run->callback([p, &env] { p->action = [p, &env] { return RunDaemon(p->run, env); }; });
}

void AddDemo(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* demo = app.add_subcommand(
      "demo", "Run the whole product with a built-in world that sends it remote write");
  demo->add_option("--web.listen-address", p->demo.listen_addresses,
                   "Address to listen on; repeatable")
      ->capture_default_str();
  demo->add_option("--for", p->demo.run_for, "End after this long, e.g. 5m; default: until Ctrl-C");
  demo->callback([p, &env] { p->action = [p, &env] { return RunDemo(p->demo, env); }; });
}

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

void AddClientFlags(CLI::App* command, Parsed* p) {
  command->add_option("--url", p->client.url, "The daemon's URL (environment: OUTRIDER_URL)")
      ->envname("OUTRIDER_URL")
      ->capture_default_str();
  command->add_option("--output", p->client.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddQuery(CLI::App& app, Parsed* p) {
  CLI::App* query = app.add_subcommand("query", "Evaluate PromQL on a running daemon");
  query->require_subcommand(1);
  CLI::App* instant = query->add_subcommand("instant", "At one time");
  AddClientFlags(instant, p);
  instant->add_option("expr", p->query.expr, "The expression")->required();
  instant->add_option("--time", p->query.time, "RFC 3339 or Unix seconds; default now");
  instant->callback([p] { p->action = [p] { return RunQueryInstant(p->client, p->query); }; });
  CLI::App* range = query->add_subcommand("range", "Over a range of time");
  AddClientFlags(range, p);
  range->add_option("expr", p->query.expr, "The expression")->required();
  range->add_option("--start", p->query.start, "RFC 3339 or Unix seconds")->required();
  range->add_option("--end", p->query.end, "RFC 3339 or Unix seconds")->required();
  range->add_option("--step", p->query.step, "Seconds or a duration")->required();
  range->callback([p] { p->action = [p] { return RunQueryRange(p->client, p->query); }; });
}

void AddSlo(CLI::App& app, Parsed* p) {
  CLI::App* slo = app.add_subcommand("slo", "Objectives and error budgets of a running daemon");
  slo->require_subcommand(1);
  CLI::App* list = slo->add_subcommand("list", "All objectives: burn rates and what is left");
  AddClientFlags(list, p);
  list->callback([p] { p->action = [p] { return RunSloList(p->client); }; });
  CLI::App* show = slo->add_subcommand("show", "One objective with its windows and its budget");
  AddClientFlags(show, p);
  show->add_option("name", p->slo, "Name of the objective; Sloth: <service>-<slo>")->required();
  show->callback([p] { p->action = [p] { return RunSloShow(p->client, p->slo); }; });
}

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

void AddStateVerify(CLI::App* state, Parsed* p) {
  CLI::App* verify = state->add_subcommand(
      "verify", "Check the chain of the audit trail; names the first row that was tampered with");
  AddClientFlags(verify, p);
  verify->add_option("--storage.path", p->verify_path,
                     "Directory of a daemon that does not run; default: ask the one at --url");
  verify->callback([p] { p->action = [p] { return RunStateVerify(p->client, p->verify_path); }; });
}

void AddAnomaly(CLI::App& app, Parsed* p, const Environment& env) {
  CLI::App* anomaly = app.add_subcommand("anomaly", "What is unusual now, and why");
  anomaly->require_subcommand(1);
  CLI::App* list =
      anomaly->add_subcommand("list", "Series that are anomalous, highest score first");
  AddClientFlags(list, p);
  list->add_option("--entry", p->anomaly.entry, "Only this analytics entry");
  list->add_option("--min-score", p->anomaly.min_score, "From this score on; 1 is the edge")
      ->capture_default_str();
  list->add_option("--limit", p->anomaly.limit, "At most this many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  list->callback([p, &env] {
    p->action = [p, &env] { return RunAnomalyList(p->client, p->anomaly, env.clock.NowNanos()); };
  });
  CLI::App* explain = anomaly->add_subcommand(
      "explain",
      "What was expected of a series and why, how rare its value is, what moved with it");
  AddClientFlags(explain, p);
  explain->add_option("id", p->anomaly.id, "Id, as anomaly list shows it")->required();
  explain->add_option("--span", p->anomaly.span, "How much of the past is compared, 1m to 7d");
  explain->add_flag("!--no-related", p->anomaly.related, "Do not look for what moved with it");
  explain->add_option("--svg", p->anomaly.svg, "Write the picture to this file");
  explain->callback([p, &env] {
    p->action = [p, &env] {
      return RunAnomalyExplain(p->client, p->anomaly, env.clock.NowNanos());
    };
  });
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

// Where the samples come from.
void AddBacktestSource(CLI::App* backtest, BacktestCommand& b) {
  backtest->get_option("--url")->description(
      "Server the samples are read from, by remote read or its query API: a Prometheus, what "
      "answers like one, or a running Outrider (environment: OUTRIDER_URL)");
  backtest
      ->add_option("--input", b.inputs,
                   "Read samples from this file instead: OpenMetrics or Prometheus text format, "
                   "with timestamps; repeatable")
      ->allow_extra_args(false);
  backtest
      ->add_option(
          "--source-api", b.source_api,
          "What of the server is asked: remote_read, query (raw samples by the query API), "
          "or auto: remote read where there is one")
      ->check(CLI::IsMember({"auto", "remote_read", "query"}))
      ->capture_default_str();
  backtest->add_option("--http.config.file", b.http_config_file,
                       "How the server is reached, as promtool's: basic_auth, authorization, "
                       "tls_config, http_headers, proxy_url; secrets may stand in files");
  backtest
      ->add_option("--header", b.headers,
                   "name=value, sent to the server, such as X-Scope-OrgID=team; repeatable")
      ->allow_extra_args(false);
  backtest
      ->add_option(
          "--drop-label", b.drop_labels,
          "name or name=value, taken off the series that are read, such as what a Prometheus adds "
          "to them: its external_labels; with a value only series that have it are read; "
          "repeatable")
      ->allow_extra_args(false);
  backtest->add_option("--block", b.block, "How much history is held and evaluated at once")
      ->capture_default_str();
}

void AddBacktest(CLI::App& app, Parsed* p, const Environment& env) {
  BacktestCommand& b = p->backtest;
  CLI::App* backtest = app.add_subcommand(
      "backtest",
      "Run rule or analytics files over history: when alerts would have fired and who would have "
      "heard, when series would have been anomalous");
  auto* rules = backtest->add_option("rules", b.rule_files, "Prometheus rule files");
  auto* analytics =
      backtest->add_option("--analytics", b.analytics_files,
                           "In place of rule files: analytics files, whose entries are run over "
                           "the history; says when series were anomalous, and what trends and "
                           "forecasts give at the end");
  analytics->excludes(rules);
  AddClientFlags(backtest, p);
  AddBacktestSource(backtest, b);
  backtest->add_option("--start", b.start,
                       "RFC 3339, Unix seconds, or how long ago (7d); default: a day before the "
                       "end, with --input the first sample");
  backtest->add_option("--end", b.end,
                       "The same, or now; default: now, with --input the last sample");
  backtest
      ->add_option("--evaluation-interval", b.evaluation_interval,
                   "Of groups that give none; of analytics entries, also between reports")
      ->capture_default_str();
  backtest->add_option("--alertmanager.config", b.alertmanager_file,
                       "Say what these routes would have notified to whom");
  backtest->add_option("--silences", b.silences_file,
                       "Silences that held, as GET /api/v2/silences or amtool silence query "
                       "--expired -o json give them; with --alertmanager.config");
  backtest
      ->add_option("--flap-window", b.flap_window,
                   "Firing again within this time of being resolved is a flap")
      ->capture_default_str();
  backtest
      ->add_option("--short", b.short_firing,
                   "Firings shorter than this are short; advice on `for` is about them")
      ->capture_default_str();
  backtest
      ->add_option("--external-label", b.external_labels,
                   "name=value, added to alerts that lack it; repeatable")
      ->allow_extra_args(false);
  backtest->add_option("--web.external-url", b.external_url, "For texts that show it");
  AddFeatures(backtest, &b.features);
  backtest->add_option("--limit", b.limit, "At most so many firings and messages; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  backtest->add_flag("--quiet", b.quiet, "No progress on standard error");
  backtest->callback([p, &env] {
    if (p->backtest.rule_files.empty() && p->backtest.analytics_files.empty()) {
      throw CLI::RequiredError("rules or --analytics");
    }
    p->action = [p, &env] { return RunBacktestCommand(p->client, p->backtest, env); };
  });
}

void AddEvaluateRecommend(CLI::App& evaluate, Parsed* p) {
  EvaluateRecommendOptions& r = p->evaluate_recommend;
  CLI::App* recommend = evaluate.add_subcommand(
      "recommend", "Re-recommend CPU day by day on series of use and judge each day by the next");
  recommend->add_option("directory", r.directory, "Holds *.csv with ts,value; ts in seconds")
      ->required();
  recommend
      ->add_option("--policy", r.policies,
                   "adaptive, percentile, vpa, krr or krr_limit; repeatable; none: all of them and "
                   "how others recommend")
      ->allow_extra_args(false);
  recommend->add_option("--seed", r.seed, "Of the draws of series behind the intervals")
      ->capture_default_str();
  recommend->add_option("--output", r.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  recommend->callback(
      [p] { p->action = [p] { return RunEvaluateRecommend(p->evaluate_recommend); }; });
}

void AddEvaluate(CLI::App& app, Parsed* p) {
  EvaluateAnomalyOptions& e = p->evaluate;
  CLI::App* evaluate = app.add_subcommand("evaluate", "Judge what Outrider computes");
  evaluate->require_subcommand(1);
  CLI::App* anomaly = evaluate->add_subcommand(
      "anomaly",
      "Score a detector on labelled series by the rules of the Numenta Anomaly Benchmark");
  anomaly
      ->add_option("directory", e.directory,
                   "Holds data/<category>/<file>.csv and combined_windows.json")
      ->required();
  anomaly
      ->add_option("--detector", e.detector,
                   "seasonal, quantile, mad, zscore, level_shift, novelty or auto")
      ->capture_default_str();
  anomaly->add_option("--risk", e.risk, "Chance per sample of a score of 1 or more")
      ->capture_default_str();
  anomaly->add_option("--threshold", e.threshold,
                      "In place of the risk: deviations from the expected value that score 1");
  anomaly->add_option("--direction", e.direction, "both, above or below")->capture_default_str();
  anomaly->add_option("--half-life", e.half_life, "Of what a detector remembers");
  anomaly->add_option("--rest", e.rest, "Least time from onset to onset");
  anomaly->add_option("--time-zone", e.time_zone, "Of the seasons")->capture_default_str();
  anomaly->add_option("--write-scores", e.write_scores,
                      "Write <category>/<file>.csv with timestamp,value,anomaly_score below this "
                      "directory; 1 is the alerting edge");
  anomaly->add_option("--output", e.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  anomaly->callback([p] { p->action = [p] { return RunEvaluateAnomaly(p->evaluate); }; });
  AddEvaluateRecommend(*evaluate, p);
}

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
  Parsed parsed;
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
