// SPDX-License-Identifier: Apache-2.0
// The way of a sample without the HTTP server: body to snappy to protobuf to log to windows.
// Reports samples per CPU-second and heap bytes per series; series look like those of a Kubernetes
// cluster (9 labels).
//   ingest_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <filesystem>

#include "exporter/ingest/encode_v1.h"
#include "exporter/ingest/ingest_store.h"
#include "fmt/format.h"
#include "storage/base/random.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr int kSteps = 40;
constexpr int kBatch = 2000;
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
  constexpr const char* kMetrics[] = {"container_cpu_usage_seconds_total",
                                      "container_memory_working_set_bytes",
                                      "container_network_receive_bytes_total",
                                      "http_requests_total",
                                      "http_request_duration_seconds_sum",
                                      "kube_pod_container_resource_requests",
                                      "go_goroutines",
                                      "process_resident_memory_bytes",
                                      "node_filesystem_avail_bytes",
                                      "container_fs_writes_bytes_total"};
  const int pod = i / 10;
  return Labels::FromMap(
      {{"__name__", kMetrics[i % 10]},
       {"cluster", fmt::format("cluster-{}", pod % 3)},
       {"container", fmt::format("app-{}", pod % 97)},
       {"image",
        fmt::format("registry.example.com/team-{}/app-{}:v1.{}", pod % 13, pod % 97, pod % 7)},
       {"instance", fmt::format("10.{}.{}.{}:8080", pod >> 16 & 255, pod >> 8 & 255, pod & 255)},
       {"job", "kubelet"},
       {"namespace", fmt::format("namespace-{}", pod % 41)},
       {"node", fmt::format("ip-10-0-{}-{}.eu-west-1.compute.internal", pod % 64, pod % 251)},
       {"pod", fmt::format("app-{}-7d9f8b6c5d-{:05x}", pod % 97, pod)}});
}

// The bodies of `steps` scrapes of `count` series, in the order a sender would send them. `churn`:
// each scrape has other series.
std::vector<std::string> Bodies(int count, int steps = kSteps, bool churn = false) {
  std::vector<Labels> labels;
  labels.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) labels.push_back(SeriesLabels(i));
  std::vector<double> values(labels.size());
  SeededRandom random(1);
  std::vector<std::string> bodies;
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; churn && i < count; ++i) {
      labels[static_cast<size_t>(i)] = SeriesLabels(step * count + i);
    }
    for (int begin = 0; begin < count; begin += kBatch) {
      std::vector<LabeledSample> samples;
      for (int i = begin; i < std::min(count, begin + kBatch); ++i) {
        double& value = values[static_cast<size_t>(i)];
        const auto change = static_cast<double>(random.Next() % 1000);
        value += i % 2 == 0 ? change / 10 : change;  // half of the counters are no integers
        samples.push_back({labels[static_cast<size_t>(i)], {kStart + step * 15 * kSecond, value}});
      }
      bodies.push_back(EncodeWriteRequest(samples));
    }
  }
  return bodies;
}

struct Load {
  int series;
  int steps;
  bool churn;
};

// Sends the bodies to fresh stores.
void Send(const Load& load, benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(load.series, load.steps, load.churn);
  const int samples = load.series * load.steps;
  const std::string path =
      (std::filesystem::temp_directory_path() / "outrider_ingest_bench").string();
  FakeClock clock((kStart + load.steps * 15 * kSecond) * kNanosPerMilli);
  SeededRandom random(2);
  for (auto _ : state) {
    state.PauseTiming();
    std::filesystem::remove_all(path);
    const size_t heap_before = mallinfo2().uordblks + mallinfo2().hblkhd;
    auto store = *IngestStore::Open({.path = path}, clock, random);
    if (!store->Load({}).ok()) state.SkipWithError("cannot load");
    state.ResumeTiming();
    for (const std::string& body : bodies) {
      BodyRequest request(body);
      if (store->receiver().Handle(request).status != 204) state.SkipWithError("refused");
    }
    state.PauseTiming();
    const size_t heap = mallinfo2().uordblks + mallinfo2().hblkhd - heap_before;
    const WindowsStats stats = store->Stats().windows;
    state.counters["bytes/series"] = static_cast<double>(heap) / static_cast<double>(stats.series);
    state.counters["chunk_bytes/sample"] = static_cast<double>(stats.chunk_bytes) / samples;
    store.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * samples);
  std::filesystem::remove_all(path);
}

void BM_Ingest(benchmark::State& state) {
  Send({static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), false}, state);
}
BENCHMARK(BM_Ingest)
    ->Args({1000, kSteps})
    ->Args({100'000, kSteps})
    ->Args({1'000'000, 6})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void BM_NewSeries(benchmark::State& state) {
  Send({static_cast<int>(state.range(0)), 10, true}, state);
}
BENCHMARK(BM_NewSeries)->Arg(50'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void BM_Replay(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  const std::string path =
      (std::filesystem::temp_directory_path() / "outrider_replay_bench").string();
  FakeClock clock((kStart + kSteps * 15 * kSecond) * kNanosPerMilli);
  SeededRandom random(2);
  std::filesystem::remove_all(path);
  {
    auto store = *IngestStore::Open({.path = path}, clock, random);
    if (!store->Load({}).ok()) state.SkipWithError("cannot load");
    for (const std::string& body : Bodies(count)) {
      BodyRequest request(body);
      (void)store->receiver().Handle(request);
    }
  }
  for (auto _ : state) {
    auto store = *IngestStore::Open({.path = path}, clock, random);
    if (!store->Load({}).ok()) state.SkipWithError("cannot load");
  }
  state.SetItemsProcessed(state.iterations() * count * kSteps);
  std::filesystem::remove_all(path);
}
BENCHMARK(BM_Replay)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void BM_Select(benchmark::State& state) {
  Windows windows({});
  constexpr int kCount = 40'000;
  for (int step = 0; step < kSteps; ++step) {
    for (int i = 0; i < kCount; ++i) {
      const LabeledSample sample{SeriesLabels(i), {kStart + step * 15 * kSecond, i * 0.5}};
      windows.AppendBatch({&sample, 1}, Origin::kRemote, kStart + kHour);
    }
  }
  const std::vector<Matcher> matchers = {Matcher::Equal("__name__", "go_goroutines")};
  SeriesSet set;
  for (auto _ : state) {
    benchmark::DoNotOptimize(windows.Select(matchers, kStart, kStart + kHour, SIZE_MAX, &set).ok());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(set.times.size()));
  state.counters["series"] = static_cast<double>(set.rows.size());
}
BENCHMARK(BM_Select)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
