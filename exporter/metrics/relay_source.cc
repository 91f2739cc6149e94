// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/sources.h"
#include "notifiers/relay/alertmanager_link.h"

namespace outrider {

void WriteRelayMetrics(const std::vector<LinkStats>& links, MetricSink& sink) {
  for (const LinkStats& link : links) {
    const std::string& url = link.url;
    sink.Counter("prometheus_notifications_sent_total", "Total number of alerts sent.",
                 {{"alertmanager", url}}, link.sent);
    sink.Counter("prometheus_notifications_errors_total",
                 "Total number of sent alerts affected by errors.", {{"alertmanager", url}},
                 link.errors);
    sink.Counter("prometheus_notifications_dropped_total",
                 "Total number of alerts dropped due to errors when sending to Alertmanager.",
                 {{"alertmanager", url}}, link.dropped);
    sink.Gauge("prometheus_notifications_queue_length",
               "The number of alert notifications in the queue.", {{"alertmanager", url}},
               static_cast<double>(link.queue));
    Distribution latency;
    latency.count = link.latency.count;
    latency.sum = link.latency.sum;
    latency.quantiles = link.latency.quantiles;
    sink.Summary("prometheus_notifications_latency_seconds",
                 "Latency quantiles for sending alert notifications.", {{"alertmanager", url}},
                 std::move(latency));
  }
  sink.Gauge("prometheus_notifications_queue_capacity",
             "The capacity of the alert notifications queue.", {},
             static_cast<double>(kRelayQueue));
  sink.Gauge("prometheus_notifications_alertmanagers_discovered",
             "The number of alertmanagers discovered and active.", {},
             static_cast<double>(links.size()));
}

}  // namespace outrider
