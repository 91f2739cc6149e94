// SPDX-License-Identifier: Apache-2.0
// What an alert costs: the body of a post read and decided, written to RocksDB; CPU time of the
// posting thread. A posted alert of all three rounds; one more in a large group and among many
// silenced; a start; a walk as GET /api/v2/alerts makes it. Sending is not part of it.
//   alerts_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "exporter/api/posted_alerts.h"
#include "notifiers/desk/desk.h"
#include "storage/base/log.h"
#include "storage/state/rocksdb_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Nanos kStart = 1'790'000'000LL * kNanosPerSecond;
constexpr int kBatch = 500;

class NullChannel final : public Channel {
 public:
  SendResult Send(const Notification& /*unused*/) override { return SendResult::Delivered(); }
  bool Idempotent() const override { return true; }
};

DeskConfig MakeConfig() {
  DeskConfig config;
  RouteConfig& root = config.alertmanager.route;
  root.receiver = "team";
  root.key = "{}";
  root.group_by = {"namespace"};
  config.incidents = DefaultIncidentsConfig();
  std::vector<Receiver> receivers(1);
  receivers[0].name = "team";
  Integration integration;
  integration.kind = "webhook";
  integration.channel = std::make_unique<NullChannel>();
  receivers[0].integrations.push_back(std::move(integration));
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  return config;
}

// As amload.py makes them.
std::string AlertText(int i, int groups) {
  return fmt::format(
      R"({{"labels": {{"alertname": "PodDown", "severity": "warning", "namespace": "ns-{0}", "pod": "app-{1}", "cluster": "eu-1", "instance": "10.0.{2}.{3}:8080"}}, "annotations": {{"summary": "pod app-{1} is down", "description": "the pod has been down for more than five minutes"}}, "generatorURL": "http://prom.example/graph"}})",
      i % groups, i, i >> 8 & 255, i & 255);
}

std::string Body(int from, int to, int groups) {
  std::string body = "[";
  for (int i = from; i < to; ++i) {
    if (i > from) body += ", ";
    body += AlertText(i, groups);
  }
  return body + "]";
}

double ResidentBytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

// A desk over RocksDB in a directory of its own.
class World {
 public:
  World() {
    SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
    std::filesystem::remove_all(path_);
    Open();
  }
  ~World() {
    desk.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  void Open() {
    desk.reset();
    store_.reset();
    store_ = OpenRocksDbStore(path_.string(), {}).value();
    desk = Desk::Load(*store_, random_, MakeConfig(), clock.NowNanos()).value();
  }
  void Post(std::string body) {
    PostedAlerts posted;
    if (ReadPostedAlerts(&body, MatcherMode::kFallback, &posted) ||
        !desk->PostAlerts(posted.alerts, clock).ok()) {
      std::abort();
    }
  }
  void Fill(int alerts, int groups) {
    for (int from = 0; from < alerts; from += kBatch) {
      Post(Body(from, std::min(alerts, from + kBatch), groups));
    }
  }

  FakeClock clock{kStart};
  std::unique_ptr<Desk> desk;

 private:
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("outrider-alerts-{}", getpid());
  SeededRandom random_{1};
  std::unique_ptr<StateStore> store_;
};

// 50,000 alerts in 500 groups, three rounds, twenty seconds apart.
void PostRounds(benchmark::State& state) {
  constexpr int kGroups = 500;
  const int alerts = static_cast<int>(state.range(0));
  for (auto unused : state) {
    state.PauseTiming();
    std::vector<std::string> bodies;
    for (int from = 0; from < alerts; from += kBatch) {
      bodies.push_back(Body(from, from + kBatch, kGroups));
    }
    auto world = std::make_unique<World>();
    const double before = ResidentBytes();
    double first_round = 0;
    double spent = 0;
    for (int round = 0; round < 3; ++round) {
      world->clock.Advance(20 * kSecond);
      const std::clock_t began = std::clock();
      for (const std::string& body : bodies) {
        std::string copy = body;
        state.ResumeTiming();
        world->Post(std::move(copy));
        state.PauseTiming();
      }
      const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
      (round == 0 ? first_round : spent) += took;
    }
    // Of the whole process, the store's threads among them.
    state.counters["us_first"] = first_round * 1e6 / alerts;
    state.counters["us_again"] = spent * 1e6 / (2.0 * alerts);
    state.counters["bytes_an_alert"] = (ResidentBytes() - before) / alerts;
    world.reset();
    state.ResumeTiming();
  }
  state.counters["us_an_alert"] = benchmark::Counter(
      static_cast<double>(alerts) * 3 / 1e6,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(PostRounds)->Arg(50'000)->Arg(200'000)->Iterations(1)->Unit(benchmark::kMillisecond);

// One more alert in a group of so many.
void OneMoreInAGroup(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  World world;
  world.Fill(size, 1);
  int next = size;
  for (auto unused : state) {
    world.Post("[" + AlertText(next++, 1) + "]");
  }
}
BENCHMARK(OneMoreInAGroup)
    ->Arg(1)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Iterations(500)
    ->Unit(benchmark::kMicrosecond);

// One more alert while so many others are silenced, and it too.
void OneMoreAmongSilenced(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  World world;
  Silence silence;
  silence.matchers = {Matcher::Equal("alertname", "PodDown")};
  silence.starts_at = kStart;
  silence.ends_at = kStart + 3600 * kNanosPerSecond;
  silence.created_by = "bench";
  silence.comment = "bench";
  if (!world.desk->SetSilence(silence, "api", kStart).ok()) std::abort();
  world.Fill(size, 500);
  int next = size;
  for (auto unused : state) {
    world.Post("[" + AlertText(next++, 500) + "]");
  }
}
BENCHMARK(OneMoreAmongSilenced)
    ->Arg(1)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Iterations(500)
    ->Unit(benchmark::kMicrosecond);

// A start with so many alerts in a twentieth of groups.
void Load(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  World world;
  world.Fill(size, size / 20);
  for (auto unused : state) world.Open();
}
BENCHMARK(Load)->Arg(100'000)->Iterations(3)->Unit(benchmark::kMillisecond);

// All alerts, as the API lists them: until the first page, and the whole walk.
void Walk(benchmark::State& state) {
  const bool whole = state.range(1) != 0;
  World world;
  world.Fill(static_cast<int>(state.range(0)), 500);
  for (auto unused : state) {
    AlertPages pages = world.desk->WalkAlerts(world.clock.NowNanos(), nullptr);
    std::vector<AlertView> page;
    while (pages(&page) && whole) benchmark::DoNotOptimize(page);
  }
}
BENCHMARK(Walk)->Args({200'000, 0})->Args({200'000, 1})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
