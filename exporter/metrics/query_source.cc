// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query_gate.h"
#include "exporter/metrics/sources.h"

namespace outrider {
namespace {

void WriteSlice(std::string_view slice, const DurationStats& stats, MetricSink& sink) {
  Distribution summary;
  summary.count = stats.count;
  summary.sum = stats.sum;
  summary.quantiles = stats.quantiles;
  sink.Summary("prometheus_engine_query_duration_seconds", "Query timings.", {{"slice", slice}},
               std::move(summary));
}

}  // namespace

void WriteQueryMetrics(const QueryGateStats& queries, const QueryGateStats& reads,
                       MetricSink& sink) {
  sink.Gauge("prometheus_engine_queries",
             "The current number of queries being executed or waiting.", {},
             static_cast<double>(queries.queries));
  sink.Gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.",
             {}, static_cast<double>(queries.max_concurrent));
  sink.Gauge("prometheus_remote_read_handler_queries",
             "The current number of remote reads being answered or waiting.", {},
             static_cast<double>(reads.queries));
  WriteSlice("inner_eval", queries.inner_eval, sink);
  WriteSlice("queue_time", queries.queue_time, sink);
}

}  // namespace outrider
