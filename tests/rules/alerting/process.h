// SPDX-License-Identifier: Apache-2.0
// A process with real expressions over series in a map, in virtual time; it can be killed and
// started again on the same store.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rules/alerting/rule_manager.h"
#include "storage/state/memory_store.h"
#include "tests/rules/alerting/fakes.h"
#include "tests/support/fake_clock.h"

namespace outrider {

inline constexpr Timestamp kStart = 1'700'000'000'000;

// One process: it can be thrown away and started again on the same store and windows.
struct Process {
  Process(FakeClock& c, FakeWindows& w, StateStore& s, RuleManagerOptions options = {})
      : clock(c), windows(w), store(s), sink(&s), manager(Seams(), options) {}

  RuleManager::Seams Seams() { return {engine, windows, windows, sink, store, clock}; }
  Status Load(const std::string& text, RuleContext context = {}) {
    RuleFile file = TRY(ParseRuleFile(text, "f.yml"));
    context.external_url = "http://o";
    std::vector<RuleFile> files;
    files.push_back(std::move(file));
    return manager.Apply(std::move(files), context);
  }
  // Every 15 s `feed` is asked for samples, then what is due runs.
  template <typename Feed>
  void Run(DurationMs duration, Feed feed) {
    const Timestamp end = clock.Now() + duration;
    while (clock.Now() < end) {
      clock.Advance(15 * kSecond);
      feed(clock.Now());
      manager.RunDue(clock.Now());
    }
  }

  FakeClock& clock;
  FakeWindows& windows;
  StateStore& store;
  FakeSink sink;
  promql::Engine engine{promql::EngineOptions(), clock};
  RuleManager manager;
};

class RuleManagerTest : public ::testing::Test {
 protected:
  RuleManagerTest() { Restart(); }
  void Restart() { process = std::make_unique<Process>(clock, windows, store); }
  void StartAfresh() {
    Batch all;
    EXPECT_TRUE(store
                    .Scan(Family::kRules, "", "",
                          [&](const Row& row) {
                            all.Delete(Family::kRules, row.key);
                            return true;
                          })
                    .ok());
    EXPECT_TRUE(store.Commit(all, Durability::kBuffered).ok());
    windows.series.clear();
    Restart();
  }
  auto Feed(double value) {
    return [this, value](Timestamp now) { windows.Put(kUp, now, value); };
  }
  // Rows of alerts that are pending or firing.
  size_t Rows() const { return RowsIn({AlertState::kPending, AlertState::kFiring}); }
  size_t RowsIn(const std::set<AlertState>& states) const {
    size_t rows = 0;
    EXPECT_TRUE(store
                    .Scan(Family::kRules, "", "",
                          [&](const Row& row) {
                            const auto decoded = DecodeAlertRow(row);
                            EXPECT_TRUE(decoded.ok()) << decoded.status();
                            if (decoded.ok()) rows += states.contains(decoded->alert->state);
                            return true;
                          })
                    .ok());
    return rows;
  }

  const Labels kUp = {{"__name__", "up"}, {"instance", "a"}};
  FakeClock clock{kStart * kNanosPerMilli};
  FakeWindows windows;
  MemoryStore store;
  std::unique_ptr<Process> process;
};

inline constexpr const char* kDown = R"(groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.instance }} is down", outrider_receiver: ops}
)";
inline const Labels kFiring = {{"__name__", "ALERTS"},
                               {"alertname", "Down"},
                               {"alertstate", "firing"},
                               {"instance", "a"},
                               {"severity", "page"}};
inline const Labels kPending = {{"__name__", "ALERTS"},
                                {"alertname", "Down"},
                                {"alertstate", "pending"},
                                {"instance", "a"},
                                {"severity", "page"}};

}  // namespace outrider
