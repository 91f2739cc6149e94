// SPDX-License-Identifier: Apache-2.0
// What an objective costs: an event into the ring, all its windows, a run over many counters.
#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

#include "rules/slo/event_feed.h"
#include "rules/slo/event_ring.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

void RingAdd(benchmark::State& state) {
  std::vector<EventRing> rings(static_cast<size_t>(state.range(0)), EventRing(SloPeriod()));
  Timestamp now = kStart;
  for (auto _ : state) {
    now += 15 * kSecond;
    for (EventRing& ring : rings) ring.Add(now, {1, 100});
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(RingAdd)->Arg(1)->Arg(1000);

void RingAllWindows(benchmark::State& state) {
  EventRing ring{SloPeriod()};
  Timestamp now = kStart;
  for (int i = 0; i < 20'000; ++i) ring.Add(now += 5 * kMinute, {1, 100});
  for (auto _ : state) {
    for (const DurationMs window :
         {5 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour, kDay, 3 * kDay, 30 * kDay}) {
      benchmark::DoNotOptimize(ring.Sum(now, window));
    }
  }
}
BENCHMARK(RingAllWindows);

// Counters that have a new sample in every run.
class Counters final : public Querier {
 public:
  explicit Counters(int count) {
    for (int i = 0; i < count; ++i) {
      labels_.emplace_back(Labels({{"__name__", "requests_total"},
                                   {"code", i % 10 == 0 ? "500" : "200"},
                                   {"pod", std::to_string(i)}}));
    }
  }
  void Tick(Timestamp now) {
    now_ = now;
    value_ += 100;
  }
  Status Select(std::span<const Matcher> matchers, Timestamp /*from*/, Timestamp /*to*/,
                size_t /*max_samples*/, SeriesSet* out) const override {
    for (const Labels& labels : labels_) {
      if (!MatchesAll(matchers, labels)) continue;
      SeriesSet::Row row;
      row.labels = SeriesLabels(labels);
      row.begin = out->times.size();
      out->times.push_back(now_);
      out->values.push_back(value_);
      row.end = out->times.size();
      out->rows.push_back(std::move(row));
    }
    return absl::OkStatus();
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> /*matchers*/,
                                             Timestamp /*from*/, Timestamp /*to*/) const override {
    return labels_;
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> /*matchers*/,
                                                Timestamp /*from*/,
                                                Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view /*name*/,
                                                 std::span<const Matcher> /*matchers*/,
                                                 Timestamp /*from*/,
                                                 Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  Timestamp OldestKept() const override { return 0; }

 private:
  std::vector<Labels> labels_;
  Timestamp now_ = 0;
  double value_ = 0;
};

void FeedRun(benchmark::State& state) {
  Counters counters(static_cast<int>(state.range(0)));
  FakeClock clock;
  const promql::Engine engine({}, clock);
  const SloOptions options;
  SloPart part;
  part.query =
      CompileSloQuery("sum(rate(requests_total{code=\"500\"}[{{.window}}]))", false, {}).value();
  part.total = CompileSloQuery("sum(rate(requests_total[{{.window}}]))", false, {}).value();
  EventFeed feed(part);
  Timestamp now = kStart;
  double total = 0;
  const EventSink sink = [&](const Labels& /*labels*/, Timestamp /*time*/, EventCounts counts) {
    total += counts.total;
  };
  for (auto _ : state) {
    now += 15 * kSecond;
    counters.Tick(now);
    if (!feed.Advance({options, engine, counters}, now, sink).ok()) state.SkipWithError("failed");
  }
  benchmark::DoNotOptimize(total);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(FeedRun)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
