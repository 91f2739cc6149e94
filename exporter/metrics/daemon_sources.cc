// SPDX-License-Identifier: Apache-2.0
// The small sources: HTTP, derived series, build, reload.
#include "exporter/api/status.h"
#include "exporter/metrics/sources.h"
#include "rules/analytics/derived_table.h"

namespace outrider {

void WriteHttpMetrics(const HttpServerStats& stats, MetricSink& sink) {
  for (const auto& [key, count] : stats.by_path_and_code) {
    sink.Counter("outrider_http_requests_total", "HTTP requests, by route and status code.",
                 {{"handler", key.first}, {"code", std::to_string(key.second)}}, count);
  }
  sink.Gauge("outrider_http_open_connections", "HTTP connections that are open.", {},
             static_cast<double>(stats.open_connections));
}

void WriteDerivedMetrics(const DerivedTable& table, MetricSink& sink) {
  for (DerivedFamily& family : table.Snapshot()) {
    // Names of others, such as Sloth's, live in the windows only: scraped and written back they
    // would meet themselves.
    if (!family.metric->name.starts_with("outrider_")) continue;
    for (DerivedSeries& series : family.series) {
      sink.SharedGauge(family.metric->name, family.metric->help, std::move(series.labels),
                       series.value);
    }
  }
  sink.Counter("outrider_derived_series_collisions_total",
               "Derived series refused because another entry gives the same labels.", {},
               table.collisions());
}

void WriteBuildMetrics(const BuildInfo& build, MetricSink& sink) {
  sink.Gauge(
      "outrider_build_info", "What this binary was built from; always 1.",
      {{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}}, 1);
}

void WriteReloadMetrics(const ReloadStats& stats, MetricSink& sink) {
  for (const std::string prefix : {"outrider", "prometheus"}) {  // alerts ask for the latter
    sink.Gauge(prefix + "_config_last_reload_successful",
               "Whether the last configuration reload attempt was successful.", {},
               stats.last_ok ? 1 : 0);
    sink.Gauge(prefix + "_config_last_reload_success_timestamp_seconds",
               "Timestamp of the last successful configuration reload.", {},
               static_cast<double>(stats.last_success_at) / 1e9);
  }
}

}  // namespace outrider
