// SPDX-License-Identifier: Apache-2.0
// The commands behind the command line: command_line.cc turns arguments into these structs, each
// function below is one file. Exit codes: 0 ok, 1 failed, 2 misuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

// What a command may use of the outside; main hands in the machine's.
struct Environment {
  const Clock& clock;
  Random& random;
};

// Flags of `alertmanager`, as given; alertmanager_flags.h.
struct AlertmanagerRunFlags {
  std::string data_retention;
  std::string start_delay;
  std::optional<int> get_concurrency;
  std::optional<int64_t> alerts_per_name;
  std::optional<int64_t> max_silences;
  std::optional<int64_t> max_silence_bytes;
  bool systemd_socket = false;
  std::vector<std::string> idle;  // names of those given that do nothing here
};

struct RunOptions {
  std::string config_file;
  std::string storage_path = "data";
  std::vector<std::string> listen_addresses = {":9909"};
  std::string web_config_file;
  std::string external_url;
  std::string route_prefix;
  bool shadow = false;
  bool allow_anonymous = false;
  std::vector<std::string> features;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  AlertmanagerRunFlags alertmanager;
};
int RunDaemon(const RunOptions& options, const Environment& env);  // run.cc

struct ClientOptions {
  std::string url = "http://localhost:9909";
  std::string output = "table";  // table or json
};

struct SilenceOptions {
  std::vector<std::string> words;  // matchers; of expire: ids
  std::string start;               // "": now
  std::string end;                 // "": start + duration
  std::string duration = "1h";
  std::string comment;
  std::string by;          // "": $USER
  std::string recurrence;  // YAML: a list of time intervals
  std::string idle;        // a duration
  bool force = false;
  bool expired = false;
  int limit = 20;
};
// silence.cc
int RunSilenceList(const ClientOptions& client, const SilenceOptions& options);
int RunSilencePreview(const ClientOptions& client, const SilenceOptions& options);
int RunSilenceAdd(const ClientOptions& client, const SilenceOptions& options, Nanos now);
int RunSilenceExpire(const ClientOptions& client, const SilenceOptions& options);

struct ImportOptions {
  std::string directory;
  std::string config_file;
  std::string storage_path = "data";
  std::vector<std::string> features;
};
int RunStateImport(const ImportOptions& options, const Environment& env);  // state_import.cc

struct DemoOptions {
  std::vector<std::string> listen_addresses = {"127.0.0.1:9909"};
  std::string run_for;  // a duration; empty: until interrupted
};
int RunDemo(const DemoOptions& options, const Environment& env);  // demo.cc

enum class CheckKind { kConfig, kAlertmanager, kAnalytics, kIncidents, kBundle, kWebConfig };
int RunCheck(CheckKind kind, const std::vector<std::string>& files,
             const std::vector<std::string>& features);  // check.cc

struct CheckRulesOptions {
  std::vector<std::string> files;  // none: standard input
  std::string lint = "duplicate-rules";
  bool lint_fatal = false;
  bool ignore_unknown_fields = false;
  std::string url;  // of a server that never-fires asks; empty: none
  std::vector<std::string> features;
};
int RunCheckRules(const CheckRulesOptions& given);  // check_rules.cc

struct TestRulesOptions {
  std::vector<std::string> files;
  std::vector<std::string> run;  // regular expressions
  std::vector<std::string> features;
  std::string junit;  // a path; empty: none
  bool ignore_unknown_fields = false;
  bool diff = false;
  bool debug = false;
  bool coverage = false;
  double coverage_min = 0;  // percent
  bool watch = false;
};
int RunTestRules(const TestRulesOptions& given, const Environment& env);  // test_rules.cc

int RunTestPromql(const std::vector<std::string>& files, const Environment& env);  // test.cc
int RunTestRoute(const std::string& config_file, const std::vector<std::string>& labels);

struct TestReceiverOptions {
  std::string name;
  std::string config_file;  // an Alertmanager configuration; empty: ask the daemon
  std::string external_url = "http://localhost:9909";
  std::vector<std::string> labels;  // name=value
  std::vector<std::string> annotations;
  bool resolved = false;
};
int RunTestReceiver(const ClientOptions& client, const TestReceiverOptions& options,
                    const Environment& env);  // test_receiver.cc

struct TemplateRenderOptions {
  std::vector<std::string> globs;
  std::string text;
  std::string type = "text";  // text or html
  std::string data_file;      // JSON; empty: a sample
};
int RunTemplateRender(const TemplateRenderOptions& options, const Environment& env);  // template.cc

struct QueryOptions {
  std::string expr;
  std::string time;   // instant
  std::string start;  // range
  std::string end;
  std::string step;
};
int RunQueryInstant(const ClientOptions& client, const QueryOptions& query);  // query.cc
int RunQueryRange(const ClientOptions& client, const QueryOptions& query);

struct AlertsOptions {
  std::vector<std::string> matchers;  // of why: or one fingerprint
  std::string since;                  // of why and diff: RFC 3339 or Unix seconds; "": all
  int limit = 200;                    // of why and diff
  std::string alertmanager_url;       // of diff: whose groups are compared; "": none
};
int RunAlertsList(const ClientOptions& client, const AlertsOptions& options);  // alerts.cc
int RunAlertsWhy(const ClientOptions& client, const AlertsOptions& options);
int RunAlertsDiff(const ClientOptions& client, const AlertsOptions& options);

struct IncidentOptions {
  std::string id;
  std::string by;
  std::string note;
  std::string state;                    // filter of list
  std::string severity;                 // filter of list; the new one of severity and create
  std::optional<std::string> assignee;  // filter of list; of assign: "" for nobody
  std::optional<std::string> team;      // filters of list
  std::optional<std::string> service;
  std::vector<std::string> labels;  // of list: matchers; of create: name=value
  std::string from;
  std::string to;
  std::string text;
  int limit = 50;
  std::string snooze_for;  // of snooze: one of these
  std::string snooze_until;
  std::string into;   // of merge
  std::string title;  // of create
  std::string summary;
  std::string policy;
};
int RunIncidentList(const ClientOptions& client, const IncidentOptions& options,
                    Nanos now);  // incident.cc
int RunIncidentShow(const ClientOptions& client, const IncidentOptions& options, Nanos now);
// `verb`: acknowledge, investigate, resolve, reopen, unacknowledge, notes, wake, unmerge, confirm.
int RunIncidentAction(const ClientOptions& client, const std::string& verb,
                      const IncidentOptions& options);
// incident_changes.cc: `verb` is assign, severity, snooze or merge.
int RunIncidentChange(const ClientOptions& client, const std::string& verb,
                      const IncidentOptions& options);
int RunIncidentCreate(const ClientOptions& client, const IncidentOptions& options);
int RunIncidentStatistics(const ClientOptions& client);

struct AuditOptions {  // "" : all
  std::string from;
  std::string to;
  std::string subject;
  std::string kind;
  std::string by;
};
int RunAuditExport(const ClientOptions& client, const AuditOptions& options);  // audit.cc
// Of a daemon that runs, or, with its directory, of one that does not.
int RunStateVerify(const ClientOptions& client, const std::string& storage_path);

struct OnCallOptions {
  std::string schedule;   // of show
  std::string from;       // of show; "" : now
  std::string to;         // of show; "" : 14 days on
  std::string time_zone;  // the reader's; "" : this machine's
};
int RunOnCallNow(const ClientOptions& client, const OnCallOptions& options);  // oncall.cc
int RunOnCallShow(const ClientOptions& client, const OnCallOptions& options);

struct AnomalyOptions {
  std::string id;
  std::string entry;     // of list; empty: all
  double min_score = 1;  // of list
  int limit = 100;       // of list
  std::string span;      // of explain: how much of the past; empty: the server's choice
  bool related = true;   // of explain: look for series that moved with it
  std::string svg;       // of explain: a file for the picture
};
int RunAnomalyList(const ClientOptions& client, const AnomalyOptions& options,
                   Nanos now);  // anomaly.cc
int RunAnomalyExplain(const ClientOptions& client, const AnomalyOptions& options, Nanos now);
int RunSloList(const ClientOptions& client);  // slo.cc
int RunSloShow(const ClientOptions& client, const std::string& name);

// What is kept for whom; at most `limit` rows of a table, 0: all.
int RunStateSeries(const ClientOptions& client, int limit);  // state.cc

struct BacktestCommand {
  std::vector<std::string> rule_files;
  std::vector<std::string> analytics_files;  // in place of rules
  std::vector<std::string> inputs;           // text files of samples; empty: ask the server
  std::string source_api = "auto";           // of the server: auto, remote_read or query
  std::string http_config_file;              // how to reach the server
  std::vector<std::string> headers;          // name=value, sent to it
  std::string start;
  std::string end;
  std::string evaluation_interval = "15s";
  std::string block = "4h";
  std::string alertmanager_file;
  std::string silences_file;
  std::string external_url;
  std::vector<std::string> external_labels;  // name=value
  std::string write_state;                   // storage.path of a stopped daemon; empty: nowhere
  std::string config_file;                   // of that daemon; empty: not looked at
  bool replace_newer = false;                // states that hold newer samples than the history
  std::vector<std::string> drop_labels;      // name or name=value
  std::vector<std::string> features;
  std::string flap_window = "15m";
  std::string short_firing = "5m";
  int limit = 20;
  bool quiet = false;
};
int RunBacktestCommand(const ClientOptions& client, const BacktestCommand& command,
                       const Environment& env);  // backtest.cc
int RunAnalyticsBacktestCommand(const ClientOptions& client, const BacktestCommand& command,
                                const Environment& env);  // backtest_analytics.cc

struct EvaluateAnomalyOptions {
  std::string directory;
  std::string detector = "seasonal";
  double risk = 1e-4;
  double threshold = 0;  // 0: by risk
  std::string direction = "both";
  std::string half_life;  // empty: the default of the detectors
  std::string rest;
  std::string time_zone = "UTC";
  std::string write_scores;  // a directory; empty: nowhere
  std::string output = "table";
};
int RunEvaluateAnomaly(const EvaluateAnomalyOptions& given);  // evaluate.cc

struct EvaluateRecommendOptions {
  std::string directory;
  std::vector<std::string> policies;  // empty: all, and how others recommend
  uint64_t seed = 1;
  std::string output = "table";
};
int RunEvaluateRecommend(const EvaluateRecommendOptions& given);  // evaluate_recommend.cc

struct CostCommand {
  std::string by = "workload";  // workload, namespace (as now), or team, node … (as counted)
  std::string window = "24h";   // of what was counted
  std::string namespace_name;   // empty: all
  int limit = 0;                // rows; 0: all
};
int RunCost(const ClientOptions& client, const CostCommand& options);  // cost.cc
int RunCostAllocation(const ClientOptions& client,
                      const CostCommand& options);  // cost_allocation.cc

struct RecommendCommand {
  std::string format = "table";  // a name of exporter/advice/formats.h
  // Filters; empty lets everything pass.
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;  // one alone is also that of manifests that name none
  std::vector<std::string> workloads;
  std::vector<std::string> kinds;
  std::vector<std::string> containers;
  std::vector<std::string> severities;
  std::string min_savings;
  bool only_with_data = false;
  std::string sort = "workload";
  int limit = 0;            // rows; 0: all
  std::string input;        // a file with an answer of the API; empty: ask the daemon
  std::string output_dir;   // a file per workload there
  std::string output_file;  // in place of standard output
  std::string manifest;     // a file to patch; "-": standard input
  bool diff = false;        // of the manifest, in place of the whole
  bool summary = false;     // the text of the weekly summary
};
int RunRecommend(const ClientOptions& client, const RecommendCommand& options);  // recommend.cc

struct WhatIfOptions {
  std::string provider;
  std::string region;
  std::string family;
  std::string spot;      // a share: 0.5 or 50%
  std::string replicas;  // of every workload that is selected
  std::string basis = "current";
  std::string namespace_name;
  std::string workload;
  int limit = 20;  // rows, the largest differences; 0: all
};
int RunCostWhatIf(const ClientOptions& client, const WhatIfOptions& options);  // cost_what_if.cc

struct PricesOptions {
  std::string instance_type;
  std::string provider;
  std::string region;
  std::string cores;
  std::string memory_gib;
  std::string gpus;
  bool spot = false;
};
int RunCostPrices(const ClientOptions& client, const PricesOptions& options);  // cost_what_if.cc

std::string VersionText();  // version.cc, and the next
int RunVersion();

}  // namespace outrider
