// SPDX-License-Identifier: Apache-2.0
// The page's two formats, and what decides between them.
#include "exporter/metrics/exposition.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "exporter/http/gzip.h"
#include "exporter/metrics/metrics_page.h"
#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

// Prometheus 3 and 2.42 as they ask, a browser, curl.
TEST(Exposition, Negotiation) {
  const std::pair<const char*, Exposition> cases[] = {
      {"", Exposition::kText},
      {"*/*", Exposition::kText},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,text/"
       "plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       Exposition::kOpenMetrics},
      {"application/openmetrics-text;version=1.0.0,application/"
       "openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       Exposition::kOpenMetrics},
      {"application/openmetrics-text;q=0.1,text/plain", Exposition::kText},
      {"application/openmetrics-text;q=0", Exposition::kText},
      {"text/html,application/xhtml+xml,*/*;q=0.8", Exposition::kText},
  };
  for (const auto& [accept, expected] : cases)
    EXPECT_EQ(NegotiateExposition(accept), expected) << accept;
}

MetricsPage SamplePage() {
  MetricsPage page;
  page.Add([](MetricSink& sink) {
    sink.Counter("demo_events_total", "Events \\ seen.", {{"kind", "a\"b\nc\\d"}}, 3.0);
    sink.Gauge("demo_free_bytes", "Free bytes.", {}, 0.1);
    sink.Gauge("demo_odd", "Odd values.", {{"v", "inf"}}, INFINITY);
    sink.Gauge("demo_odd", "Odd values.", {{"v", "nan"}}, NAN);
    Distribution histogram;
    histogram.count = 3;
    histogram.sum = 4.5;
    histogram.buckets = {{1, 1}, {2.5, 2}};
    sink.Histogram("demo_wait_seconds", "Waits.", {{"q", "x"}}, histogram);
    Distribution summary;
    summary.count = 2;
    summary.sum = 1;
    summary.quantiles = {{0.5, 0.25}, {1, 0.75}};
    sink.Summary("demo_work_seconds", "Work.", {}, summary);
  });
  // A second source adds to a family of the first: it stays one family.
  page.Add([](MetricSink& sink) {
    auto labels =
        std::make_shared<const Labels>(Labels{{"__name__", "demo_odd"}, {"app.name", "x"}});
    sink.SharedGauge("demo_odd", "ignored", labels, 7);
  });
  return page;
}

std::string Render(const MetricsPage& page, std::string_view accept) {
  return WholeBody(page.Render(accept));
}

TEST(Exposition, Text) {
  const MetricsPage page = SamplePage();
  EXPECT_EQ(Render(page, ""),
            "# HELP demo_events_total Events \\ seen.\n"
            "# TYPE demo_events_total counter\n"
            "demo_events_total{kind=\"a\\\"b\\nc\\\\d\"} 3\n"
            "# HELP demo_free_bytes Free bytes.\n"
            "# TYPE demo_free_bytes gauge\n"
            "demo_free_bytes 0.1\n"
            "# HELP demo_odd Odd values.\n"
            "# TYPE demo_odd gauge\n"
            "demo_odd{v=\"inf\"} +Inf\n"
            "demo_odd{v=\"nan\"} Nan\n"
            "demo_odd{app_name=\"x\"} 7\n"
            "# HELP demo_wait_seconds Waits.\n"
            "# TYPE demo_wait_seconds histogram\n"
            "demo_wait_seconds_count{q=\"x\"} 3\n"
            "demo_wait_seconds_sum{q=\"x\"} 4.5\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"1\"} 1\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"2.5\"} 2\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"+Inf\"} 3\n"
            "# HELP demo_work_seconds Work.\n"
            "# TYPE demo_work_seconds summary\n"
            "demo_work_seconds_count 2\n"
            "demo_work_seconds_sum 1\n"
            "demo_work_seconds{quantile=\"0.5\"} 0.25\n"
            "demo_work_seconds{quantile=\"1\"} 0.75\n");
}

TEST(Exposition, OpenMetrics) {
  const MetricsPage page = SamplePage();
  EXPECT_EQ(Render(page, "application/openmetrics-text"),
            "# TYPE demo_events counter\n"
            "# HELP demo_events Events \\\\ seen.\n"
            "demo_events_total{kind=\"a\\\"b\\nc\\\\d\"} 3\n"
            "# TYPE demo_free_bytes gauge\n"
            "# UNIT demo_free_bytes bytes\n"
            "# HELP demo_free_bytes Free bytes.\n"
            "demo_free_bytes 0.1\n"
            "# TYPE demo_odd gauge\n"
            "# HELP demo_odd Odd values.\n"
            "demo_odd{v=\"inf\"} +Inf\n"
            "demo_odd{v=\"nan\"} NaN\n"
            "demo_odd{app_name=\"x\"} 7\n"
            "# TYPE demo_wait_seconds histogram\n"
            "# UNIT demo_wait_seconds seconds\n"
            "# HELP demo_wait_seconds Waits.\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"1.0\"} 1\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"2.5\"} 2\n"
            "demo_wait_seconds_bucket{q=\"x\",le=\"+Inf\"} 3\n"
            "demo_wait_seconds_sum{q=\"x\"} 4.5\n"
            "demo_wait_seconds_count{q=\"x\"} 3\n"
            "# TYPE demo_work_seconds summary\n"
            "# UNIT demo_work_seconds seconds\n"
            "# HELP demo_work_seconds Work.\n"
            "demo_work_seconds{quantile=\"0.5\"} 0.25\n"
            "demo_work_seconds{quantile=\"1.0\"} 0.75\n"
            "demo_work_seconds_sum 1\n"
            "demo_work_seconds_count 2\n"
            "# EOF\n");
}

TEST(Exposition, LargeFamiliesKeepOneHead) {
  MetricsPage page;
  page.Add([](MetricSink& sink) {
    for (int i = 0; i < 2000; ++i) sink.Gauge("demo_many", "Many.", {{"i", std::to_string(i)}}, i);
  });
  for (const char* accept : {"", "application/openmetrics-text"}) {
    const std::string body = Render(page, accept);
    size_t heads = 0;
    size_t points = 0;
    for (std::string_view line : Split(body, '\n')) {
      heads += line.starts_with("# TYPE") ? 1 : 0;
      points += line.starts_with("demo_many{") ? 1 : 0;
    }
    EXPECT_EQ(heads, 1U) << accept;
    EXPECT_EQ(points, 2000U) << accept;
  }
}

TEST(Exposition, ASeriesGoesWithItsSource) {
  bool there = true;
  MetricsPage page;
  page.Add([&](MetricSink& sink) {
    if (there) sink.Gauge("demo_here", "Here.", {}, 1);
  });
  EXPECT_NE(Render(page, ""), "");
  there = false;
  EXPECT_EQ(Render(page, ""), "");
  EXPECT_EQ(Render(page, "application/openmetrics-text"), "# EOF\n");
}

TEST(Exposition, ContentTypes) {
  const MetricsPage page = SamplePage();
  EXPECT_EQ(page.Render("").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(page.Render("application/openmetrics-text").content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace
}  // namespace outrider
