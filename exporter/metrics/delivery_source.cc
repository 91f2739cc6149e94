// SPDX-License-Identifier: Apache-2.0
// How messages get on with each integration.
#include "exporter/metrics/sources.h"
#include "notifiers/outbox/dispatcher.h"

namespace outrider {

void WriteDeliveryMetrics(const std::vector<LaneStats>& lanes, Nanos now, MetricSink& sink) {
  for (const LaneStats& lane : lanes) {
    const MetricSink::LabelList labels = {{"receiver", lane.receiver},
                                          {"integration", lane.integration}};
    sink.Gauge("outrider_delivery_in_flight", "Attempts to notify that are under way.", labels,
               lane.in_flight);
    sink.Counter("outrider_delivery_attempts_total", "Attempts to notify that were begun.", labels,
                 lane.attempts);
    sink.Counter("outrider_delivery_failures_total",
                 "Attempts without an answer, or with one that asks for a later one.", labels,
                 lane.failures);
    sink.Gauge("outrider_delivery_breaker_open",
               "1 while the circuit breaker holds messages back, 0.5 while one is tried.", labels,
               lane.breaker == BreakerState::kOpen       ? 1
               : lane.breaker == BreakerState::kHalfOpen ? 0.5
                                                         : 0);
    sink.Counter("outrider_delivery_breaker_trips_total", "How often the circuit breaker opened.",
                 labels, lane.trips);
    sink.Counter("outrider_delivery_rate_limited_total", "How often the rate limit was reached.",
                 labels, lane.limited);
    sink.Gauge("outrider_delivery_failing_seconds",
               "For how long no message has arrived though some were tried; 0: all is well.",
               labels,
               lane.failing_since == 0
                   ? 0
                   : static_cast<double>(now - lane.failing_since) / kNanosPerSecond);
  }
}

}  // namespace outrider
