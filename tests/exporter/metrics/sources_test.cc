// SPDX-License-Identifier: Apache-2.0
// Every source on one page: names, values, and promtool's judgement where it is installed.
#include "exporter/metrics/sources.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "exporter/api/query_gate.h"
#include "exporter/api/status.h"
#include "exporter/ingest/ingest_store.h"
#include "exporter/metrics/metrics_page.h"
#include "notifiers/desk/views.h"
#include "notifiers/relay/alertmanager_link.h"
#include "rules/alerting/rule_stats.h"
#include "rules/analytics/derived_table.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

constexpr DerivedMetric kSlope = {"outrider_trend_slope", "Slope of the linear trend, per second."};
constexpr DerivedMetric kCost = {"outrider_cost_dollars_per_hour", "Cost in dollars per hour."};

IngestStoreStats SampleIngest() {
  IngestStoreStats stats;
  stats.ready = true;
  stats.windows.series = 12;
  stats.remote_write.samples_accepted = 1000;
  stats.remote_write.samples_rejected = {{"out_of_order", 3}};
  stats.remote_write.series_refused = {{"no_name", 1}};
  stats.remote_write.requests = {{204, 10}, {400, 2}};
  SenderStats sender;
  sender.sender = "team-a";
  sender.series = 7;
  sender.samples_accepted = 70;
  sender.limited.at(static_cast<size_t>(SenderLimit::kSeriesPerSender)) = 4;
  stats.senders = {sender};
  stats.free_bytes = 5000;
  stats.min_free_bytes = 1000;
  stats.memory = {.used = 900, .limit = 1000, .unreferenced_retention = 3 * kHour, .held = false};
  stats.wal.syncs = 6;
  stats.wal.sync_nanos = kNanosPerSecond / 4;
  stats.ha_clusters = {{.cluster = "c", .elected = "r1", .changes = 2, .dropped = 9}};
  return stats;
}

RuleStats SampleRules() {
  RuleStats stats;
  RuleGroupStats group;
  group.rule_group = "rules/a.yml;g";
  group.rules = 2;
  group.evaluations_total = 7;
  group.failing_rules = 1;
  group.refused_samples_total = 4;
  group.last_data_wait_seconds = 1.5;
  group.data_wait_seconds_total = 6;
  group.data_complete_total = 3;
  group.data_late_total = 1;
  stats.groups.push_back(group);
  stats.evaluation_duration.count = 7;
  stats.evaluation_duration.quantiles = {{0.5, 0.001}, {0.9, 0.002}, {0.99, 0.003}};
  stats.group_duration.quantiles = {{0.5, 0.001}};
  stats.group_duration.buckets = {{0.01, 2}, {0.1, 5}};
  stats.group_duration.count = 6;
  stats.group_lag.quantiles = {{0.99, 0.125}};
  stats.no_data_alerts = 2;
  return stats;
}

QueryGateStats SampleQueries() {
  QueryGateStats stats;
  stats.queries = 3;
  stats.max_concurrent = 20;
  stats.queue_time.count = 8;
  stats.inner_eval.quantiles = {{0.5, 0.25}};
  return stats;
}

DeskStats SampleDesk() {
  DeskStats stats;
  stats.alerts[{"HighLoad", "critical", "active"}] = 2;
  stats.incidents[{IncidentState::kNew, Severity::kCritical}] = 1;
  SlaView view;
  view.met = 3;
  view.breached = 1;
  view.open_breaches = 1;
  view.breaches = 1;
  stats.sla[{SlaKind::kAcknowledge, Severity::kCritical}] = view;
  ShareView& db = stats.teams["db"];
  db.sla = stats.sla;
  db.incidents = stats.incidents;
  db.time_to_acknowledge.Observe(90);
  stats.services["postgres"] = db;
  stats.services["postgres"].sla[{SlaKind::kAcknowledge, Severity::kLow}] = view;
  stats.escalations[{"default", 1, "paged"}] = 4;
  stats.notifications[{"team", "webhook", "delivered"}] = 5;
  stats.outbox_rows = 1;
  stats.store.family_bytes = {{"alerts", 100}};
  return stats;
}

struct World {
  DerivedTable derived;
  IngestStoreStats ingest = SampleIngest();
  QueryGateStats queries = SampleQueries();
  QueryGateStats reads{.queries = 4, .max_concurrent = 10, .queue_time = {}, .inner_eval = {}};
  RuleStats rules = SampleRules();
  DeskStats desk = SampleDesk();
  HttpServerStats http;
  BuildInfo build;
  MetricsPage page;

  World() {
    derived.Add(kSlope, Labels{{"entry", "e"}, {"window", "5m"}, {"instance", "a"}}, 0.25);
    derived.Add(kCost, Labels{{"workload", "w"}, {"resource", "cpu"}}, 1.5);
    http.by_path_and_code[{"/api/v1/query", 200}] = 9;
    build.version = "0.1.0";
    page.Add([this](MetricSink& sink) { WriteIngestMetrics(ingest, sink); });
    page.Add([](MetricSink& sink) {
      WriteKeptMetrics({{"rule", {.series = 5, .samples = 50, .bytes = 500}}}, sink);
    });
    page.Add([this](MetricSink& sink) { WriteQueryMetrics(queries, reads, sink); });
    page.Add([this](MetricSink& sink) { WriteRuleMetrics(rules, sink); });
    page.Add([](MetricSink& sink) {
      LinkStats link;
      link.url = "http://am/api/v2/alerts";
      link.sent = 9;
      link.errors = 2;
      link.dropped = 3;
      link.queue = 4;
      WriteRelayMetrics({link}, sink);
    });
    page.Add([this](MetricSink& sink) { WriteDeskMetrics(desk, sink); });
    page.Add([this](MetricSink& sink) { WriteStoreMetrics(desk.store, sink); });
    page.Add([this](MetricSink& sink) { WriteHttpMetrics(http, sink); });
    page.Add([this](MetricSink& sink) { WriteDerivedMetrics(derived, sink); });
    page.Add([this](MetricSink& sink) { WriteBuildMetrics(build, sink); });
    page.Add([](MetricSink& sink) { WriteReloadMetrics({true, 1000 * kNanosPerSecond}, sink); });
    page.Add([](MetricSink& sink) { WriteProcessMetrics(sink); });
  }
  std::string Text() const { return WholeBody(page.Render("")); }
};

TEST(Sources, Lines) {
  const World world;
  const std::string text = "\n" + world.Text();
  for (const char* line : {
           "outrider_remote_write_samples_total 1000",
           "outrider_remote_write_rejected_samples_total{reason=\"out_of_order\"} 3",
           "outrider_remote_write_requests_total{code=\"204\"} 10",
           "outrider_series 12",
           "outrider_ingest_sender_series{sender=\"team-a\"} 7",
           "outrider_ingest_sender_samples_total{sender=\"team-a\"} 70",
           "outrider_ingest_limited_total{reason=\"series_per_sender\",sender=\"team-a\"} 4",
           "outrider_ha_elected_replica_info{cluster=\"c\",replica=\"r1\"} 1",
           "outrider_ha_elected_replica_changes_total{cluster=\"c\"} 2",
           "outrider_ha_dropped_samples_total{cluster=\"c\"} 9",
           "outrider_log_syncs_total{log=\"wal\"} 6",
           "outrider_log_sync_seconds_total{log=\"wal\"} 0.25",
           "outrider_window_memory_bytes 900",
           "outrider_window_memory_limit_held 0",
           "outrider_window_unreferenced_retention_seconds 10800",
           "outrider_window_kept_series{kind=\"rule\"} 5",
           "outrider_window_kept_bytes{kind=\"rule\"} 500",
           "prometheus_engine_queries 3",
           "prometheus_engine_queries_concurrent_max 20",
           "prometheus_engine_query_duration_seconds_count{slice=\"queue_time\"} 8",
           "prometheus_engine_query_duration_seconds{slice=\"inner_eval\",quantile=\"0.5\"} 0.25",
           "prometheus_remote_read_handler_queries 4",
           "prometheus_rule_group_rules{rule_group=\"rules/a.yml;g\"} 2",
           "prometheus_rule_evaluations_total{rule_group=\"rules/a.yml;g\"} 7",
           "prometheus_rule_evaluation_duration_seconds{quantile=\"0.9\"} 0.002",
           "outrider_alerts{alertname=\"HighLoad\",severity=\"critical\",state=\"active\"} 2",
           "outrider_incidents{severity=\"critical\",state=\"new\"} 1",
           "outrider_incidents{severity=\"low\",state=\"resolved\"} 0",
           "outrider_sla_breaches_total{kind=\"acknowledge\",severity=\"critical\"} 1",
           "outrider_sla_compliance_ratio{kind=\"acknowledge\",severity=\"critical\"} 0.75",
           "outrider_sla_open_breaches 1",
           "outrider_team_incidents{severity=\"critical\",state=\"new\",team=\"db\"} 1",
           "outrider_team_incidents{severity=\"low\",state=\"new\",team=\"db\"} 0",
           ("outrider_team_sla_breaches_total{kind=\"acknowledge\",severity=\"critical\","
            "team=\"db\"} 1"),
           ("outrider_team_sla_compliance_ratio{kind=\"acknowledge\",severity=\"critical\","
            "team=\"db\"} 0.75"),
           "outrider_team_sla_open_breaches{team=\"db\"} 1",
           "outrider_team_incident_time_to_acknowledge_seconds_sum{team=\"db\"} 90",
           "outrider_service_incidents{service=\"postgres\",state=\"new\"} 1",
           "outrider_service_sla_breaches_total{kind=\"acknowledge\",service=\"postgres\"} 2",
           "outrider_service_sla_breaches_total{kind=\"resolve\",service=\"postgres\"} 0",
           ("outrider_service_sla_compliance_ratio{kind=\"acknowledge\","
            "service=\"postgres\"} 0.75"),
           "outrider_storage_free_bytes 5000",
           "outrider_storage_min_free_bytes 1000",
           "outrider_escalations_total{outcome=\"paged\",policy=\"default\",tier=\"1\"} 4",
           ("outrider_notifications_total{integration=\"webhook\",outcome=\"delivered\","
            "receiver=\"team\"} 5"),
           "outrider_outbox_rows 1",
           "outrider_rule_group_failing_rules{rule_group=\"rules/a.yml;g\"} 1",
           "outrider_rule_group_refused_samples_total{rule_group=\"rules/a.yml;g\"} 4",
           "outrider_rule_group_last_data_wait_seconds{rule_group=\"rules/a.yml;g\"} 1.5",
           "outrider_rule_group_data_wait_seconds_total{rule_group=\"rules/a.yml;g\"} 6",
           "outrider_rule_group_data_waits_total{outcome=\"late\",rule_group=\"rules/a.yml;g\"} 1",
           "outrider_rules_without_data 2",
           "outrider_rule_group_lag_seconds{quantile=\"0.99\"} 0.125",
           "prometheus_notifications_sent_total{alertmanager=\"http://am/api/v2/alerts\"} 9",
           "prometheus_notifications_errors_total{alertmanager=\"http://am/api/v2/alerts\"} 2",
           "prometheus_notifications_dropped_total{alertmanager=\"http://am/api/v2/alerts\"} 3",
           "prometheus_notifications_queue_length{alertmanager=\"http://am/api/v2/alerts\"} 4",
           "prometheus_notifications_queue_capacity 10000",
           "prometheus_notifications_alertmanagers_discovered 1",
           "outrider_state_disk_bytes{family=\"alerts\"} 100",
           "outrider_http_requests_total{code=\"200\",handler=\"/api/v1/query\"} 9",
           "outrider_trend_slope{entry=\"e\",instance=\"a\",window=\"5m\"} 0.25",
           "outrider_build_info{version=\"0.1.0\"} 1",
           "outrider_config_last_reload_success_timestamp_seconds 1000",
           "prometheus_config_last_reload_success_timestamp_seconds 1000",
       }) {
    EXPECT_NE(text.find(fmt::format("\n{}\n", line)), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("outrider_sla_compliance_ratio{kind=\"resolve\""), std::string::npos)
      << "nothing was measured";
}

// The 15 of specs/prometheus.md §3.3, on both pages.
TEST(Sources, RuleMetricsOfPrometheus) {
  const World world;
  const std::string open = "\n" + WholeBody(world.page.Render("application/openmetrics-text"));
  const std::string text = "\n" + world.Text();
  for (const std::string name :
       {"evaluation_duration_seconds", "evaluation_duration_histogram_seconds",
        "group_duration_seconds", "group_duration_histogram_seconds", "group_iterations_total",
        "group_iterations_missed_total", "evaluations_total", "evaluation_failures_total",
        "group_interval_seconds", "group_last_evaluation_timestamp_seconds",
        "group_last_duration_seconds", "group_last_rule_duration_sum_seconds",
        "group_last_restore_duration_seconds", "group_rules", "group_last_evaluation_samples"}) {
    EXPECT_NE(open.find("\nprometheus_rule_" + name), std::string::npos) << name;
    EXPECT_NE(text.find("\nprometheus_rule_" + name), std::string::npos) << name;
  }
  for (const std::string& page : {open, text}) {
    EXPECT_NE(
        page.find("\nprometheus_rule_group_duration_histogram_seconds_bucket{le=\"0.1\"} 5\n"),
        std::string::npos);
  }
}

TEST(Sources, ProcessFiguresAreThere) {
  const World world;
  const std::string text = world.Text();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
        "process_max_fds", "process_start_time_seconds", "process_threads"}) {
    EXPECT_NE(text.find(fmt::format("\n{} ", name)), std::string::npos) << name;
  }
}

TEST(Sources, DerivedSeriesGoWithTheirTable) {
  World world;
  const auto handle = world.derived.Add(kSlope, Labels{{"entry", "gone"}}, 1);
  EXPECT_NE(world.Text().find("entry=\"gone\""), std::string::npos);
  world.derived.Remove({&handle, 1});
  EXPECT_EQ(world.Text().find("entry=\"gone\""), std::string::npos);
}

// Two of Prometheus' own names have the metric's type in them, which its lint does not like.
std::string WithoutHistogramNames(const std::string& page) {
  std::string kept;
  for (const std::string_view line : Split(page, '\n')) {
    if (line.find("_duration_histogram_seconds") == std::string::npos)
      kept += std::string(line) + "\n";
  }
  return kept;
}

TEST(Sources, PromtoolAccepts) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): this test has but one thread.
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed";
  const World world;
  const std::string path = fmt::format("{}outrider_metrics_{}.txt", ::testing::TempDir(), getpid());
  ASSERT_TRUE(WriteFileAtomically(path, WithoutHistogramNames(world.Text())).ok());
  FILE* pipe = popen(fmt::format("promtool check metrics < {} 2>&1", path).c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0) << output;
  std::remove(path.c_str());
}

}  // namespace
}  // namespace outrider
