// SPDX-License-Identifier: Apache-2.0
// The part of the command line that tries things on history: `backtest` and `evaluate`.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {
namespace {

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

// Where what detectors learnt goes.
void AddBacktestState(CLI::App* backtest, CLI::Option* analytics, BacktestCommand& b) {
  CLI::Option* state =
      backtest
          ->add_option(
              "--write-state", b.write_state,
              "storage.path of a stopped daemon: what the detectors of --analytics know in "
              "the end is put into its state, so that it starts with them warmed up")
          ->needs(analytics);
  backtest
      ->add_option("--config.file", b.config_file,
                   "outrider.yml of that daemon: entries that it does not have are an error, and "
                   "its analytics.interval counts")
      ->needs(state);
  backtest
      ->add_flag("--replace-newer", b.replace_newer,
                 "Also replace states that hold newer samples than the history")
      ->needs(state);
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

}  // namespace

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
  AddBacktestState(backtest, analytics, b);
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
                   "name=value, added to alerts, with --analytics to series, that lack it; "
                   "repeatable")
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

}  // namespace outrider
