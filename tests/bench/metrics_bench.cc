// SPDX-License-Identifier: Apache-2.0
// A scrape of 100,000 derived series: gathered, written and compressed. Target: under one second.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "exporter/http/gzip.h"
#include "exporter/metrics/metrics_page.h"
#include "exporter/metrics/sources.h"
#include "rules/analytics/derived_table.h"

namespace outrider {
namespace {

constexpr DerivedMetric kMetrics[] = {
    {"outrider_trend_slope", "Slope of the linear trend, per second."},
    {"outrider_trend_direction", "Direction of the trend."},
    {"outrider_trend_change_ratio", "Relative change over the window."},
    {"outrider_anomaly_score", "1 at the alerting edge."}};

void Fill(int series, DerivedTable* table) {
  for (int i = 0; i < series; ++i) {
    const std::string pod = fmt::format("checkout-7d9f{:05}", i / 4);
    table->Add(kMetrics[i % 4],
               Labels{{"cluster", "demo"},
                      {"container", "app"},
                      {"entry", "workload_cpu"},
                      {"instance", "10.0.0.1:9100"},
                      {"metric", "container_cpu_usage_seconds_total"},
                      {"namespace", "shop"},
                      {"pod", pod},
                      {"window", "1h"}},
               static_cast<double>(i) * 0.123456789);
  }
}

// range(0): 0 text, 1 OpenMetrics; range(1): compressed or not.
void Scrape(benchmark::State& state) {
  DerivedTable table;
  Fill(100'000, &table);
  MetricsPage page;
  page.Add([&](MetricSink& sink) { WriteDerivedMetrics(table, sink); });
  const char* accept = state.range(0) == 0 ? "text/plain" : "application/openmetrics-text";
  size_t bytes = 0;
  for (auto _ : state) {
    HttpResponse response = page.Render(accept);
    GzipWriter gzip;
    std::string out;
    bytes = 0;
    bool more = true;
    while (more) {
      std::string piece;
      more = response.stream(&piece);
      bytes += piece.size();
      if (state.range(1) != 0) gzip.Write(piece, !more, &out);
    }
    benchmark::DoNotOptimize(out);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(Scrape)
    ->ArgNames({"openmetrics", "gzip"})
    ->Args({0, 0})
    ->Args({0, 1})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
