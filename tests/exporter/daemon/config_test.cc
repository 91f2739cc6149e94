// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/config.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Config, AnEmptyFileIsTheDefaults) {
  const auto config = ParseConfig("", "outrider.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->global.evaluation_interval, 15 * kSecond);
  EXPECT_EQ(config->storage.retention, kDay);
  EXPECT_EQ(config->storage.wal_sync, 100);
  EXPECT_EQ(config->storage.memory_limit_bytes, 1 << 30);
  EXPECT_EQ(config->cost.pricing.provider, "aws");
  EXPECT_TRUE(config->alertmanager_file.empty());
}

TEST(Config, Alerting) {
  const auto config = ParseConfig(R"(
alerting:
  fixes: [refire_after_silence, repeat_on_time]
  retention: 240h
  alerts_per_name: 1000
  flap_damping: {changes: 3, within: 5m, hold: 1m}
  silences: {max_silences: 10, max_size: 4KiB, max_matching: 100, max_matching_share: 0.5, max_duration: 30d}
)",
                                  "outrider.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->alerting.fixes, (AlertingFixes{true, true, false}));
  DeskLimits limits;
  limits.silences = {10, 4096, 100, 0.5, 30 * kDay};
  limits.alerts_per_name = 1000;
  limits.retention = 240 * kHour;
  limits.damping = {3, 5 * kMinute, kMinute};
  EXPECT_EQ(config->alerting.limits, limits);
  EXPECT_EQ(ParseConfig("", "o.yml")->alerting.fixes, AlertingFixes());
  const std::pair<const char*, const char*> bad[] = {
      {"alerting: {fixes: [all_of_it]}", "o.yml:1:19: fixes: all_of_it is no fix; there are"},
      {"alerting: {silences: {max_matching_share: 2}}", "must be between 0 and 1"},
      {"alerting: {silences: {max_silences: -1}}", "must not be negative"},
      {"alerting: {silences: {maximum: 1}}", "field maximum not found"},
      {"alerting: {retention: 0s}", "retention must be more than 0"},
  };
  for (const auto& [text, part] : bad) {
    EXPECT_NE(Message(ParseConfig(text, "o.yml").status()).find(part), std::string::npos)
        << text << ParseConfig(text, "o.yml").status();
  }
}

TEST(Config, AnAlertmanagerFileStandsAlone) {
  const auto config = ParseConfig(
      "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://secret'}]}]",
      "/etc/alertmanager.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->alertmanager_file, "/etc/alertmanager.yml");
  EXPECT_TRUE(config->rule_files.empty());
  EXPECT_EQ(config->text.find("secret"), std::string::npos);
}

TEST(Config, ReadsEverySection) {
  const auto config = ParseConfig(R"(
global: {evaluation_interval: 5s, rule_query_offset: 1m, external_labels: {cluster: demo}}
rule_files: ["rules/*.yml"]
analytics_files: [a.yml]
bundle_files: [b.yml]
alerting:
  config_file: alertmanager.yml
  resend_delay: 30s
  alertmanagers:
  - static_configs: [{targets: ['am:9093']}]
    basic_auth: {username: u, password: hush-hush}
incidents: {config_file: /etc/incidents.yml}
rules:
  strict: true
  startup_hold: 1m
  max_concurrent_evaluations: 4
  wait_for_data: false
  no_data: 1h
  groups: [{name: g, wait_for_data: true, max_wait: 2s}, {name: g, file: rules/a.yml, no_data: keep}]
analytics:
  interval: 30s
  workload_alerts: {enabled: true, minimum_confidence: 0.8, types: [memory_leak, restart_loop]}
cost:
  provider: gcp
  region: us-east1
  cpu_core_hour: 0.02
  memory_gib_hour: 0.003
  gpu_hour: 1.5
  discount: 30%
  negotiated_discount: 0.1
  spot_discount: 60%
  prices_from_stream: false
  prices_file: prices.yml
  opencost_prices_file: /etc/opencost/default.json
  opencost_csv_file: prices.csv
  opencost_prices_monthly: true
  currency: {code: EUR, rate: 0.92}
  carbon: {core_idle_watts: 1, core_max_watts: 4, gib_watts: 0.3, gpu_watts: 200, utilisation: 0.4,
    pue: 1.2, grams_per_kwh: 100}
  on_prem: {server_price: 15000, years: 5, interest: 0.08, idle_watts: 200, max_watts: 450,
    utilisation: 0.5, pue: 1.6, kwh_price: 0.2, maintenance: 0.1, rack_month: 150, network_year: 10,
    admin_year: 20, servers: 4, cores: 128, memory_gib: 512, gpus: 1, core_to_gib_ratio: 9,
    gpu_to_gib_ratio: 90}
  minimum_coverage: 5m
  workloads:
  - {kind: Job, name: job_name, namespace: dc, instance: host, cpu: 'job_cpu_seconds_total{mode!="idle"}',
     memory: job_rss_bytes}
ingest:
  max_in_flight: 128MiB
  out_of_order_window: 10m
  sender_header: X-Scope-OrgID
  limits: {series: 1, series_per_sender: 2, samples_per_second: 3, label_names: 4,
    label_name_length: 5, label_value_length: 6, body_size: 7MiB}
  ha_dedup: {enabled: true, cluster_label: dc, replica_label: prometheus, failover_timeout: 1m}
storage: {retention: 12h, unreferenced_retention: 0, min_free: 1GiB, wal_segment_size: 8MiB,
  wal_sync: 250ms, memory_limit: 300MiB, decoded_cache: 5MiB}
query:
  lookback_delta: 1m
  timeout: 30s
  max_samples: 1000
  max_concurrency: 3
  features: [promql-experimental-functions, promql-delayed-name-removal, use-start-timestamps]
)",
                                  "/etc/outrider/outrider.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->global.external_labels.ToString(), "{cluster=\"demo\"}");
  EXPECT_EQ(config->alertmanager_file, "/etc/outrider/alertmanager.yml");
  EXPECT_EQ(config->incidents_file, "/etc/incidents.yml");
  EXPECT_EQ(config->rules.max_concurrent_evaluations, 4);
  const GroupPolicies& policies = config->rules.policies;
  EXPECT_FALSE(policies.For("/etc/outrider/rules/a.yml", "other").wait_for_data);
  EXPECT_TRUE(policies.For("/etc/outrider/rules/a.yml", "g").wait_for_data);
  EXPECT_EQ(policies.For("/etc/outrider/rules/b.yml", "g").max_wait, 2 * kSecond);
  EXPECT_EQ(policies.For("/etc/outrider/rules/b.yml", "g").no_data, (NoDataPolicy{true, kHour}));
  EXPECT_EQ(policies.For("/etc/outrider/rules/a.yml", "g").no_data, (NoDataPolicy{true, 0}));
  ASSERT_EQ(config->relay.targets.size(), 1U);
  EXPECT_EQ(config->relay.targets[0].url, "http://am:9093/api/v2/alerts");
  EXPECT_EQ(config->relay.resend_delay, 30 * kSecond);
  EXPECT_EQ(config->text.find("hush-hush"), std::string::npos);
  EXPECT_NE(config->text.find("username: u"), std::string::npos);
  EXPECT_TRUE(ParseConfig(config->text, "shown.yml").ok()) << config->text;
  EXPECT_EQ(config->workload_alerts,
            (WorkloadAlertOptions{.enabled = true,
                                  .minimum_confidence = .8,
                                  .types = {FindingType::kMemoryLeak, FindingType::kRestartLoop}}));
  EXPECT_EQ(config->cost.minimum_coverage, 5 * kMinute);
  ASSERT_EQ(config->cost.workloads.size(), 1U);
  const WorkloadSource& jobs = config->cost.workloads[0];
  EXPECT_EQ(jobs.kind + jobs.name_label + jobs.namespace_label + jobs.instance_label,
            "Jobjob_namedchost");
  EXPECT_EQ(jobs.cpu.size(), 2U);
  EXPECT_EQ(jobs.memory.size(), 1U);
  const PricingOptions& pricing = config->cost.pricing;
  EXPECT_EQ(pricing.core_hour, 0.02_usd);
  EXPECT_EQ(pricing.gib_hour, 0.003_usd);
  EXPECT_EQ(pricing.gpu_hour, 1.5_usd);
  EXPECT_EQ(pricing.discount, 0.3_dec);
  EXPECT_EQ(pricing.negotiated_discount, 0.1_dec);
  EXPECT_EQ(pricing.spot_discount, 0.6_dec);
  EXPECT_FALSE(pricing.prices_from_stream);
  EXPECT_EQ(pricing.prices_file, "/etc/outrider/prices.yml");
  EXPECT_EQ(pricing.opencost_prices_file, "/etc/opencost/default.json");
  EXPECT_EQ(pricing.opencost_csv_file, "/etc/outrider/prices.csv");
  EXPECT_TRUE(pricing.opencost_prices_monthly);
  EXPECT_EQ(pricing.currency, (Currency{"EUR", 0.92_dec}));
  EXPECT_EQ(pricing.carbon, (CarbonOptions{1, 4, .3, 200, .4, 1.2, 100}));
  ASSERT_TRUE(pricing.on_prem.has_value());
  EXPECT_EQ(*pricing.on_prem, (OnPremOptions{15000, 5, .08, 200, 450, .5, 1.6, .2, .1, 150, 10, 20,
                                             4, 128_dec, 512_dec, 1_dec, 9, 90}));
  EXPECT_EQ(config->ingest.max_in_flight_bytes, 128 << 20);
  EXPECT_EQ(config->ingest.out_of_order_window, 10 * kMinute);
  EXPECT_EQ(config->ingest.sender_header, "X-Scope-OrgID");
  EXPECT_EQ(config->ingest.limits, (Config::Limits{.series = 1,
                                                   .series_per_sender = 2,
                                                   .samples_per_second = 3,
                                                   .label_names = 4,
                                                   .label_name_length = 5,
                                                   .label_value_length = 6,
                                                   .body_bytes = 7 << 20}));
  EXPECT_EQ(config->ingest.ha_dedup, (Config::HaDedup{.enabled = true,
                                                      .cluster_label = "dc",
                                                      .replica_label = "prometheus",
                                                      .failover_timeout = kMinute}));
  EXPECT_EQ(config->storage.unreferenced_retention, 0);
  EXPECT_EQ(config->storage.wal_sync, 250);
  EXPECT_EQ(config->storage.memory_limit_bytes, 300 << 20);
  EXPECT_EQ(config->storage.decoded_cache_bytes, 5 << 20);
  EXPECT_EQ(config->query.max_samples, 1000);
  EXPECT_EQ(config->query.features, (promql::Features{.parser = {.experimental_functions = true},
                                                      .delayed_name_removal = true,
                                                      .use_start_timestamps = true}));
  EXPECT_EQ(config->query.max_concurrency, 3);
}

TEST(Config, ExternalLabelsMayHaveAnyName) {
  const auto config = ParseConfig("global: {external_labels: {a b: c, ü: d}}\n", "o.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->global.external_labels.Get("a b"), "c");
  EXPECT_EQ(config->global.external_labels.Get("ü"), "d");
}

TEST(Config, ErrorsNameThePlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"globl: {}\n", "o.yml:1:1: field globl not found in the configuration"},
      {"global: {x: 1}\n", "o.yml:1:10: field x not found in section global"},
      {"global: {evaluation_interval: 0}\n", "o.yml:1:31: evaluation_interval must be more than 0"},
      {"global: {external_labels: {'': c}}\n", "o.yml:1:27: \"\" is not a valid label name"},
      {"storage: {retention: 1s}\n", "o.yml:1:22: retention must be at least 1m"},
      {"storage: {wal_sync: 2h}\n", "o.yml:1:21: wal_sync must be at most 1h"},
      {"storage: []\n", "o.yml:1:10: section storage must be a map of keys and values"},
      {"query: {max_samples: 0}\n", "o.yml:1:22: max_samples must be at least 1"},
      {"query: {features: [promql-fast]}\n",
       "o.yml:1:19: unknown feature \"promql-fast\"; there are promql-binop-fill-modifiers, "},
      {"query: {max_concurrency: 0}\n", "o.yml:1:26: max_concurrency must be at least 1"},
      {"cost: {provider: mars}\n", "o.yml:1:18: unknown provider"},
      {"cost: {region: mars}\n", "o.yml:1:16: "},
      {"cost: {workloads: 5}\n", "o.yml:1:19: workloads must be a list"},
      {"cost: {workloads: [{name: a}]}\n", "o.yml:1:20: kind must be given"},
      {"cost: {workloads: [{kind: A, name: a-b}]}\n",
       "o.yml:1:36: name must be the name of a label"},
      {"cost: {workloads: [{kind: A, name: a, cpu: 'rate(x[5m])'}]}\n",
       "o.yml:1:44: cpu must be a selector"},
      {"cost: {workloads: [{kind: A, name: a, cpu: 'x{'}]}\n", "o.yml:1:44: cpu: "},
      {"cost: {workloads: [{kind: A, name: a, memory_free: x}]}\n",
       "o.yml:1:52: memory_free needs memory"},
      {"cost: {workloads: [{kind: A, name: a, limit: x}]}\n", "o.yml:1:39: field limit not found"},
      {"cost: {discount: 130%}\n", "o.yml:1:18: discount: \"130%\" is not between 0 and 1"},
      {"cost: {discount: much}\n", "o.yml:1:18: discount: \"much\" is neither a share"},
      {"cost: {cpu_core_hour: -1}\n", "o.yml:1:23: cpu_core_hour must not be negative"},
      {"cost: {memory_gib_hour: [1]}\n", "o.yml:1:25: memory_gib_hour: a number is needed here"},
      {"cost: {currency: {code: EUR}}\n", "o.yml:1:25: a currency other than USD needs rate"},
      {"cost: {currency: {code: euro, rate: 1}}\n", "o.yml:1:25: code must be a currency's three"},
      {"cost: {currency: {code: EUR, rate: 0}}\n", "o.yml:1:36: rate must be more than 0"},
      {"cost: {on_prem: {}}\n", "o.yml:1:17: on_prem needs server_price"},
      {"cost: {on_prem: {server_price: 9, pue: 0.5}}\n", "o.yml:1:40: pue must be between 1"},
      {"cost: {on_prem: {watts: 9}}\n", "o.yml:1:17: on_prem needs server_price"},
      {"cost: {carbon: {pue: 0.5}}\n", "o.yml:1:22: pue must be between 1 and 10"},
      {"cost: {carbon: {grid: 5}}\n", "o.yml:1:17: field grid not found in section cost.carbon"},
      {"ingest: {max_in_flight: 5}\n", "o.yml:1:25: max_in_flight must be at least 64MiB"},
      {"ingest: {sender_header: 'X-A: b'}\n",
       "o.yml:1:25: sender_header must be the name of a request header"},
      {"ingest: {limits: {serie: 5}}\n", "o.yml:1:19: field serie not found in section limits"},
      {"ingest: {limits: {label_names: -1}}\n",
       "o.yml:1:32: label_names must not be negative; 0 is no limit"},
      {"ingest: {limits: {series: many}}\n", "o.yml:1:27: "},
      {"ingest: {limits: []}\n", "o.yml:1:18: section limits must be a map"},
      {"ingest:\n  ha_dedup: {enable: true}\n",
       "o.yml:2:14: field enable not found in section ha_dedup"},
      {"ingest: {ha_dedup: {replica_label: cluster}}\n",
       "o.yml:1:36: replica_label must be another label than cluster_label"},
      {"ingest: {ha_dedup: {cluster_label: ''}}\n", "o.yml:1:36: cluster_label must not be empty"},
      {"ingest: {ha_dedup: {replica_label: __name__}}\n",
       "o.yml:1:36: replica_label must not be the metric's name"},
      {"ingest: {ha_dedup: {failover_timeout: 0s}}\n",
       "o.yml:1:39: failover_timeout must be at least 1s"},
      {"rules: {no_data: perhaps}\n", "o.yml:1:18: no_data: \"perhaps\" is neither resolve, keep"},
      {"rules: {groups: [{wait_for_data: true}]}\n",
       "o.yml:1:18: name must be that of a rule group"},
      {"rules: {groups: [{name: g, wait: true}]}\n",
       "o.yml:1:28: field wait not found in rules.groups"},
      {"alerting: {alertmanagers: [{file_sd_configs: []}]}\n",
       "o.yml:1:29: alertmanagers: file_sd_configs is not supported yet"},
      {"analytics: {workload_alerts: {minimum_confidence: 2}}\n",
       "o.yml:1:51: minimum_confidence must be between 0 and 1"},
      {"analytics: {workload_alerts: {types: [cpu_fire]}}\n",
       "o.yml:1:38: cpu_fire is no type of finding"},
      {"analytics: {workload_alerts: {types: []}}\n", "o.yml:1:38: types must not be empty"},
      {"analytics: {warm_up: {history: 3d}}\n", "o.yml:1:22: warm_up needs the url of a server"},
      {"analytics: {warm_up: {url: prometheus}}\n", "o.yml:1:28: url"},
      {"analytics: {warm_up: {url: 'http://p', history: 1m}}\n", "o.yml:1:49: history must be"},
      {"analytics: {warm_up: {url: 'http://p', days: 3}}\n", "o.yml:1:40: field days not found"},
      {"analytics: {warm_up: {url: 'http://p', source_api: sql}}\n", "o.yml:1:52: source_api"},
      {"analytics: {warm_up: {url: 'http://p', http_config: {bearer: x}}}\n",
       "o.yml:1:54: field bearer not found"},
      {"analytics: {workload_alerts: {on: true}}\n",
       "o.yml:1:31: field on not found in section workload_alerts"},
      {"rule_files: x\n", "o.yml:1:13: rule_files must be a list of texts"},
      {"scrape_configs: []\n",
       "o.yml:1:17: scrape_configs: this is a Prometheus configuration. Outrider"},
  };
  for (const auto& c : kCases) {
    const auto config = ParseConfig(c.text, "o.yml");
    ASSERT_FALSE(config.ok()) << c.text;
    EXPECT_EQ(Message(config.status()).rfind(c.error, 0), 0u) << Message(config.status());
  }
}

TEST(Config, ReadsWhereNewEntriesLearnFrom) {
  const auto config = ParseConfig(R"(analytics:
  warm_up:
    url: https://user:hidden@prom.example/prometheus
    history: 3d
    source_api: query
    drop_labels: [replica, cluster=a]
    labels: {cluster: b}
    http_config:
      basic_auth: {username: u, password: secret1}
      http_headers: {X-Scope-OrgID: {values: [team]}}
)",
                                  "o.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  const WarmUpConfig& warm_up = config->warm_up;
  EXPECT_EQ(warm_up.url, "https://user:hidden@prom.example/prometheus");
  EXPECT_EQ(warm_up.history, 3 * kDay);
  EXPECT_EQ(warm_up.api, SourceApi::kQuery);
  ASSERT_EQ(warm_up.drop_labels.size(), 2U);
  EXPECT_EQ(warm_up.drop_labels[1].value, "a");
  EXPECT_EQ(warm_up.labels.size(), 1U);
  EXPECT_EQ(warm_up.http.headers.size(), 1U);
  EXPECT_EQ(warm_up.http.basic_password.value, "secret1");
  for (const char* secret : {"hidden", "secret1"}) {
    EXPECT_EQ(config->text.find(secret), std::string::npos) << config->text;
  }
  EXPECT_NE(config->text.find("3d"), std::string::npos);
}

}  // namespace
}  // namespace outrider
