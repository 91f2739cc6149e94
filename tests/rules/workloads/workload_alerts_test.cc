// SPDX-License-Identifier: Apache-2.0
// The rule group over series of findings, evaluated as the daemon does.
#include "rules/workloads/workload_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/alerting/rule_manager.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Timestamp kStart = 1'763'700'000'000;

class Sink final : public AlertSink {
 public:
  explicit Sink(StateStore& store) : store_(store) {}
  Status OnAlerts(std::span<const Alert> alerts, Batch rule_state, Nanos now) override {
    TRY(store_.Commit(rule_state, Durability::kBuffered));
    for (const Alert& alert : alerts) {
      told.push_back(alert);
      lines.push_back(std::string(alert.labels.Get("severity")) +
                      (alert.ResolvedAt(now) ? " resolved" : " firing"));
    }
    return absl::OkStatus();
  }
  std::vector<Alert> told;
  std::vector<std::string> lines;

 private:
  StateStore& store_;
};

class WorkloadAlertsTest : public testing::Test {
 protected:
  Status Load(const WorkloadAlertOptions& options) {
    std::vector<RuleFile> files = {MakeWorkloadAlerts(options, {})};
    return manager_.Apply(std::move(files), {});
  }
  // Some evaluations with a finding as it is; confidence 0: there is none.
  void Look(const char* type, double confidence, int severity) {
    for (int i = 0; i < 4; ++i) LookOnce(type, confidence, severity);
  }
  void LookOnce(const char* type, double confidence, int severity) {
    clock_.Advance(15 * kSecond);
    const Labels labels({{"namespace", "shop"},
                         {"workload", "web"},
                         {"workload_kind", "Deployment"},
                         {"container", "app"},
                         {"type", type},
                         {"resource", "memory"}});
    const auto put = [&](const char* name, double value) {
      windows_.Add(labels.With("__name__", name), clock_.Now(),
                   confidence > 0 ? value : StaleNan());
    };
    put("outrider_workload_finding_confidence", confidence);
    put("outrider_workload_finding_severity", severity);
    put("outrider_workload_finding_score", 3.26);
    manager_.RunDue(clock_.Now());
  }

  FakeClock clock_{kStart * kNanosPerMilli};
  FakeWindows windows_;
  MemoryStore store_;
  Sink sink_{store_};
  promql::Engine engine_{promql::EngineOptions(), clock_};
  RuleManager manager_{{engine_, windows_, windows_, sink_, store_, clock_}, {}};
};

TEST_F(WorkloadAlertsTest, HasNoMistake) {
  const RuleFile file = MakeWorkloadAlerts({}, {});
  ASSERT_THAT(file.groups, SizeIs(1));
  ASSERT_THAT(file.groups[0].rules, SizeIs(4));
  for (const Rule& rule : file.groups[0].rules) EXPECT_TRUE(rule.error.ok()) << rule.error;
}

TEST_F(WorkloadAlertsTest, FiresOnceAndIsResolved) {
  ASSERT_TRUE(Load({}).ok());
  Look("memory_leak", .83, 3);
  for (int i = 0; i < 20; ++i) Look("memory_leak", .83, 3);
  ASSERT_THAT(sink_.lines, testing::ElementsAre("high firing"));
  Look("memory_leak", 0, 0);
  EXPECT_THAT(sink_.lines, testing::ElementsAre("high firing", "high resolved"));
}

TEST_F(WorkloadAlertsTest, SaysWhatItIsAndWhatToDo) {
  ASSERT_TRUE(Load({}).ok());
  Look("memory_leak", .83, 3);
  ASSERT_THAT(sink_.told, SizeIs(1));
  const Alert& alert = sink_.told[0];
  EXPECT_EQ(alert.labels, (Labels{{"alertname", "WorkloadFinding"},
                                  {"container", "app"},
                                  {"namespace", "shop"},
                                  {"resource", "memory"},
                                  {"service", "web"},
                                  {"severity", "high"},
                                  {"type", "memory_leak"},
                                  {"workload", "web"},
                                  {"workload_kind", "Deployment"}}));
  EXPECT_EQ(alert.annotations.at("summary"), "memory_leak (memory) of shop/web, container app");
  EXPECT_EQ(
      alert.annotations.at("description"),
      "3.3 times the edge of what counts, 83% sure. Figures: /outrider/v1/workloads/shop/web");
  EXPECT_THAT(alert.annotations.at("recommendation"), HasSubstr("heap profiles"));
}

// §3.8: an alert only from a confidence of .70 on.
TEST_F(WorkloadAlertsTest, NeedsConfidence) {
  ASSERT_TRUE(Load({}).ok());
  Look("memory_leak", .69, 2);
  EXPECT_THAT(sink_.lines, IsEmpty());
  Look("memory_leak", .70, 2);
  EXPECT_THAT(sink_.lines, testing::ElementsAre("medium firing"));
}

TEST_F(WorkloadAlertsTest, ARisingSeverityTakesTheOldOnesPlace) {
  ASSERT_TRUE(Load({}).ok());
  Look("memory_leak", .8, 2);
  Look("memory_leak", .92, 4);
  EXPECT_THAT(sink_.lines,
              testing::UnorderedElementsAre("medium firing", "critical firing", "medium resolved"));
}

TEST_F(WorkloadAlertsTest, TypesAndConfidenceAreConfigurable) {
  Look("resource_underutilization", .97, 3);
  ASSERT_TRUE(Load({}).ok());
  Look("resource_underutilization", .97, 3);
  EXPECT_THAT(sink_.lines, IsEmpty()) << "a matter of cost";
  WorkloadAlertOptions options;
  options.types = {FindingType::kUnderutilization};
  options.minimum_confidence = .99;
  ASSERT_TRUE(Load(options).ok());
  Look("resource_underutilization", .97, 3);
  Look("memory_leak", .995, 3);
  EXPECT_THAT(sink_.lines, IsEmpty());
  options.minimum_confidence = .5;
  ASSERT_TRUE(Load(options).ok());
  Look("resource_underutilization", .97, 3);
  Look("resource_underutilization", .97, 3);
  EXPECT_THAT(sink_.lines, testing::ElementsAre("high firing"));
}

}  // namespace
}  // namespace outrider
