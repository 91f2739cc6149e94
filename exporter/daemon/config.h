// SPDX-License-Identifier: Apache-2.0
// outrider.yml as values. Every section has working defaults: an empty file is a valid
// configuration. Source: design/contract.md "Configuration"; docs/configuration.md lists every key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exporter/daemon/summary_config.h"
#include "exporter/daemon/warm_up_config.h"
#include "notifiers/desk/limits.h"
#include "notifiers/outbox/delivery_config.h"
#include "notifiers/relay/relay_config.h"
#include "notifiers/route/fixes.h"
#include "rules/alerting/group_policy.h"
#include "rules/capacity/recommend_options.h"
#include "rules/capacity/workload_source.h"
#include "rules/cost/cost_settings.h"
#include "rules/pricing/pricing_options.h"
#include "rules/promql/features.h"
#include "rules/workloads/workload_alerts.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"

namespace outrider {

// Of --enable-feature, as in Prometheus: the same as global.reload_on_change.
inline constexpr const char* kAutoReloadFeature = "auto-reload-config";

struct Config {
  struct Global {
    DurationMs evaluation_interval = 15 * kSecond;
    DurationMs query_offset = 0;  // rule_query_offset
    Labels external_labels;
    bool reload_on_change = false;  // of the files of the configuration
  };
  struct Rules {
    bool strict = false;                    // an error in one expression refuses the load
    DurationMs startup_hold = 5 * kMinute;  // how long restored alerts wait for current data
    int64_t max_concurrent_evaluations = 2;
    GroupPolicies policies;  // a reload changes them
    bool NeedsRestart(const Rules& running) const {
      return strict != running.strict || startup_hold != running.startup_hold ||
             max_concurrent_evaluations != running.max_concurrent_evaluations;
    }
    friend bool operator==(const Rules&, const Rules&) = default;
  };
  struct Analytics {
    DurationMs interval = 15 * kSecond;
    friend bool operator==(const Analytics&, const Analytics&) = default;
  };
  struct Cost {
    std::vector<WorkloadSource> workloads;  // own ones, without Kubernetes
    PricingOptions pricing;                 // what things cost; a reload changes it
    CostSettings options;                   // allocation, budgets; a reload changes them
    DurationMs minimum_coverage = kHour;    // of usage before a recommendation is made
    RecommendOptions recommendations;
    bool NeedsRestart(const Cost& running) const {
      return minimum_coverage != running.minimum_coverage || workloads != running.workloads ||
             recommendations != running.recommendations;
    }
    friend bool operator==(const Cost&, const Cost&) = default;
  };
  // Of senders; 0: no such limit.
  struct Limits {
    int64_t series = 0;  // of the whole daemon
    int64_t series_per_sender = 0;
    int64_t samples_per_second = 0;
    int64_t label_names = 0;
    int64_t label_name_length = 0;
    int64_t label_value_length = 0;
    int64_t body_bytes = 0;  // body_size
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  struct HaDedup {
    bool enabled = false;
    std::string cluster_label = "cluster";
    std::string replica_label = "__replica__";
    DurationMs failover_timeout = 30 * kSecond;
    friend bool operator==(const HaDedup&, const HaDedup&) = default;
  };
  // What stands in `alerting` beside the file and the external Alertmanagers. A reload changes it.
  struct Alerting {
    AlertingFixes fixes;
    DeskLimits limits;
    MatcherMode matcher_mode = MatcherMode::kFallback;  // set by --enable-feature only
  };
  struct Ingest {
    int64_t max_in_flight_bytes = 256
                                  << 20;  // bodies in memory at once; beyond, senders are put off
    DurationMs out_of_order_window = 5 * kMinute;  // behind a series' newest sample; 0: none
    std::string sender_header;                     // names the sender; "": the remote address
    Limits limits;
    HaDedup ha_dedup;
    friend bool operator==(const Ingest&, const Ingest&) = default;
  };
  struct Storage {
    DurationMs retention = kDay;
    DurationMs unreferenced_retention = 6 * kHour;
    int64_t memory_limit_bytes = 1 << 30;     // of the windows; 0: none
    int64_t decoded_cache_bytes = 128 << 20;  // of samples that are read again and again; 0: none
    int64_t min_free_bytes = 256 << 20;
    int64_t segment_bytes = 64 << 20;
    DurationMs wal_sync = 100;  // how long a record may be off the disk; 0: not at all when acked
    friend bool operator==(const Storage&, const Storage&) = default;
  };
  struct Query {
    DurationMs lookback = 5 * kMinute;
    DurationMs timeout = 2 * kMinute;
    int64_t max_samples = 50'000'000;
    promql::Features features;
    int64_t max_concurrency = 20;
    friend bool operator==(const Query&, const Query&) = default;
  };

  std::string file;  // where it came from; "" for the defaults
  std::string text;  // as read; with secrets in it, written anew without them
  Global global;
  std::vector<std::string> rule_files;  // globs, resolved against the file's directory
  std::vector<std::string> analytics_files;
  std::vector<std::string> bundle_files;
  std::string alertmanager_file;  // "" for none
  Alerting alerting;
  DeliveryConfig delivery;                  // alerting.delivery; a reload changes it
  DurationMs history_retention = 7 * kDay;  // alerting.history_retention; 0: none is kept
  RelayConfig relay;
  // alerting.webhooks: of those made by API.
  std::vector<std::string> webhook_networks;  // allowed beside the open Internet; a reload changes
  DurationMs webhook_log_retention = 30 * kDay;
  std::string incidents_file;
  Rules rules;
  Analytics analytics;
  WarmUpConfig warm_up;                  // analytics.warm_up; a reload changes it
  WorkloadAlertOptions workload_alerts;  // analytics.workload_alerts; a reload changes them
  Cost cost;
  SummaryConfig summary;     // cost.summary; a reload changes it
  bool vpa_metrics = false;  // cost.vpa_metrics; a reload changes it
  Ingest ingest;
  Storage storage;
  Query query;
};

// Errors carry file:line:column. A pasted prometheus.yml is told that Outrider does not scrape. An
// alertmanager.yml (`route` at the top) is read as a configuration that names it as its
// alerting.config_file and leaves the rest at its defaults.
StatusOr<Config> ParseConfig(std::string_view text, const std::string& file);
StatusOr<Config> LoadConfig(const std::string& file);

}  // namespace outrider
