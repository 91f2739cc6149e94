// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/sources.h"
#include "notifiers/desk/around_views.h"

namespace outrider {

void WriteAroundMetrics(const std::vector<HeartbeatView>& heartbeats,
                        const std::vector<MaintenanceView>& windows, MetricSink& sink) {
  for (const HeartbeatView& view : heartbeats) {
    sink.Gauge("outrider_heartbeat_last_seconds",
               "When the heartbeat was heard last, in seconds since 1970; 0: never.",
               {{"name", view.config.name}},
               static_cast<double>(view.last_beat) / static_cast<double>(kNanosPerSecond));
    sink.Gauge("outrider_heartbeat_up", "0: the heartbeat is missing.",
               {{"name", view.config.name}}, view.missing_since == 0 ? 1 : 0);
    sink.Gauge("outrider_heartbeat_healthy", "0: so many checks failed that it is an incident.",
               {{"name", view.config.name}}, view.failing_since == 0 ? 1 : 0);
  }
  for (const MaintenanceView& view : windows) {
    sink.Gauge("outrider_maintenance_active", "1: the maintenance window holds now.",
               {{"name", view.window.name}}, view.active ? 1 : 0);
  }
}

}  // namespace outrider
