// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/metric_sources.h"

#include <array>

#include "exporter/daemon/build_info.h"
#include "exporter/metrics/sources.h"

namespace outrider {
namespace {

void WriteCheckpointMetrics(const CheckpointStats& stats, MetricSink& sink) {
  sink.Counter("outrider_analytics_checkpoint_rows_total", "Rows of saved analytics state written.",
               {}, stats.rows);
  sink.Counter("outrider_analytics_checkpoint_bytes_total", "Bytes of those rows.", {},
               stats.bytes);
  sink.Counter("outrider_analytics_checkpoint_failures_total",
               "Times that saving analytics state failed.", {}, stats.failures);
  if (stats.complete != kNoTime) {
    sink.Gauge("outrider_analytics_checkpoint_complete_timestamp_seconds",
               "When all changed analytics state had been saved last.", {},
               static_cast<double>(stats.complete) / 1000);
  }
  sink.Counter("outrider_analytics_restored_states_total",
               "States of series taken from saved rows.", {}, stats.restored);
  sink.Counter("outrider_analytics_lost_states_total",
               "Saved states that could not be read; those series began anew.", {}, stats.lost);
}

void WriteWarmUpMetrics(const WarmUpView& view, MetricSink& sink) {
  if (view.url.empty()) return;
  constexpr std::array kStates = {WarmUpState::kWaiting, WarmUpState::kRunning,
                                  WarmUpState::kRetrying, WarmUpState::kDone,
                                  WarmUpState::kRefused};
  for (const WarmUpState state : kStates) {
    double entries = 0;
    for (const WarmUpTask& task : view.tasks) {
      if (task.state == state) entries += static_cast<double>(task.entries.size());
    }
    sink.Gauge("outrider_analytics_warm_up_entries",
               "New analytics entries by how far they have learnt from history.",
               {{"state", WarmUpStateText(state)}}, entries);
  }
  for (const WarmUpTask& task : view.tasks) {
    if (task.state != WarmUpState::kRunning) continue;
    sink.Gauge("outrider_analytics_warm_up_done_ratio",
               "Share of the history that the entry learning now has seen.",
               {{"entry", task.entries.front()}}, task.done);
  }
  sink.Counter("outrider_analytics_warm_up_samples_total", "Samples of history read.", {},
               view.samples);
  sink.Counter("outrider_analytics_warm_up_failures_total",
               "Attempts to learn from history that failed.", {}, view.failures);
}

void WriteAnalyticsMetrics(const Services& services, MetricSink& sink) {
  for (const EntryStatus& entry : services.analytics->Entries()) {
    const std::string_view kind = EntryKindText(entry.kind);
    sink.Gauge("outrider_analytics_series", "Source series of an analytics entry.",
               {{"entry", entry.name}, {"kind", kind}}, static_cast<double>(entry.series));
    sink.Counter("outrider_analytics_samples_total", "Samples an analytics entry has used.",
                 {{"entry", entry.name}, {"kind", kind}}, entry.samples);
    sink.Counter(
        "outrider_analytics_late_samples_total",
        "Samples an analytics entry passed over, as a newer one of their series was there.",
        {{"entry", entry.name}, {"kind", kind}}, entry.late);
    sink.Counter("outrider_analytics_cpu_seconds_total", "CPU time an analytics entry has used.",
                 {{"entry", entry.name}, {"kind", kind}}, entry.cpu_seconds);
    sink.Gauge("outrider_analytics_refused_series", "Series beyond max_series.",
               {{"entry", entry.name}, {"kind", kind}}, static_cast<double>(entry.refused));
    sink.Gauge("outrider_analytics_healthy", "1: the entry's last run went well.",
               {{"entry", entry.name}, {"kind", kind}}, entry.error.empty() ? 1 : 0);
  }
  WriteCheckpointMetrics(services.analytics->Checkpoints(), sink);
  WriteWarmUpMetrics(services.warm_up->View(), sink);
  const auto slos = services.slos->Views();
  for (const SloView& slo : *slos) {
    const std::string& entry = slo.spec.name;
    sink.Gauge("outrider_analytics_series", "Source series of an analytics entry.",
               {{"entry", entry}, {"kind", "slo"}}, static_cast<double>(slo.series.size()));
    sink.Counter("outrider_analytics_samples_total", "Samples an analytics entry has used.",
                 {{"entry", entry}, {"kind", "slo"}}, slo.samples);
    sink.Gauge("outrider_analytics_refused_series", "Series beyond max_series in the last run.",
               {{"entry", entry}, {"kind", "slo"}}, static_cast<double>(slo.refused));
    sink.Gauge("outrider_analytics_healthy", "1: the entry's last run went well.",
               {{"entry", entry}, {"kind", "slo"}}, slo.error.empty() ? 1 : 0);
  }
  sink.Gauge("outrider_derived_series", "Series derived right now.", {},
             static_cast<double>(services.derived.size()));
}

}  // namespace

void WriteOwnMetrics(const Services& services, const HttpServer* server, MetricSink& sink) {
  const LoadOutcome outcome = services.Outcome();
  WriteBuildMetrics(ThisBuild(), sink);
  WriteReloadMetrics({outcome.ok, outcome.loaded_at}, sink);
  WriteProcessMetrics(sink);
  WriteIngestMetrics(services.store->Stats(), sink);
  WriteKeptMetrics(services.Kept(), sink);
  WriteQueryMetrics(services.queries.Stats(), services.reads.Stats(), sink);
  WriteRuleMetrics(services.rules->Stats(), sink);
  WriteRelayMetrics(services.relay->Stats(), sink);
  const Nanos now = services.clock.NowNanos();
  const DeskStats desk = services.desk->Stats(now);
  const std::shared_ptr<const DeskConfig> config = services.desk->config();
  WriteDeskMetrics(desk, sink);
  WriteAlertmanagerMetrics({.desk = desk,
                            .api = services.am_meter.Stats(),
                            .config = config->alertmanager,
                            .build = ThisBuild(),
                            .reload = {outcome.ok, outcome.loaded_at},
                            .silences = services.desk->CountSilences(now),
                            .alerts_per_name = config->limits.alerts_per_name},
                           sink);
  WriteOnCallMetrics(config->schedules, now, sink);
  WriteAroundMetrics(services.desk->Heartbeats(now), services.desk->Maintenance(now), sink);
  WriteDeliveryMetrics(services.dispatcher->Stats(), now, sink);
  WriteStoreMetrics(services.state->Stats(), sink);
  WriteAnalyticsMetrics(services, sink);
  WriteCostMetrics(services.cost->stats(), sink);
  if (services.cost->options().opencost_metrics) {
    if (const auto moment = services.cost->Moment()) WriteOpenCostMetrics(*moment, sink);
  }
  if (server != nullptr) WriteHttpMetrics(server->Stats(), sink);
}

}  // namespace outrider
