// SPDX-License-Identifier: Apache-2.0
// What a sample of use costs in the accumulator of recommendations, what a recommendation costs,
// and how large the state is. Arguments: containers of workloads, each with one replica, fed in
// turn as a scrape does; so their state comes from memory, not from the cache, when they are many.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "rules/capacity/judgement.h"
#include "rules/capacity/recommend/demand.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr DurationMs kScrape = 15 * kSecond;
constexpr double kMib = 1024.0 * 1024.0;

struct One {
  ContainerDemand demand;
  ContainerInstance instance;
  double cores = 0;
  double bytes = 0;
};

// Sizes from 20 millicores to 4 cores and from 30 MiB to 8 GiB; over the day use swings by a third,
// with a noise of a quarter.
class World {
 public:
  explicit World(size_t count) : all_(count) {
    for (One& one : all_) {
      one.cores = 0.02 * std::exp(random_.Unit() * std::log(200.0));
      one.bytes = 30 * kMib * std::exp(random_.Unit() * std::log(273.0));
    }
    for (double& factor : noise_) factor = std::exp((random_.Unit() - 0.5) * 1.0);
  }
  std::vector<One>& all() { return all_; }
  Timestamp now() const { return now_; }
  void NextScrape(DurationMs step = kScrape) {
    now_ += step;
    day_ = 1 + 0.33 * std::sin(static_cast<double>(now_ % kDay) / kDay * 2 * M_PI);
  }
  double Cores(const One& one) { return one.cores * day_ * noise_[++at_ % noise_.size()]; }
  double Bytes(const One& one) { return one.bytes * (0.8 + 0.2 * noise_[++at_ % noise_.size()]); }
  void Feed(One* one) {
    const SampleFacts facts = {.age = kDay};
    one->demand.AddCpu(now_, Cores(*one), facts, &one->instance);
    one->demand.AddMemory(now_, Bytes(*one), facts, &one->instance);
  }

 private:
  SeededRandom random_{1};
  std::vector<One> all_;
  std::vector<double> noise_ = std::vector<double>(4096);
  size_t at_ = 0;
  Timestamp now_ = kStart;
  double day_ = 1;
};

// Three days at five minutes, so that everything is in use.
void Warm(World* world) {
  for (int i = 0; i < 3 * 288; ++i) {
    world->NextScrape(5 * kMinute);
    for (One& one : world->all()) world->Feed(&one);
  }
}

void BM_AddSample(benchmark::State& state) {
  World world(static_cast<size_t>(state.range(0)));
  Warm(&world);
  int64_t samples = 0;
  for (auto _ : state) {
    world.NextScrape();
    for (One& one : world.all()) world.Feed(&one);
    samples += 2 * state.range(0);
  }
  size_t bytes = 0;
  size_t largest = 0;
  for (const One& one : world.all()) {
    bytes += one.demand.Bytes();
    largest = std::max(largest, one.demand.Bytes());
  }
  state.counters["per_sample"] = benchmark::Counter(
      static_cast<double>(samples), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_mean"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
  state.counters["bytes_largest"] = static_cast<double>(largest);
  state.counters["bytes_fixed"] = sizeof(ContainerDemand);
  state.counters["bytes_instance"] = sizeof(ContainerInstance);
}
BENCHMARK(BM_AddSample)->Arg(1)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);

// Both resources of a container, with the reason's text. 0 adaptive, 1 percentile, 2 vpa, 3 krr.
void BM_Advise(benchmark::State& state) {
  World world(100);
  Warm(&world);
  const RecommendPolicy* policy = FindPolicy(PolicyNames()[static_cast<size_t>(state.range(0))]);
  const JudgeOptions options = {.policy = *policy, .core_hour = 0.04, .byte_hour = 1e-11};
  const std::vector<Holding> holdings = {{1.0, 0.5}};
  size_t at = 0;
  for (auto _ : state) {
    const ContainerDemand& demand = world.all()[++at % world.all().size()].demand;
    benchmark::DoNotOptimize(Advise(Resource::kCpu, demand, holdings, std::nullopt, options));
    benchmark::DoNotOptimize(Advise(Resource::kMemory, demand, holdings, std::nullopt, options));
  }
  state.SetLabel(std::string(policy->name));
}
BENCHMARK(BM_Advise)->DenseRange(0, 3)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
