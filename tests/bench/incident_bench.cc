// SPDX-License-Identifier: Apache-2.0
// What incidents cost: a change of state until it is on disk, finding an alert's incident among
// many, the memory of many open ones with their timers, and a tick of which ten are due. Wall time,
// state in RocksDB in the temporary directory, or in the one that OUTRIDER_BENCH_DIR names.
//   incident_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"
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

EscalationTier Tier(DurationMs delay, const char* receiver) {
  EscalationTier tier;
  tier.delay = delay;
  tier.receivers = {receiver};
  return tier;
}

// Every alert is an incident of its own; all have a policy of three tiers, the first of which waits
// long enough for nothing to be sent here.
DeskConfig MakeConfig() {
  DeskConfig config;
  RouteConfig& root = config.alertmanager.route;
  root.receiver = "team";
  root.key = "{}";
  root.group_by = {"namespace"};
  root.group_wait = kDay;  // no flush falls into what is measured
  config.incidents = DefaultIncidentsConfig();
  config.incidents.group_by = {"alertname", "pod"};
  EscalationPolicy policy;
  policy.name = "everybody";
  policy.tiers = {Tier(kHour, "team"), Tier(2 * kHour, "team"), Tier(3 * kHour, "team")};
  config.incidents.escalation_policies = {policy};
  std::vector<Receiver> receivers(1);
  receivers[0].name = "team";
  Integration integration;
  integration.kind = "webhook";
  integration.channel = std::make_unique<NullChannel>();
  receivers[0].integrations.push_back(std::move(integration));
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  return config;
}

Alert MakeAlert(int i, const char* severity, Nanos now) {
  Alert alert;
  const std::string name = fmt::format("ns-{}", i % 500);
  const std::string pod = fmt::format("app-{}", i);
  const std::string instance = fmt::format("10.0.{}.{}:8080", i >> 8 & 255, i & 255);
  alert.labels = Labels({{"alertname", "PodDown"},
                         {"cluster", "eu-1"},
                         {"instance", instance},
                         {"namespace", name},
                         {"pod", pod},
                         {"severity", severity}});
  alert.annotations = {{"summary", fmt::format("pod app-{} is down", i)},
                       {"description", "the pod has been down for more than five minutes"}};
  alert.starts_at = {now, 0};
  alert.updated_at = now;
  return alert;
}

double ResidentBytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

std::filesystem::path Directory() {
  const char* wanted = std::getenv("OUTRIDER_BENCH_DIR");  // NOLINT(concurrency-mt-unsafe)
  const std::filesystem::path root =
      wanted == nullptr ? std::filesystem::temp_directory_path() : std::filesystem::path(wanted);
  return root / fmt::format("outrider-incidents-{}", getpid());
}

class World {
 public:
  World() {
    SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
    std::filesystem::remove_all(path_);
    store_ = OpenRocksDbStore(path_.string(), {}).value();
    desk = Desk::Load(*store_, random_, MakeConfig(), clock.NowNanos()).value();
  }
  ~World() {
    desk.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  void Fire(int from, int to, const char* severity) {
    for (int first = from; first < to; first += kBatch) {
      std::vector<Alert> alerts;
      for (int i = first; i < std::min(to, first + kBatch); ++i) {
        alerts.push_back(MakeAlert(i, severity, clock.NowNanos()));
      }
      if (!desk->OnAlerts(alerts, {}, clock.NowNanos()).ok()) std::abort();
    }
  }

  FakeClock clock{kStart};
  std::unique_ptr<Desk> desk;

 private:
  const std::filesystem::path path_ = Directory();
  SeededRandom random_{1};
  std::unique_ptr<StateStore> store_;
};

class Times {
 public:
  template <typename Work>
  void Measure(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    seconds_.push_back(took.count());
  }
  // Milliseconds; of all measured.
  double Percentile(double part) {
    std::ranges::sort(seconds_);
    const auto at = static_cast<size_t>(part * static_cast<double>(seconds_.size() - 1));
    return seconds_[at] * 1e3;
  }

 private:
  std::vector<double> seconds_;
};

// An acknowledge, from the call until it is synced, while so many are open.
void Acknowledge(benchmark::State& state) {
  World world;
  world.Fire(0, static_cast<int>(state.range(0)), "critical");
  IncidentFilter filter;
  filter.limit = 2000;
  const IncidentPage page = world.desk->Incidents(filter);
  Times times;
  size_t next = 0;
  for (auto unused : state) {
    const HumanAction human{page.incidents.at(next++)->id, "anna", "api", "on it"};
    times.Measure([&] {
      if (!world.desk->Acknowledge(human, world.clock.NowNanos()).ok()) std::abort();
    });
  }
  state.counters["ms_p50"] = times.Percentile(0.5);
  state.counters["ms_p99"] = times.Percentile(0.99);
}
BENCHMARK(Acknowledge)->Arg(2'000)->Arg(100'000)->Iterations(2'000)->Unit(benchmark::kMillisecond);

// The incident that an alert belongs to: its group's labels, the key, the look-up.
void FindByGroup(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  const Plan plan(MakeConfig());
  Inhibitor inhibitor({});
  DeskState desk_state;
  std::vector<Alert> alerts;
  for (int i = 0; i < size; ++i) {
    alerts.push_back(MakeAlert(i, "critical", kStart));
    Incident incident =
        OpenIncident(plan.incidents(), fmt::format("i{}", i), alerts.back(), nullptr, kStart)
            .incident;
    const std::string id = incident.id;
    desk_state.PutIncident(id, std::make_shared<const Incident>(std::move(incident)));
  }
  const Transaction tx(desk_state, plan, &inhibitor, &inhibitor);
  size_t next = 0;
  for (auto unused : state) {
    const Alert& alert = alerts[next];
    next = (next + 7919) % alerts.size();
    const std::string key = IncidentGroupLabels(plan.incidents(), alert.labels).ToString();
    const Incident* found = tx.NewestIncident(key);
    if (found == nullptr) std::abort();
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK(FindByGroup)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

// So many open incidents, each with an alert, both clocks' timers and its escalation's; then ticks
// at which ten are due.
void ManyOpen(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  for (auto unused : state) {
    state.PauseTiming();
    const double before = ResidentBytes();
    auto world = std::make_unique<World>();
    world->Fire(0, size - 10, "info");  // warnings in twelve hours
    world->Fire(size - 10, size, "critical");
    const double used = ResidentBytes() - before;
    state.counters["MB"] = used / 1e6;
    state.counters["bytes_each"] = used / size;
    Times times;
    for (const int64_t seconds : {150, 240, 301}) {  // warned, warned, breached
      world->clock.Set(kStart + seconds * kNanosPerSecond);
      state.ResumeTiming();
      times.Measure([&] {
        if (world->desk->Tick(world->clock.NowNanos()).value() != 10) std::abort();
      });
      state.PauseTiming();
    }
    state.counters["ms_tick_of_10"] = times.Percentile(0.5);
    world.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(ManyOpen)->Arg(1'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
