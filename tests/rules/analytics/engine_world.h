// SPDX-License-Identifier: Apache-2.0
// An analytics engine over windows in a map, for tests of what becomes of its series.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/analytics_file.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {

inline std::vector<Entry> ParseEntries(const std::string& entries) {
  auto file = ParseAnalyticsFile("entries:\n" + entries, "a.yml");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->entries : std::vector<Entry>();
}

class EngineWorld : public testing::Test {
 protected:
  static constexpr Timestamp kStart = 1'763'700'000'000;  // a whole five minutes

  std::unique_ptr<AnalyticsEngine> Make(const std::string& entries) {
    return std::make_unique<AnalyticsEngine>(ParseEntries(entries), options_, Seams());
  }
  AnalyticsSeams Seams() {
    if (promql_ == nullptr) promql_ = std::make_unique<promql::Engine>(query_, clock_);
    return {.engine = *promql_,
            .querier = windows_,
            .table = table_,
            .feed = &windows_,
            .state = store_.get()};
  }
  static Labels Load(const std::string& instance) {
    return Labels({{"__name__", "node_load1"}, {"instance", instance}});
  }
  // The instances that have a derived series of this name.
  std::vector<std::string> InstancesOf(const std::string& name) const {
    std::vector<std::string> instances;
    for (const DerivedFamily& family : table_.Snapshot()) {
      if (family.metric->name != name) continue;
      for (const DerivedSeries& series : family.series) {
        instances.emplace_back(series.labels->Get("instance"));
      }
    }
    return instances;
  }

  FakeClock clock_;
  promql::EngineOptions query_;  // before the first engine is made
  AnalyticsOptions options_;
  FakeWindows windows_;
  DerivedTable table_;
  std::unique_ptr<MemoryStore> store_;  // none unless a test makes one

 private:
  std::unique_ptr<promql::Engine> promql_;
};

}  // namespace outrider
