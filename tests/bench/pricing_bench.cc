// SPDX-License-Identifier: Apache-2.0
// What exact arithmetic and the price book cost: a product, a double turned into a decimal, a
// node's price split among 50 containers, a book of 1,000 nodes.
#include <benchmark/benchmark.h>

#include "rules/pricing/node_rates.h"
#include "rules/pricing/pricing_engine.h"

namespace outrider {
namespace {

void BM_Product(benchmark::State& state) {
  const Money price = 0.0416_usd;
  Decimal cores = 1.5_dec;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cores);
    benchmark::DoNotOptimize(price * cores);
  }
}
BENCHMARK(BM_Product);

void BM_FromDouble(benchmark::State& state) {
  double value = 0.123456789;
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    benchmark::DoNotOptimize(Decimal::FromDouble(value));
  }
}
BENCHMARK(BM_FromDouble);

void BM_ToDouble(benchmark::State& state) {
  Money value = 0.123456789_usd;
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    benchmark::DoNotOptimize(value.ToDouble());
  }
}
BENCHMARK(BM_ToDouble);

void BM_Split(benchmark::State& state) {
  std::vector<Decimal> weights;
  for (int i = 0; i < 50; ++i) weights.push_back(Decimal::FromInt(i + 1).TimesRatio(1, 8));
  for (auto _ : state)
    benchmark::DoNotOptimize(SplitByWeights(0.192_usd, std::span<const Decimal>(weights)));
}
BENCHMARK(BM_Split);

void BM_Book(benchmark::State& state) {
  const std::shared_ptr<const Pricer> pricer = *Pricer::Create({}, {});
  std::vector<NodeFacts> nodes;
  for (int64_t i = 0; i < state.range(0); ++i) {
    NodeFacts node;
    node.name = "node-" + std::to_string(i);
    node.provider = "aws";
    node.region = "us-east-1";
    node.instance_type = i % 2 == 0 ? "m5.xlarge" : "m5.3xlarge";
    node.cores = 4_dec;
    node.memory_gib = 15.4_dec;
    nodes.push_back(std::move(node));
  }
  for (auto _ : state) {
    const PricedNodes book(pricer, StreamPrices(), nodes);
    benchmark::DoNotOptimize(NodeRates(book));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Book)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
