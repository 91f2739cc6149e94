// SPDX-License-Identifier: Apache-2.0
// The part of the command line that asks for values: `query`, `anomaly` and `slo`.
#include <CLI/CLI.hpp>

#include "exporter/cli/parsed.h"

namespace outrider {

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

}  // namespace outrider
