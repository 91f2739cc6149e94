// SPDX-License-Identifier: Apache-2.0
// Loading and reloading rules: ordering the rules of large groups, and 10,000 rules in 500 groups.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "rules/alerting/rule_manager.h"
#include "rules/alerting/rule_order.h"
#include "storage/state/memory_store.h"
#include "tests/rules/alerting/fakes.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr int kGroups = 500;
constexpr int kRulesOfAGroup = 20;

std::string AlertText(int n, const char* more = "") {
  return fmt::format(
      "  - alert: Alert{0}\n    expr: sum by (job) (rate(errors_total{{service=\"s{0}\"}}[5m])) > "
      "0.1{1}\n    for: 5m\n    labels: {{severity: page, team: t{2}}}\n    annotations: "
      "{{summary: "
      "'{{{{ $labels.job }}}} has {{{{ $value | humanize }}}} errors'}}\n",
      n, more, n % 7);
}

std::string GroupText(int group, const char* more = "") {
  std::string text = fmt::format("- name: g{}\n  rules:\n", group);
  for (int i = 0; i < kRulesOfAGroup; ++i) text += AlertText(group * kRulesOfAGroup + i, more);
  return text;
}

RuleFile Parsed(const std::string& text, const std::string& path) {
  return *ParseRuleFile("groups:\n" + text, path);
}

std::vector<Rule> AlertRules(int count) {
  std::string text = "- name: g\n  rules:\n";
  for (int i = 0; i < count; ++i) text += AlertText(i);
  return Parsed(text, "f.yml").groups[0].rules;
}

// Each reads the one before by name; all record one metric under labels of their own.
std::vector<Rule> RecordingRules(int count) {
  std::string text = "- name: g\n  rules:\n";
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "  - {{record: slo, expr: 'sum by (job) (slo{{id=\"{}\"}})', labels: {{id: '{}'}}}}\n",
        i - 1, i);
  }
  return Parsed(text, "f.yml").groups[0].rules;
}

void BM_OrderAlerts(benchmark::State& state) {
  const std::vector<Rule> rules = AlertRules(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(OrderRules(rules));
}
BENCHMARK(BM_OrderAlerts)->Arg(20)->Arg(500)->Arg(2000)->Arg(8000)->Unit(benchmark::kMillisecond);

void BM_OrderRecords(benchmark::State& state) {
  const std::vector<Rule> rules = RecordingRules(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(OrderRules(rules));
}
BENCHMARK(BM_OrderRecords)->Arg(500)->Arg(2000)->Arg(8000)->Unit(benchmark::kMillisecond);

struct World {
  World() {
    for (int i = 0; i < kGroups; ++i) texts.push_back(GroupText(i));
    Apply();
  }
  void Apply() {
    std::vector<RuleFile> files;
    for (int i = 0; i < kGroups; ++i) files.push_back(Parsed(texts[i], fmt::format("{}.yml", i)));
    const Status status = manager.Apply(std::move(files), {});
    if (!status.ok()) std::abort();
  }
  FakeClock clock{1'700'000'000 * kNanosPerSecond};
  FakeWindows windows;
  MemoryStore store;
  FakeSink sink{&store};
  promql::Engine engine{promql::EngineOptions(), clock};
  RuleManager manager{{engine, windows, windows, sink, store, clock}, {}};
  std::vector<std::string> texts;
};

void BM_Parse(benchmark::State& state) {
  std::vector<std::string> texts;
  for (int i = 0; i < kGroups; ++i) texts.push_back(GroupText(i));
  for (auto _ : state) {
    for (const std::string& text : texts) benchmark::DoNotOptimize(Parsed(text, "f.yml"));
  }
}
BENCHMARK(BM_Parse)->Unit(benchmark::kMillisecond);

void BM_Load(benchmark::State& state) {
  for (auto _ : state) World();
}
BENCHMARK(BM_Load)->Unit(benchmark::kMillisecond);

void BM_ReloadUnchanged(benchmark::State& state) {
  World world;
  for (auto _ : state) world.Apply();
}
BENCHMARK(BM_ReloadUnchanged)->Unit(benchmark::kMillisecond);

void BM_ReloadOneOf500(benchmark::State& state) {
  World world;
  bool odd = false;
  for (auto _ : state) {
    odd = !odd;
    world.texts[7] = GroupText(7, odd ? " + 1" : "");
    world.Apply();
  }
}
BENCHMARK(BM_ReloadOneOf500)->Unit(benchmark::kMillisecond);

void BM_ReloadAllChanged(benchmark::State& state) {
  World world;
  bool odd = false;
  for (auto _ : state) {
    odd = !odd;
    for (int i = 0; i < kGroups; ++i) world.texts[i] = GroupText(i, odd ? " + 1" : "");
    world.Apply();
  }
}
BENCHMARK(BM_ReloadAllChanged)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
