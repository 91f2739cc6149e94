// SPDX-License-Identifier: Apache-2.0
// Everything a running daemon owns, in the order of construction: what stands further down uses
// what stands above and is destroyed first.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/access/access_control.h"
#include "exporter/access/token_store.h"
#include "exporter/advice/vpa_series.h"
#include "exporter/api/am_meter.h"
#include "exporter/api/directory.h"
#include "exporter/api/query_gate.h"
#include "exporter/daemon/app.h"
#include "exporter/daemon/loader.h"
#include "exporter/daemon/notification_setup.h"
#include "exporter/daemon/reload_event.h"
#include "exporter/daemon/source_files.h"
#include "exporter/daemon/summary_sender.h"
#include "exporter/daemon/warm_up.h"
#include "exporter/ingest/ingest_store.h"
#include "notifiers/desk/desk.h"
#include "notifiers/hooks/hook_channel.h"
#include "notifiers/hooks/hook_store.h"
#include "notifiers/outbox/dispatcher.h"
#include "notifiers/relay/relay.h"
#include "notifiers/transport/call_limits.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/smtp_client.h"
#include "rules/alerting/rule_manager.h"
#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/derived_table.h"
#include "rules/capacity/capacity_engine.h"
#include "rules/cost/cost_engine.h"
#include "rules/cost/optimize_runs.h"
#include "rules/pricing/pricing_engine.h"
#include "rules/promql/engine.h"
#include "rules/slo/slo_engine.h"
#include "rules/workloads/workload_engine.h"
#include "rules/workloads/workload_monitor.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/state/state_store.h"
#include "storage/window/kept_report.h"

namespace outrider {

// What the last load or reload gave; for /metrics, the API and the page.
struct LoadOutcome {
  Config config;
  bool ok = true;
  std::string error;    // of the last reload, "" when it went well
  Nanos loaded_at = 0;  // of the last good load
  bool default_receiver = false;
};

struct Services {
  // Opens state and windows and builds everything; nothing runs yet. `external_url` may be empty
  // until the port is known: see SetExternalUrl. `given_state` in place of the one on disk.
  static StatusOr<std::unique_ptr<Services>> Make(const LoadedFiles& files,
                                                  const AppOptions& options,
                                                  const std::string& external_url,
                                                  const Clock& clock, Random& random,
                                                  std::unique_ptr<StateStore> given_state = {});
  // A start that failed does not read the log to its end first.
  ~Services();
  // Replays the log, then loads the rules with their alert states. Blocks. `sources`: as they were
  // before the files were read.
  Status Load(LoadedFiles files, SourceFiles sources);
  // All or nothing: on an error everything is as it was, access and webhooks too. Unavailable
  // before Load has ended. The audit trail has it, a refused one too.
  Status Reload(const std::string& config_file, const ReloadReason& reason);
  // Webhooks were made, deleted or changed by API: alerts find their way to them.
  Status ApplyHooks();
  // What people configure by API. All or nothing: what would make the configuration invalid changes
  // nothing, and is refused with the parser's message. Errors as ApplyChange's.
  Status EditDirectory(const DirectoryChange& change, const Caller& by);
  std::shared_ptr<const DirectoryView> Directory() const;
  // What webhooks send with; networks as of the last load.
  HookTools ToolsOfHooks() const;
  LoadOutcome Outcome() const;
  // Of the last load or attempt at a reload.
  SourceFiles Sources() const;
  // When the last reload failed though its files were good: the same may go well later.
  std::optional<Nanos> RefusedAt() const;
  // By kind of owner, as of the last CountKept(), which walks all series.
  UsageByKind Kept() const;
  void CountKept();

  const Clock& clock;
  Random& random;
  std::string external_url;
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<SmtpClient> smtp;
  CallLimits call_limits;                   // of attempts to notify
  std::unique_ptr<HttpClient> notify_http;  // the clients with them, for channels
  std::unique_ptr<SmtpClient> notify_smtp;
  std::unique_ptr<StateStore> state;
  std::unique_ptr<HookStore> hooks;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<TokenStore> tokens;
  std::unique_ptr<AccessControl> access;
  std::unique_ptr<IngestStore> store;
  promql::Engine engine;
  const promql::ParseOptions parser;
  QueryGate queries;  // of clients
  QueryGate reads;    // remote read: slow readers must not keep queries waiting
  AmMeter am_meter;   // of /api/v2
  DerivedTable derived;
  std::unique_ptr<PricingEngine> pricing;
  std::unique_ptr<CapacityEngine> capacity;
  std::unique_ptr<WorkloadEngine> workloads;  // fed by `capacity`
  std::unique_ptr<WorkloadMonitor> monitor;
  VpaSeries vpa_series{derived};  // used by the maintenance loop only
  std::unique_ptr<CostEngine> cost;
  std::unique_ptr<OptimizeRuns> runs;
  std::unique_ptr<SummarySender> summary;  // used by the maintenance loop only
  std::unique_ptr<AnalyticsEngine> analytics;
  std::unique_ptr<WarmUp> warm_up;  // of `analytics`
  std::unique_ptr<SloEngine> slos;
  std::unique_ptr<Relay> relay;  // to external Alertmanagers
  std::unique_ptr<RuleManager> rules;
  std::unique_ptr<Dispatcher> dispatcher;
  std::atomic<bool> ready{false};

 private:
  Services(const Clock& the_clock, Random& the_random, const Config& config,
           const AppOptions& options, std::string url);
  Status MakeReaders(const LoadedFiles& files, const AppOptions& options);
  Status MakeCost(const Config& config);
  // Reads the directory of the store and puts it into the files.
  Status LoadDirectoryInto(LoadedFiles* files);
  // What Directory() shows from now on; `files` are the merged ones. The objects have been merged
  // before without an error.
  void ShowDirectory(DirectoryObjects objects, const LoadedFiles& files);
  Status MakeAccess(const AppOptions& options, WebConfig web);
  RuleContext ContextOf(const Config& config) const;
  std::vector<SeriesReference> ReferencesOf(const LoadedFiles& files) const;
  // Puts the receivers and routes of the webhooks beside those of the files.
  Status AddHooks(const HookTools& tools, DeskConfig* config) const;
  // `files_good`: what went wrong is not in them.
  Status TryReload(const std::string& config_file, const ReloadReason& reason,
                   const SourceFiles& sources, bool* files_good)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  void Note(AuditEvent event);
  // With what the rules have of it.
  KnownRules WhatIsKnown() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);

  std::vector<std::string> features_;  // those of the command line
  std::string web_config_file_;        // the same
  AlertmanagerFlags flags_;            // the same
  std::vector<std::string> hook_networks_ ABSL_GUARDED_BY(hook_mutex_);
  mutable absl::Mutex hook_mutex_;
  Config running_;            // as started; written before any reload
  absl::Mutex reload_mutex_;  // one load or reload at a time
  bool loaded_ ABSL_GUARDED_BY(reload_mutex_) = false;
  // Of the last good load:
  KnownRules known_rules_ ABSL_GUARDED_BY(reload_mutex_);
  LoadCounts counts_ ABSL_GUARDED_BY(reload_mutex_);
  SourceFiles loaded_sources_ ABSL_GUARDED_BY(reload_mutex_);
  LoadedFiles people_;  // PeoplePart of the last good load; written at the start and in reloads
  mutable absl::Mutex directory_mutex_;
  std::shared_ptr<const DirectoryView> directory_ ABSL_GUARDED_BY(directory_mutex_);
  mutable absl::Mutex kept_mutex_;
  UsageByKind kept_ ABSL_GUARDED_BY(kept_mutex_);
  mutable absl::Mutex outcome_mutex_;
  LoadOutcome outcome_ ABSL_GUARDED_BY(outcome_mutex_);
  SourceFiles sources_ ABSL_GUARDED_BY(outcome_mutex_);
  std::optional<Nanos> refused_at_ ABSL_GUARDED_BY(outcome_mutex_);
  std::future<Status> loading_;  // of the store, from Make to Load; the last: it waits
};

}  // namespace outrider
