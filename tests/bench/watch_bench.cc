// SPDX-License-Identifier: Apache-2.0
// What watching every series costs on top of ingesting it: bodies through the receiver (snappy,
// protobuf, log, windows) as in ingest_bench.cc, and after each scrape a run of one anomaly entry
// over all series, with its default detector, reports and checkpoints. CPU time of the one thread.
//   watch_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <filesystem>

#include "exporter/ingest/encode_v1.h"
#include "exporter/ingest/ingest_store.h"
#include "fmt/format.h"
#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/analytics_file.h"
#include "storage/base/random.h"
#include "storage/state/rocksdb_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr int kSteps = 60;
constexpr int kWarmUp = 20;  // steps before the measured ones
constexpr int kBatch = 2000;
constexpr DurationMs kEvery = 15 * kSecond;
constexpr Timestamp kStart = 1'800'000'000'000;

class BodyRequest final : public HttpRequest {
 public:
  explicit BodyRequest(const std::string& body) : body_(body) { method = "POST"; }
  std::string Header(std::string_view) const override { return ""; }
  bool HasHeader(std::string_view) const override { return false; }
  StatusOr<std::string> ReadBody(size_t) override { return body_; }

 private:
  const std::string& body_;
};

Labels SeriesLabels(int i) {
  const int pod = i / 10;
  return Labels::FromMap({{"__name__", fmt::format("metric_{}", i % 10)},
                          {"cluster", fmt::format("cluster-{}", pod % 3)},
                          {"container", fmt::format("app-{}", pod % 97)},
                          {"job", "kubelet"},
                          {"namespace", fmt::format("namespace-{}", pod % 41)},
                          {"pod", fmt::format("app-{}-7d9f8b6c5d-{:05x}", pod % 97, pod)}});
}

// The bodies of one scrape.
class Scrapes {
 public:
  explicit Scrapes(int count) : values_(static_cast<size_t>(count)) {
    for (int i = 0; i < count; ++i) labels_.push_back(SeriesLabels(i));
  }
  std::vector<std::string> At(Timestamp time) {
    std::vector<std::string> bodies;
    for (size_t begin = 0; begin < labels_.size(); begin += kBatch) {
      std::vector<LabeledSample> samples;
      for (size_t i = begin; i < std::min(labels_.size(), begin + kBatch); ++i) {
        values_[i] += static_cast<double>(random_.Next() % 1000) / 100 - 5;
        samples.push_back({labels_[i], {time, values_[i]}});
      }
      bodies.push_back(EncodeWriteRequest(samples));
    }
    return bodies;
  }

 private:
  std::vector<Labels> labels_;
  std::vector<double> values_;
  SeededRandom random_{1};
};

struct Cpu {
  int64_t ingest = 0;
  int64_t run = 0;
  int64_t flush = 0;
  int64_t save = 0;
};

size_t Heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

void BM_Watch(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  const std::string path = (std::filesystem::temp_directory_path() / "outrider_watch").string();
  const SystemClock cpu_clock;
  for (auto _ : state) {
    std::filesystem::remove_all(path);
    FakeClock clock(kStart * kNanosPerMilli);
    SeededRandom random(2);
    auto store = *IngestStore::Open({.path = path + "/store"}, clock, random);
    if (!store->Load({}).ok()) state.SkipWithError("cannot load");
    const auto saved = *OpenRocksDbStore(path + "/state");
    const promql::Engine promql(promql::EngineOptions(), clock);
    DerivedTable table;
    const auto file = ParseAnalyticsFile(
        "entries:\n- {name: all, kind: anomaly, expr: '{__name__=~\"metric_.\"}', "
        "max_series: 1000000}\n",
        "bench.yml");
    AnalyticsEngine analytics(file->entries, AnalyticsOptions(),
                              {.engine = promql,
                               .querier = store->windows(),
                               .table = table,
                               .feed = &store->windows(),
                               .state = saved.get()});
    Scrapes scrapes(count);
    Cpu used;
    size_t heap = 0;
    for (int step = 0; step < kSteps; ++step) {
      const Timestamp now = kStart + step * kEvery;
      clock.Set(now * kNanosPerMilli);
      const std::vector<std::string> bodies = scrapes.At(now);
      if (step == kWarmUp) used = {};
      const int64_t begin = cpu_clock.ThreadCpuNanos();
      for (const std::string& body : bodies) {
        BodyRequest request(body);
        if (store->receiver().Handle(request).status != 204) state.SkipWithError("refused");
      }
      const size_t heap_before = step == 0 ? Heap() : 0;
      const int64_t ingested = cpu_clock.ThreadCpuNanos();
      analytics.Run(now + 1);
      const int64_t ran = cpu_clock.ThreadCpuNanos();
      if (step == 0) heap = Heap() - heap_before;
      if (state.range(1) != 0) table.Flush(store->appender(), now + 1);
      const int64_t flushed = cpu_clock.ThreadCpuNanos();
      if (!analytics.Checkpoint(now + 1).ok()) state.SkipWithError("cannot save");
      used.ingest += ingested - begin;
      used.run += ran - ingested;
      used.flush += flushed - ran;
      used.save += cpu_clock.ThreadCpuNanos() - flushed;
    }
    const double samples = static_cast<double>(count) * (kSteps - kWarmUp);
    state.counters["ingest ns"] = static_cast<double>(used.ingest) / samples;
    state.counters["run ns"] = static_cast<double>(used.run) / samples;
    state.counters["flush ns"] = static_cast<double>(used.flush) / samples;
    state.counters["save ns"] = static_cast<double>(used.save) / samples;
    state.counters["samples/s"] =
        samples * 1e9 / static_cast<double>(used.ingest + used.run + used.flush + used.save);
    state.counters["bytes/series"] = static_cast<double>(heap) / count;
    state.counters["saved bytes/row"] = static_cast<double>(analytics.Checkpoints().bytes) /
                                        static_cast<double>(analytics.Checkpoints().rows);
  }
  std::filesystem::remove_all(path);
}
// Series; whether the derived series are written into the windows (five a series).
BENCHMARK(BM_Watch)
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
