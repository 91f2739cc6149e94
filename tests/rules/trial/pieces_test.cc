// SPDX-License-Identifier: Apache-2.0
// Windows hand their series over in pieces, with numbers for labels; the memory of tests all at
// once, with label sets. Both must give the same, for what is aggregated on the way too.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/promql/engine.h"
#include "rules/trial/memory_querier.h"
#include "storage/base/random.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'800'000'000'000;
constexpr int kPods = 900;
constexpr int kScrapes = 40;

// Both hold the same.
class World {
 public:
  World() : windows_({.seed = 3, .decoded_cache = 1 << 20}) {
    SeededRandom random(5);
    for (int pod = 0; pod < kPods; ++pod) {
      double total = static_cast<double>(random.Next() % 1000);
      for (int i = 0; i < kScrapes; ++i) {
        const Timestamp time = kStart + i * 15 * kSecond;
        total = random.Next() % 60 == 0 ? 1 : total + static_cast<double>(random.Next() % 100);
        Add("requests_total", pod, {time, total});
        if (pod % 3 != 0) Add("errors_total", pod, {time, total / 2});
        if (pod % 7 != 0 || i < 10) Add("temperature", pod, {time, static_cast<double>(pod % 50)});
        if (pod == 700 && i == 30) AddHistogram("temperature", pod, time + 1);
      }
    }
  }

  void ExpectSame(const std::string& text) {
    SCOPED_TRACE(text);
    const StatusOr<promql::Expression> expr =
        promql::Expression::Parse(text, promql::kWholeLanguage);
    ASSERT_TRUE(expr.ok()) << expr.status();
    const promql::Engine engine({}, clock_);
    for (const DurationMs at : {4 * kMinute, 8 * kMinute, 14 * kMinute}) {
      const auto want = engine.Instant(*expr, memory_, kStart + at);
      const auto got = engine.Instant(*expr, windows_, kStart + at);
      ASSERT_EQ(got.status(), want.status());
      if (want.ok()) Compare(MatrixOf(*got), MatrixOf(*want));
    }
    const auto want = engine.Range(*expr, memory_, kStart, kStart + 12 * kMinute, 45 * kSecond);
    const auto got = engine.Range(*expr, windows_, kStart, kStart + 12 * kMinute, 45 * kSecond);
    ASSERT_EQ(got.status(), want.status());
    if (want.ok()) Compare(MatrixOf(*got), MatrixOf(*want));
  }

 private:
  static Labels LabelsOf(const std::string& name, int pod) {
    Labels labels{{kMetricName, name},
                  {"namespace", "ns-" + std::to_string(pod % 13)},
                  {"pod", "pod-" + std::to_string(pod)}};
    return pod % 5 == 0 ? labels.With("zone", "z" + std::to_string(pod % 2)) : labels;
  }
  void Add(const std::string& name, int pod, Sample sample) {
    const Labels labels = LabelsOf(name, pod);
    memory_.Append(labels, sample);
    windows_.Append(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                    Origin::kRemote, sample.time);
  }
  void AddHistogram(const std::string& name, int pod, Timestamp time) {
    const Labels labels = LabelsOf(name, pod);
    NativeHistogram histogram;
    histogram.count = 3;
    histogram.sum = 4;
    histogram.positive_spans = {{0, 1}};
    histogram.positive_buckets = {3};
    memory_.Append(labels, time, std::make_shared<const NativeHistogram>(histogram));
    const HistogramSample sample{time, histogram};
    windows_.AppendHistograms(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                              {}, Origin::kRemote, time);
  }

  static promql::Matrix MatrixOf(const promql::QueryResult& result) {
    promql::Matrix matrix;
    if (const auto* range = std::get_if<promql::Matrix>(&result.value)) matrix = *range;
    if (const auto* vector = std::get_if<promql::Vector>(&result.value)) {
      for (const promql::VectorSample& one : *vector) {
        matrix.push_back({one.labels, {{one.time, one.value}}});
      }
    }
    std::ranges::sort(matrix, {}, &promql::Series::labels);
    return matrix;
  }
  static void Compare(const promql::Matrix& got, const promql::Matrix& want) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t s = 0; s < want.size(); ++s) {
      ASSERT_EQ(got[s].labels, want[s].labels);
      ASSERT_EQ(got[s].histograms.size(), want[s].histograms.size());
      ASSERT_EQ(got[s].samples.size(), want[s].samples.size()) << want[s].labels.ToString();
      for (size_t i = 0; i < want[s].samples.size(); ++i) {
        ASSERT_EQ(got[s].samples[i].time, want[s].samples[i].time);
        // The order of series, and with it that of a sum's terms, is nobody's promise.
        const double value = want[s].samples[i].value;
        ASSERT_NEAR(got[s].samples[i].value, value, std::abs(value) * 1e-12);
      }
    }
  }

  FakeClock clock_;
  MemoryQuerier memory_;
  Windows windows_;
};

TEST(Pieces, GiveWhatTheWholeGives) {
  World world;
  for (const char* text : {
           "requests_total",
           "count(requests_total)",
           "sum by (namespace) (requests_total)",
           "sum by (pod, zone) (rate(requests_total[2m]))",
           "avg without (pod) (increase(requests_total[3m]))",
           "min by (nowhere) (delta(temperature[2m]))",
           "max(max_over_time(requests_total[5m] offset 1m))",
           "stddev by (zone) (avg_over_time(requests_total[2m]))",
           "group by (zone) (last_over_time(errors_total[1m]))",
           "sum by (namespace) (temperature)",  // a histogram is among them
           "count by (namespace) (last_over_time(temperature[10m]))",
           "sum by (namespace) (rate({__name__=~\"requests_total|errors_total\"}[2m]))",  // names
                                                                                          // go
           "count by (__name__) ({__name__=~\".+\"})",
           "sum(last_over_time({__name__=~\".+_total\"}[2m]))",
           "sum by (namespace) (requests_total @ end())",
           "topk by (namespace) (2, temperature + on (pod) group_left (zone) (0 * errors_total))",
           "requests_total / on (pod, namespace) errors_total",
           "requests_total * ignoring (zone) group_left temperature",
           "errors_total unless on (pod) (temperature > 10)",
           "errors_total or temperature",
           "quantile by (namespace) (0.9, quantile_over_time(0.5, requests_total[5m]))",
           "absent_over_time(requests_total[1m])",
           "max_over_time(sum by (namespace) (rate(requests_total[1m]))[4m:30s])",
           "label_replace(requests_total, \"pod\", \"$1\", \"pod\", \"pod-(.).*\")",
           "count_values by (zone) (\"degrees\", temperature)",
       }) {
    world.ExpectSame(text);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace outrider
