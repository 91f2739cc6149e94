// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/yaml_text.h"
#include "notifiers/transport/address_guard.h"
#include "rules/capacity/workload_source_config.h"
#include "storage/base/file.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kLargestWrite = 64 << 20;  // 32 MiB as sent and 32 MiB unpacked

// Reads one section with `read`, which takes the section's reader.
template <typename Read>
Status Section(YamlReader& parent, const std::string& file, std::string_view key, Read read) {
  const YamlNode* node = parent.Child(key);
  if (node == nullptr) return absl::OkStatus();
  YamlReader reader(*node, file, fmt::format("section {}", key));
  read(reader);
  return reader.Finish();
}

void ReadGlobal(YamlReader& r, Config::Global* global) {
  r.Duration("evaluation_interval", &global->evaluation_interval);
  r.Duration("rule_query_offset", &global->query_offset);
  r.Bool("reload_on_change", &global->reload_on_change);
  std::vector<std::pair<std::string, std::string>> labels;
  if (r.StringMap("external_labels", &labels)) {
    LabelsBuilder builder;
    for (const auto& [name, value] : labels) {
      if (name.empty() || !IsValidUtf8(name)) {  // since Prometheus 3 any UTF-8 text is a name
        r.Fail("external_labels", fmt::format("{} is not a valid label name", Quote(name)));
      }
      builder.Set(name, value);
    }
    global->external_labels = builder.Build();
  }
  if (global->evaluation_interval <= 0) {
    r.Fail("evaluation_interval", "evaluation_interval must be more than 0");
  }
}

void ReadLimits(YamlReader& r, Config::Limits* limits) {
  const std::pair<std::string_view, int64_t*> counts[] = {
      {"series", &limits->series},
      {"series_per_sender", &limits->series_per_sender},
      {"samples_per_second", &limits->samples_per_second},
      {"label_names", &limits->label_names},
      {"label_name_length", &limits->label_name_length},
      {"label_value_length", &limits->label_value_length},
  };
  for (const auto& [key, limit] : counts) {
    r.Int(key, limit);
    if (*limit < 0) r.Fail(key, fmt::format("{} must not be negative; 0 is no limit", key));
  }
  r.Size("body_size", &limits->body_bytes);
}

void ReadHaDedup(YamlReader& r, Config::HaDedup* ha) {
  r.Bool("enabled", &ha->enabled);
  r.String("cluster_label", &ha->cluster_label);
  r.String("replica_label", &ha->replica_label);
  r.Duration("failover_timeout", &ha->failover_timeout);
  if (ha->cluster_label.empty()) r.Fail("cluster_label", "cluster_label must not be empty");
  if (ha->replica_label.empty()) r.Fail("replica_label", "replica_label must not be empty");
  if (ha->cluster_label == ha->replica_label) {
    r.Fail("replica_label", "replica_label must be another label than cluster_label");
  }
  if (ha->replica_label == kMetricName) {
    r.Fail("replica_label", "replica_label must not be the metric's name");
  }
  if (ha->failover_timeout < kSecond) {
    r.Fail("failover_timeout", "failover_timeout must be at least 1s");
  }
}

bool IsHeaderName(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

void ReadIngest(YamlReader& r, const std::string& file, Config::Ingest* ingest) {
  r.Size("max_in_flight", &ingest->max_in_flight_bytes);
  r.Duration("out_of_order_window", &ingest->out_of_order_window);
  if (ingest->max_in_flight_bytes < kLargestWrite) {
    r.Fail("max_in_flight",
           "max_in_flight must be at least 64MiB: one largest body, packed and unpacked");
  }
  r.String("sender_header", &ingest->sender_header);
  if (!IsHeaderName(ingest->sender_header)) {
    r.Fail("sender_header", "sender_header must be the name of a request header");
  }
  Status status =
      Section(r, file, "limits", [&](YamlReader& inner) { ReadLimits(inner, &ingest->limits); });
  if (!status.ok()) r.Fail(status);
  status = Section(r, file, "ha_dedup",
                   [&](YamlReader& inner) { ReadHaDedup(inner, &ingest->ha_dedup); });
  if (!status.ok()) r.Fail(status);
}

void ReadStorage(YamlReader& r, Config::Storage* storage) {
  r.Duration("retention", &storage->retention);
  r.Duration("unreferenced_retention", &storage->unreferenced_retention);
  r.Size("memory_limit", &storage->memory_limit_bytes);
  r.Size("decoded_cache", &storage->decoded_cache_bytes);
  r.Size("min_free", &storage->min_free_bytes);
  r.Size("wal_segment_size", &storage->segment_bytes);
  r.Duration("wal_sync", &storage->wal_sync);
  if (storage->retention < kMinute) r.Fail("retention", "retention must be at least 1m");
  if (storage->segment_bytes < (1 << 20)) {
    r.Fail("wal_segment_size", "wal_segment_size must be at least 1MiB");
  }
  if (storage->wal_sync > kHour) r.Fail("wal_sync", "wal_sync must be at most 1h");
}

void ReadCost(YamlReader& r, const std::string& file, Config::Cost* cost) {
  ReadPricingOptions(r, file, &cost->pricing);
  ReadCostSettings(r, file, &cost->options);
  r.Duration("minimum_coverage", &cost->minimum_coverage);
  ReadWorkloadSources(r, file, &cost->workloads);
  ReadRecommendOptions(r, file, &cost->recommendations);
}

void ReadQuery(YamlReader& r, Config::Query* query) {
  r.Duration("lookback_delta", &query->lookback);
  r.Duration("timeout", &query->timeout);
  r.Int("max_samples", &query->max_samples);
  if (query->max_samples < 1) r.Fail("max_samples", "max_samples must be at least 1");
  std::vector<std::string> features;
  r.StringList("features", &features);
  for (const std::string& name : features) {
    const Status status = promql::EnableFeature(name, &query->features);
    if (!status.ok()) r.Fail("features", Message(status));
  }
  r.Int("max_concurrency", &query->max_concurrency);
  if (query->max_concurrency < 1) r.Fail("max_concurrency", "max_concurrency must be at least 1");
}

void ReadNoData(YamlReader& r, NoDataPolicy* policy) {
  std::string text;
  if (!r.String("no_data", &text)) return;
  StatusOr<NoDataPolicy> read = ParseNoDataPolicy(text);
  if (read.ok()) {
    *policy = *read;
  } else {
    r.Fail("no_data", "no_data: " + Message(read.status()));
  }
}

GroupOverride ReadOverride(YamlReader& r, const std::string& file) {
  GroupOverride special;
  GroupPolicy read;
  DurationMs max_wait = 0;
  r.String("name", &special.name);
  if (r.String("file", &special.file)) special.file = ResolveBeside(file, special.file);
  if (r.Bool("wait_for_data", &read.wait_for_data)) special.wait_for_data = read.wait_for_data;
  if (r.Duration("max_wait", &max_wait)) special.max_wait = max_wait;
  if (r.Has("no_data")) {
    ReadNoData(r, &read.no_data);
    special.no_data = read.no_data;
  }
  if (special.name.empty()) r.Fail("name", "name must be that of a rule group");
  return special;
}

void ReadRules(YamlReader& r, const std::string& file, Config::Rules* rules) {
  r.Bool("strict", &rules->strict);
  r.Duration("startup_hold", &rules->startup_hold);
  r.Int("max_concurrent_evaluations", &rules->max_concurrent_evaluations);
  if (rules->max_concurrent_evaluations < 1) {
    r.Fail("max_concurrent_evaluations", "max_concurrent_evaluations must be at least 1");
  }
  r.Bool("wait_for_data", &rules->policies.usual.wait_for_data);
  DurationMs max_wait = 0;
  if (r.Duration("max_wait", &max_wait)) rules->policies.usual.max_wait = max_wait;
  ReadNoData(r, &rules->policies.usual.no_data);
  const YamlNode* groups = r.Child("groups");
  if (groups == nullptr || groups->IsNull()) return;
  if (!groups->IsSequence()) r.Fail("groups", "rules.groups must be a list");
  for (const YamlNode& node : groups->items) {
    YamlReader inner(node, file, "rules.groups");
    rules->policies.overrides.push_back(ReadOverride(inner, file));
    if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
  }
}

void ReadWorkloadAlerts(YamlReader& r, WorkloadAlertOptions* alerts) {
  r.Bool("enabled", &alerts->enabled);
  r.Double("minimum_confidence", &alerts->minimum_confidence);
  const double confidence = alerts->minimum_confidence;
  const bool is_share = confidence >= 0 && confidence <= 1;  // NaN is none
  if (!is_share) {
    r.Fail("minimum_confidence", "minimum_confidence must be between 0 and 1");
  }
  std::vector<std::string> names;
  if (!r.StringList("types", &names)) return;
  alerts->types.clear();
  for (const std::string& name : names) {
    const auto type = ParseFindingType(name);
    if (!type) {
      r.Fail("types", fmt::format("{} is no type of finding: see docs/workloads.md", name));
    } else {
      alerts->types.push_back(*type);
    }
  }
  if (names.empty()) r.Fail("types", "types must not be empty: use enabled: false");
}

void ReadAnalytics(YamlReader& r, const std::string& file, Config* config) {
  r.Duration("interval", &config->analytics.interval);
  if (config->analytics.interval < kSecond) r.Fail("interval", "interval must be at least 1s");
  ReadWarmUp(r, file, &config->warm_up);
  const Status status = Section(r, file, "workload_alerts", [&](YamlReader& inner) {
    ReadWorkloadAlerts(inner, &config->workload_alerts);
  });
  if (!status.ok()) r.Fail(status);
}

size_t ReadCount(YamlReader& r, std::string_view key) {
  int64_t count = 0;
  r.Int(key, &count);
  if (count < 0) r.Fail(key, fmt::format("{} must not be negative; 0 is no limit", key));
  return static_cast<size_t>(std::max<int64_t>(count, 0));
}

void ReadSilenceLimits(YamlReader& r, SilenceLimits* limits) {
  limits->count = ReadCount(r, "max_silences");
  limits->matching = ReadCount(r, "max_matching");
  int64_t bytes = 0;
  r.Size("max_size", &bytes);
  limits->bytes = static_cast<size_t>(std::max<int64_t>(bytes, 0));
  r.Double("max_matching_share", &limits->share);
  const bool is_share = limits->share >= 0 && limits->share <= 1;  // NaN is none
  if (!is_share) r.Fail("max_matching_share", "max_matching_share must be between 0 and 1");
  r.Duration("max_duration", &limits->duration);
}

void ReadAlerting(YamlReader& r, const std::string& file, Config::Alerting* alerting) {
  std::vector<std::string> names;
  r.StringList("fixes", &names);
  if (StatusOr<AlertingFixes> fixes = ParseFixes(names); fixes.ok()) {
    alerting->fixes = *fixes;
  } else {
    r.Fail("fixes", "fixes: " + Message(fixes.status()));
  }
  r.Duration("retention", &alerting->limits.retention);
  if (alerting->limits.retention <= 0) r.Fail("retention", "retention must be more than 0");
  alerting->limits.alerts_per_name = ReadCount(r, "alerts_per_name");
  Status status = Section(r, file, "silences", [&](YamlReader& inner) {
    ReadSilenceLimits(inner, &alerting->limits.silences);
  });
  if (!status.ok()) r.Fail(status);
  status = Section(r, file, "flap_damping", [&](YamlReader& inner) {
    FlapDamping& damping = alerting->limits.damping;
    damping.changes = ReadCount(inner, "changes");
    inner.Duration("within", &damping.within);
    inner.Duration("hold", &damping.hold);
  });
  if (!status.ok()) r.Fail(status);
}

// Webhooks made by API.
void ReadWebhooks(YamlReader& alerting, const std::string& file, Config* config) {
  const Status status = Section(alerting, file, "webhooks", [&](YamlReader& r) {
    r.StringList("allowed_networks", &config->webhook_networks);
    const auto guard = AddressGuard::Make(config->webhook_networks);
    if (!guard.ok()) r.Fail("allowed_networks", Message(guard.status()));
    r.Duration("log_retention", &config->webhook_log_retention);
  });
  if (!status.ok()) alerting.Fail(status);
}

Status ReadSections(YamlReader& top, const std::string& file, Config* config) {
  TRY(Section(top, file, "global", [&](YamlReader& r) { ReadGlobal(r, &config->global); }));
  TRY(Section(top, file, "alerting", [&](YamlReader& r) {
    r.String("config_file", &config->alertmanager_file);
    ReadAlerting(r, file, &config->alerting);
    ReadRelayConfig(r, file, &config->relay);
    ReadDelivery(r, file, &config->delivery);
    r.Duration("history_retention", &config->history_retention);
    ReadWebhooks(r, file, config);
  }));
  TRY(Section(top, file, "incidents",
              [&](YamlReader& r) { r.String("config_file", &config->incidents_file); }));
  TRY(Section(top, file, "rules", [&](YamlReader& r) { ReadRules(r, file, &config->rules); }));
  TRY(Section(top, file, "analytics", [&](YamlReader& r) { ReadAnalytics(r, file, config); }));
  TRY(Section(top, file, "cost", [&](YamlReader& r) {
    ReadCost(r, file, &config->cost);
    ReadSummary(r, file, &config->summary);
    if (const Status status = TakeTeams(config->cost.options.teams, file, &config->summary);
        !status.ok()) {
      r.Fail(status);
    }
    r.Bool("vpa_metrics", &config->vpa_metrics);
  }));
  TRY(Section(top, file, "ingest", [&](YamlReader& r) { ReadIngest(r, file, &config->ingest); }));
  TRY(Section(top, file, "storage", [&](YamlReader& r) { ReadStorage(r, &config->storage); }));
  return Section(top, file, "query", [&](YamlReader& r) { ReadQuery(r, &config->query); });
}

// The text to show: what was read, as long as there can be no secret in it.
std::string ShownText(std::string_view text, const YamlNode& root) {
  const auto has = [&](std::string_view section, std::string_view key) {
    const YamlNode* node = root.Find(section);
    return node != nullptr && node->Find(key) != nullptr;
  };
  if (!has("alerting", "alertmanagers") && !has("analytics", "warm_up")) return std::string(text);
  YamlNode masked = root;
  for (auto& [name, section] : masked.entries) {
    for (auto& [key, value] : section.entries) {
      if (name.scalar == "alerting" && key.scalar == "alertmanagers") {
        value = MaskAlertmanagers(value);
      }
      if (name.scalar == "analytics" && key.scalar == "warm_up") value = MaskWarmUp(value);
    }
  }
  return WriteYaml(masked);
}

}  // namespace

StatusOr<Config> ParseConfig(std::string_view text, const std::string& file) {
  const YamlNode node = TRY(ParseYaml(text, file));
  for (const std::string_view key : {"scrape_configs", "remote_write", "scrape_config_files"}) {
    if (const YamlNode* found = node.Find(key)) {
      return YamlError(file, *found,
                       fmt::format("{}: this is a Prometheus configuration. Outrider does not "
                                   "scrape: let Prometheus remote-write to it "
                                   "(examples/prometheus.yml) and keep rule_files here",
                                   key));
    }
  }
  Config config;
  config.file = file;
  if (node.Find("route") != nullptr && node.Find("alerting") == nullptr) {
    config.alertmanager_file = file;  // its secrets are not in `text`
    config.text = fmt::format("alerting:\n  config_file: {}\n", file);
    return config;
  }
  YamlReader top(node, file, "the configuration");
  top.StringList("rule_files", &config.rule_files);
  top.StringList("analytics_files", &config.analytics_files);
  top.StringList("bundle_files", &config.bundle_files);
  TRY(ReadSections(top, file, &config));
  TRY(top.Finish());
  config.text = ShownText(text, node);
  config.alertmanager_file = ResolveBeside(file, config.alertmanager_file);
  config.incidents_file = ResolveBeside(file, config.incidents_file);
  return config;
}

StatusOr<Config> LoadConfig(const std::string& file) {
  const std::string text = TRY(ReadFile(file));
  return ParseConfig(text, file);
}

}  // namespace outrider
