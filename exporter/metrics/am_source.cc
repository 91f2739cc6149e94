// SPDX-License-Identifier: Apache-2.0
// Figures under the names of Alertmanager's own /metrics, for its dashboards, its mixin and karma.
// Names of machinery that is not here (gossip, snapshots, garbage collection) are there and stay 0,
// so that expressions over them have a value. Source: specs/alertmanager.md §3 "Metric names".
#include <algorithm>
#include <array>

#include "exporter/api/am_meter.h"
#include "exporter/api/status.h"
#include "exporter/metrics/sources.h"
#include "notifiers/config/integration_table.h"
#include "notifiers/desk/views.h"

namespace outrider {
namespace {

constexpr std::string_view kReasons[] = {
    "other",     "clientError", "serverError", "contextCanceled", "contextDeadlineExceeded",
    "authError", "rateLimited"};

struct Zero {
  std::string_view name;
  bool counter;
  std::string_view help;
};
constexpr Zero kZeros[] = {
    {"alertmanager_cluster_alive_messages_total", true, "Messages of live peers; no gossip here."},
    {"alertmanager_cluster_enabled", false, "Whether there is a cluster; there is none."},
    {"alertmanager_cluster_failed_peers", false, "Peers that failed; there are none."},
    {"alertmanager_cluster_health_score", false, "Health of the gossip; 0 is healthy."},
    {"alertmanager_cluster_messages_pruned_total", true, "Gossip messages that were pruned."},
    {"alertmanager_cluster_messages_queued", false, "Gossip messages that wait."},
    {"alertmanager_cluster_messages_received_size_total", true, "Bytes of gossip received."},
    {"alertmanager_cluster_messages_received_total", true, "Gossip messages received."},
    {"alertmanager_cluster_messages_sent_size_total", true, "Bytes of gossip sent."},
    {"alertmanager_cluster_messages_sent_total", true, "Gossip messages sent."},
    {"alertmanager_cluster_messages_publish_failures_total", true, "Gossip that was not sent."},
    {"alertmanager_cluster_peers_joined_total", true, "Peers that joined."},
    {"alertmanager_cluster_peers_left_total", true, "Peers that left."},
    {"alertmanager_cluster_peers_update_total", true, "Peers that changed."},
    {"alertmanager_cluster_reconnections_failed_total", true, "Failed reconnections to peers."},
    {"alertmanager_cluster_reconnections_total", true, "Reconnections to peers."},
    {"alertmanager_cluster_refresh_join_failed_total", true, "Failed refreshes of peers."},
    {"alertmanager_cluster_refresh_join_total", true, "Refreshes of peers."},
    {"alertmanager_peer_position", false, "Position among the peers; there is one."},
    {"alertmanager_dispatcher_aggregation_group_limit_reached_total", true,
     "Groups refused by a limit; there is none."},
    {"alertmanager_nflog_gossip_messages_propagated_total", true, "Gossip of the log."},
    {"alertmanager_nflog_maintenance_total", true, "Snapshots of the log; each change is written."},
    {"alertmanager_nflog_maintenance_errors_total", true, "Snapshots of the log that failed."},
    {"alertmanager_nflog_query_errors_total", true, "Look-ups in the log that failed."},
    {"alertmanager_silences_gossip_messages_propagated_total", true, "Gossip of silences."},
    {"alertmanager_silences_maintenance_total", true,
     "Snapshots of silences; each change is written."},
    {"alertmanager_silences_maintenance_errors_total", true, "Snapshots of silences that failed."},
    {"alertmanager_silences_query_errors_total", true, "Look-ups of silences that failed."},
    {"alertmanager_cluster_peer_name_conflicts_total", true, "Peers of one name."},
    {"alertmanager_dispatcher_aggregation_group_creation_given_up_total", true,
     "Groups that could not be made."},
    {"alertmanager_dispatcher_aggregation_group_creation_retries_total", true,
     "Tries again at making a group."},
    {"alertmanager_nflog_queries_total", true, "Look-ups in the log; it lies with its group here."},
    {"alertmanager_silences_queries_total", true, "Look-ups of silences; they lie in memory here."},
    {"alertmanager_silences_gc_errors_total", true, "Failed sweeps of silences."},
    {"alertmanager_silences_matcher_compile_errors_total", true,
     "Stored silences whose matchers do not compile."},
    {"alertmanager_silences_query_silences_scanned_total", true, "Silences scanned by look-ups."},
    {"alertmanager_silences_query_silences_skipped_total", true, "Silences skipped by look-ups."},
    {"alertmanager_oversized_gossip_message_dropped_total", true, "Gossip that was dropped."},
    {"alertmanager_oversized_gossip_message_failure_total", true, "Oversized gossip that failed."},
    {"alertmanager_oversized_gossip_message_sent_total", true, "Oversized gossip that was sent."},
};

template <size_t N>
Distribution ToDistribution(const std::array<double, N>& bounds,
                            const AmApiStats::Spread<N>& spread) {
  Distribution out;
  out.count = spread.count;
  out.sum = spread.sum;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < N; ++i) {
    cumulative += spread.counts[i];
    out.buckets.emplace_back(bounds[i], cumulative);
  }
  return out;
}

void WriteZeros(MetricSink& sink) {
  for (const Zero& zero : kZeros) {
    if (zero.counter) {
      sink.Counter(zero.name, zero.help, {}, uint64_t{0});
    } else {
      sink.Gauge(zero.name, zero.help, {}, 0);
    }
  }
  sink.Gauge("alertmanager_cluster_members", "Members of the cluster: this one.", {}, 1);
  sink.Summary("alertmanager_dispatcher_alert_processing_duration_seconds",
               "Hand-overs to a dispatcher; there is none between here.", {}, {});
  for (const std::string prefix : {"alertmanager_nflog_", "alertmanager_silences_"}) {
    sink.Summary(prefix + "gc_duration_seconds", "Garbage collections; rows end by timers here.",
                 {}, {});
    sink.Histogram(prefix + "query_duration_seconds", "Look-ups; they lie in memory here.", {}, {});
    sink.Summary(prefix + "snapshot_duration_seconds", "Snapshots; each change is written here.",
                 {}, {});
  }
}

void WriteAlerts(const AlertmanagerFigures& figures, MetricSink& sink) {
  uint64_t active = 0;
  uint64_t suppressed = 0;
  for (const auto& [key, count] : figures.desk.alerts) {
    (key.state == "active" ? active : suppressed) += count;
  }
  const std::pair<std::string_view, uint64_t> states[] = {
      {"active", active}, {"suppressed", suppressed}, {"unprocessed", 0}};
  for (const auto& [state, count] : states) {
    sink.Gauge("alertmanager_alerts", "Alerts by state.", {{"state", state}},
               static_cast<double>(count));
  }
  const AmAlertCounts& got = figures.api.alerts;
  const char* received = "Alerts received by POST /api/v2/alerts.";
  sink.Counter("alertmanager_alerts_received_total", received,
               {{"status", "firing"}, {"version", "v2"}}, got.firing);
  sink.Counter("alertmanager_alerts_received_total", received,
               {{"status", "resolved"}, {"version", "v2"}}, got.resolved);
  sink.Counter("alertmanager_alerts_invalid_total", "Alerts received that were not valid.",
               {{"version", "v2"}}, got.invalid);
  sink.Counter("alertmanager_alerts_limited_total", "Alerts dropped by alerts.per-alertname-limit.",
               {}, got.limited);
  sink.Gauge("alertmanager_alerts_per_alert_limit", "alerts.per-alertname-limit; 0: none.", {},
             static_cast<double>(figures.alerts_per_name));
  sink.Counter("alertmanager_alerts_subscriber_channel_writes_total",
               "Alerts handed to the dispatcher.", {{"subscriber", "dispatcher"}},
               got.firing + got.resolved);
}

void WriteSilences(const AlertmanagerFigures& figures, MetricSink& sink) {
  for (const SilenceState state :
       {SilenceState::kActive, SilenceState::kExpired, SilenceState::kPending}) {
    sink.Gauge("alertmanager_silences", "Silences by state.", {{"state", SilenceStateText(state)}},
               static_cast<double>(figures.silences[static_cast<size_t>(state)]));
  }
  uint64_t all = 0;
  for (const uint64_t count : figures.silences) all += count;
  for (const char* name : {"alertmanager_silences_state_size",
                           "alertmanager_silences_matcher_index_size",
                           "alertmanager_silences_version_index_size"}) {
    sink.Gauge(name, "Silences that are kept.", {}, static_cast<double>(all));
  }
  for (const auto& [family, bytes] : figures.desk.store.family_bytes) {
    if (family == "silences") {
      sink.Gauge("alertmanager_silences_snapshot_size_bytes", "Bytes of silences on disk.", {},
                 static_cast<double>(bytes));
    } else if (family == "groups") {
      sink.Gauge("alertmanager_nflog_snapshot_size_bytes",
                 "Bytes of groups and their notification log on disk.", {},
                 static_cast<double>(bytes));
    }
  }
}

Distribution LatencyOf(const SendingView& sent) {
  Distribution out;
  out.count = sent.attempts;
  out.sum = sent.seconds_sum;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < SendingView::kBoundsSeconds.size(); ++i) {
    cumulative += sent.seconds[i];
    out.buckets.emplace_back(SendingView::kBoundsSeconds[i], cumulative);
  }
  return out;
}

void WriteKind(std::string_view kind, const SendingView& sent, MetricSink& sink) {
  sink.Counter("alertmanager_notifications_total", "Messages that were tried.",
               {{"integration", kind}}, sent.messages);
  sink.Counter("alertmanager_notification_requests_total", "Attempts to send.",
               {{"integration", kind}}, sent.attempts);
  sink.Counter("alertmanager_notification_requests_failed_total", "Attempts that failed.",
               {{"integration", kind}}, sent.failed_attempts);
  sink.Histogram("alertmanager_notification_latency_seconds", "How long attempts took.",
                 {{"integration", kind}}, LatencyOf(sent));
  std::map<std::string, uint64_t> failed = sent.failed;
  for (const std::string_view reason : kReasons) failed.try_emplace(std::string(reason), 0);
  for (const auto& [reason, count] : failed) {
    sink.Counter("alertmanager_notifications_failed_total", "Messages that were given up.",
                 {{"integration", kind}, {"reason", reason}}, count);
  }
}

void WriteNotifications(const AlertmanagerFigures& figures, MetricSink& sink) {
  for (const std::string_view reason :
       {"silence", "inhibition", "mute_time_interval", "active_time_interval"}) {
    const auto count = figures.desk.suppressed.find(std::string(reason));
    sink.Counter("alertmanager_notifications_suppressed_total",
                 "Alerts of flushes that were held back.", {{"reason", reason}},
                 count == figures.desk.suppressed.end() ? uint64_t{0} : count->second);
  }
  std::map<std::string, SendingView> kinds = figures.desk.sending;
  for (const IntegrationKind& kind : IntegrationKinds()) kinds.try_emplace(std::string(kind.kind));
  kinds.erase("log");
  for (const auto& [kind, sent] : kinds) WriteKind(kind, sent, sink);
}

void WriteRequests(const AmApiStats& api, MetricSink& sink) {
  for (const auto& [key, spread] : api.seconds) {
    sink.Histogram(
        "alertmanager_http_request_duration_seconds", "Requests to /api/v2 by how long they took.",
        {{"handler", key.handler}, {"method", key.method}, {"code", std::to_string(key.code)}},
        ToDistribution(AmApiStats::kSecondsBounds, spread));
  }
  for (const auto& [key, spread] : api.bytes) {
    sink.Histogram("alertmanager_http_response_size_bytes",
                   "Answers of /api/v2 by their size before any of it is streamed.",
                   {{"handler", key.first}, {"method", key.second}},
                   ToDistribution(AmApiStats::kBytesBounds, spread));
  }
  sink.Gauge("alertmanager_http_requests_in_flight", "Requests that run.", {{"method", "get"}},
             static_cast<double>(api.gets_in_flight));
  sink.Counter("alertmanager_http_concurrency_limit_exceeded_total",
               "Requests refused because too many ran.", {{"method", "get"}}, api.limit_exceeded);
}

void WriteConfig(const AlertmanagerFigures& figures, MetricSink& sink) {
  const AlertmanagerConfig& config = figures.config;
  sink.Gauge("alertmanager_config_hash", "Hash of the configuration's text.", {},
             static_cast<double>(config.hash));
  sink.Gauge("alertmanager_config_last_reload_successful",
             "Whether the last configuration reload attempt was successful.", {},
             figures.reload.last_ok ? 1 : 0);
  sink.Gauge("alertmanager_config_last_reload_success_timestamp_seconds",
             "Timestamp of the last successful configuration reload.", {},
             static_cast<double>(figures.reload.last_success_at) / 1e9);
  size_t integrations = 0;
  for (const ReceiverConfig& receiver : config.receivers) {
    integrations += receiver.integrations.size();
  }
  sink.Gauge("alertmanager_receivers", "Receivers that are configured.", {},
             static_cast<double>(config.receivers.size()));
  sink.Gauge("alertmanager_integrations", "Integrations that are configured.", {},
             static_cast<double>(integrations));
  sink.Gauge("alertmanager_inhibition_rules", "Inhibition rules that are configured.", {},
             static_cast<double>(config.inhibit_rules.size()));
  sink.Gauge("alertmanager_dispatcher_aggregation_groups", "Groups that there are.", {},
             static_cast<double>(figures.desk.groups));
}

}  // namespace

void WriteAlertmanagerMetrics(const AlertmanagerFigures& figures, MetricSink& sink) {
  const BuildInfo& build = figures.build;
  sink.Gauge("alertmanager_build_info",
             "What this answers like; always 1. Outrider's own version stands behind the plus.",
             {{"version", ApiVersion(kAlertmanagerApiVersion, build)},
              {"revision", build.revision},
              {"branch", build.branch},
              {"goversion", build.compiler}},
             1);
  WriteZeros(sink);
  WriteAlerts(figures, sink);
  WriteSilences(figures, sink);
  WriteNotifications(figures, sink);
  WriteRequests(figures.api, sink);
  WriteConfig(figures, sink);
}

}  // namespace outrider
