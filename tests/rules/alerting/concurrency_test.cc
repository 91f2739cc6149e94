// SPDX-License-Identifier: Apache-2.0
// Groups and rules on several threads: rules that do not depend on each other overlap, and what
// comes out is what comes out of one thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/rules/alerting/process.h"

namespace outrider {
namespace {

// FakeWindows for several threads; selects of `slow…` wait for company.
class SharedWindows final : public Querier, public Appender {
 public:
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp now) override {
    const std::scoped_lock lock(mutex_);
    return windows.AppendBatch(samples, origin, now);
  }
  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t most,
                SeriesSet* out) const override {
    if (!matchers.empty() && matchers.back().value().starts_with("slow")) Meet();
    const std::scoped_lock lock(mutex_);
    return windows.Select(matchers, from, to, most, out);
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override {
    const std::scoped_lock lock(mutex_);
    return windows.SelectLabels(matchers, from, to);
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher>, Timestamp,
                                                Timestamp) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view, std::span<const Matcher>,
                                                 Timestamp, Timestamp) const override {
    return std::vector<std::string>();
  }
  Timestamp OldestKept() const override { return 0; }

  FakeWindows windows;
  size_t company = 0;  // so many meet
  bool met() const { return met_; }

 private:
  void Meet() const {
    if (met_) return;
    ++here_;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (here_ < company && !met_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    if (here_ >= company) met_ = true;
    if (!met_) --here_;
  }
  mutable std::mutex mutex_;
  mutable std::atomic<size_t> here_{0};
  mutable std::atomic<bool> met_{false};
};

// Stands still until it is told to move; who sleeps until then really waits.
class StepClock final : public Clock {
 public:
  Nanos NowNanos() const override { return now_; }
  int64_t MonotonicNanos() const override { return now_; }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos deadline, std::stop_token stop) const override {
    while (!stop.stop_requested() && now_ < deadline) std::this_thread::yield();
    return !stop.stop_requested();
  }
  void Set(Timestamp now) { now_ = now * kNanosPerMilli; }

 private:
  std::atomic<Nanos> now_{kStart * kNanosPerMilli};
};

// A process of several threads that steps from slot to slot.
struct SharedProcess {
  explicit SharedProcess(double share_from) {
    RuleManagerOptions options;
    options.share_from_seconds = share_from;
    options.startup_hold = 0;
    manager = std::make_unique<RuleManager>(
        RuleManager::Seams{engine, windows, windows, sink, store, clock}, options);
  }
  Status Load(const std::string& text) const {
    std::vector<RuleFile> files;
    files.push_back(TRY(ParseRuleFile(text, "f.yml")));
    RuleContext context;
    context.policies.usual.wait_for_data = false;
    return manager->Apply(std::move(files), context);
  }
  uint64_t Iterations() const {
    uint64_t iterations = 0;
    for (const RuleGroupStats& group : manager->Stats().groups) {
      iterations += group.iterations_total;
    }
    return iterations;
  }
  std::vector<std::jthread> StartWorkers(int workers) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
      threads.emplace_back([this](std::stop_token stop) { manager->RunWorker(stop); });
    }
    return threads;
  }
  // Evaluates what is due until `end`, slot by slot.
  void Work(int workers, Timestamp end) {
    const auto threads = StartWorkers(workers);
    for (Timestamp slot = manager->NextDue(); slot <= end;) {
      const uint64_t before = Iterations();
      clock.Set(slot);
      if (workers == 0) manager->RunDue(slot);
      // Groups at work are not due.
      Timestamp next = slot;
      while (Iterations() == before || next <= slot || next > slot + kHour) {
        std::this_thread::yield();
        next = manager->NextDue();
      }
      slot = next;
    }
  }
  void WorkUntilMet(int workers) {
    const auto threads = StartWorkers(workers);
    clock.Set(kStart + 15 * kSecond);  // every group is due
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!windows.met() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  }

  StepClock clock;
  SharedWindows windows;
  MemoryStore store;
  FakeSink sink{&store};
  promql::Engine engine{promql::EngineOptions(), clock};
  std::unique_ptr<RuleManager> manager;
};

TEST(ConcurrencyTest, IndependentRulesOfAGroupOverlap) {
  SharedProcess process(0);
  process.windows.company = 2;
  ASSERT_TRUE(process
                  .Load("groups: [{name: g, rules: [{record: a, expr: slow_a}, {record: b, expr: "
                        "slow_b}, {record: c, expr: '{job=\"x\", z=\"z\"}'}]}]")
                  .ok());
  process.WorkUntilMet(2);
  EXPECT_TRUE(process.windows.met());
}

TEST(ConcurrencyTest, GroupsOverlap) {
  SharedProcess process(1e9);
  process.windows.company = 3;
  std::string groups = "groups:\n";
  for (const char* name : {"a", "b", "c"}) {
    groups += std::string("- {name: ") + name + ", rules: [{record: r, expr: slow}]}\n";
  }
  ASSERT_TRUE(process.Load(groups).ok());
  process.WorkUntilMet(3);
  EXPECT_TRUE(process.windows.met());
}

constexpr const char* kTangled = R"(groups:
- name: g
  interval: 15s
  rules:
  - {record: a, expr: x + 1}
  - {record: b, expr: a * 2}
  - {record: c, expr: sum(f) or vector(0)}
  - {record: d, expr: 'count({job="j"})'}
  - {record: e, expr: sum by (job) (x)}
  - {record: f, expr: 'd + on () group_right x'}
  - {alert: A, expr: b > 100, for: 1m}
  - {record: h, expr: 'count(ALERTS) or vector(0)'}
  - {record: i, expr: 'rate(x[1m])'}
  - {record: j, expr: 'sum_over_time(d[1m]) + on () group_right () e'}
)";

std::map<Labels, std::vector<Sample>> RunTangled(int workers) {
  SharedProcess process(workers > 0 ? 0 : 1e9);
  for (Timestamp t = kStart; t < kStart + 2 * kHour; t += 15 * kSecond) {
    process.windows.windows.Put(Labels{{"__name__", "x"}, {"job", "j"}}, t,
                                static_cast<double>((t - kStart) / 15000 % 97));
  }
  EXPECT_TRUE(process.Load(kTangled).ok());
  const Timestamp end = kStart + kHour;
  process.Work(workers, end);
  auto series = process.windows.windows.series;
  for (auto& [labels, samples] : series) {
    std::erase_if(samples, [&](const Sample& sample) { return sample.time > end; });
  }
  return series;
}

TEST(ConcurrencyTest, GivesWhatOneThreadGives) {
  const auto alone = RunTangled(0);
  const auto together = RunTangled(4);
  ASSERT_GE(alone.size(), 12U);
  ASSERT_EQ(alone.size(), together.size());
  for (const auto& [labels, samples] : alone) {
    SCOPED_TRACE(labels.ToString());
    const auto& others = together.at(labels);
    ASSERT_GE(samples.size(), 2U);
    ASSERT_EQ(samples.size(), others.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(samples[i].time, others[i].time);
      EXPECT_TRUE(SameBits(samples[i].value, others[i].value)) << i;
    }
  }
}

}  // namespace
}  // namespace outrider
