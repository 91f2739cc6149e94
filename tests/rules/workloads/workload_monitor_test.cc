// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/state/memory_store.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'763'700'000'000;

class WorkloadMonitorTest : public testing::Test {
 protected:
  void Find(const std::string& workload) {
    WorkloadFinding finding;
    finding.key = {"shop", workload, "Deployment"};
    finding.container = "app";
    found_.push_back(finding);
  }
  std::vector<std::string> Alerts() const {
    std::vector<std::string> names;
    for (const WorkloadFinding& alert : monitor_.status().alerts)
      names.push_back(alert.key.workload);
    return names;
  }
  std::vector<WorkloadFinding> found_;
  MemoryStore store_;
  WorkloadMonitor monitor_{[this] { return found_; }, store_};
};

TEST_F(WorkloadMonitorTest, ChecksAtOnceAndThenByTheInterval) {
  Find("web");
  Find("api");
  monitor_.Tick(kNow);
  EXPECT_EQ(monitor_.status().checks, 0);
  ASSERT_TRUE(monitor_.Start({{"shop", "web", "app"}}, 60 * kSecond, kNow).ok());
  EXPECT_TRUE(monitor_.status().running);
  EXPECT_EQ(monitor_.status().checks, 1);
  EXPECT_THAT(Alerts(), testing::ElementsAre("web"));
  found_.clear();
  monitor_.Tick(kNow + 59 * kSecond);
  EXPECT_THAT(Alerts(), testing::ElementsAre("web"));
  monitor_.Tick(kNow + 60 * kSecond);
  EXPECT_THAT(Alerts(), testing::IsEmpty());
  EXPECT_EQ(monitor_.status().checks, 2);
  EXPECT_EQ(monitor_.status().last_check, kNow + 60 * kSecond);
}

// §1.3 defect (h): the original keeps the old interval, and its alerts are those of a pipeline
// nobody checks.
TEST_F(WorkloadMonitorTest, ASecondStartReplacesListAndInterval) {
  Find("web");
  Find("api");
  ASSERT_TRUE(monitor_.Start({{"shop", "web", "app"}}, kHour, kNow).ok());
  ASSERT_TRUE(
      monitor_.Start({{"shop", "api", "app"}, {"shop", "api", "app"}}, 10 * kSecond, kNow + kSecond)
          .ok());
  EXPECT_THAT(Alerts(), testing::ElementsAre("api"));
  EXPECT_EQ(monitor_.status().interval, 10 * kSecond);
  EXPECT_EQ(monitor_.status().containers, 1);
  monitor_.Tick(kNow + 11 * kSecond);
  EXPECT_EQ(monitor_.status().checks, 3);
}

TEST_F(WorkloadMonitorTest, StopEndsIt) {
  Find("web");
  ASSERT_TRUE(monitor_.Stop().ok());
  ASSERT_TRUE(monitor_.Start({{"shop", "web", "app"}}, 10 * kSecond, kNow).ok());
  ASSERT_TRUE(monitor_.Stop().ok());
  EXPECT_FALSE(monitor_.status().running);
  EXPECT_THAT(Alerts(), testing::IsEmpty());
  monitor_.Tick(kNow + kHour);
  EXPECT_EQ(monitor_.status().checks, 1);
}

TEST_F(WorkloadMonitorTest, RefusesOtherIntervals) {
  for (const DurationMs interval : {9 * kSecond, 3601 * kSecond, -kSecond}) {
    EXPECT_FALSE(monitor_.Start({}, interval, kNow).ok()) << interval;
  }
  EXPECT_FALSE(monitor_.status().running);
}

TEST_F(WorkloadMonitorTest, AClockThatGoesBackDoesNotStopIt) {
  ASSERT_TRUE(monitor_.Start({{"shop", "web", "app"}}, kMinute, kNow).ok());
  monitor_.Tick(kNow - kHour);
  EXPECT_EQ(monitor_.status().checks, 2);
  EXPECT_EQ(monitor_.status().last_check, kNow - kHour);
  monitor_.Tick(kNow - kHour + 59 * kSecond);
  EXPECT_EQ(monitor_.status().checks, 2);
  monitor_.Tick(kNow - kHour + kMinute);
  EXPECT_EQ(monitor_.status().checks, 3);
}

TEST_F(WorkloadMonitorTest, ChecksAreCountedOverARestart) {
  ASSERT_TRUE(monitor_.Start({{"shop", "web", "app"}}, kMinute, kNow).ok());
  monitor_.Tick(kNow + kMinute);
  monitor_.Tick(kNow + 2 * kMinute);
  WorkloadMonitor next([this] { return found_; }, store_);
  ASSERT_TRUE(next.Restore().ok());
  EXPECT_EQ(next.status().checks, 3);
  EXPECT_EQ(next.status().last_check, kNow + 2 * kMinute);
}

TEST_F(WorkloadMonitorTest, SurvivesARestart) {
  ASSERT_TRUE(
      monitor_.Start({{"shop", "web", "app"}, {"shop", "api", "app"}}, 30 * kSecond, kNow).ok());
  Find("web");
  WorkloadMonitor next([this] { return found_; }, store_);
  ASSERT_TRUE(next.Restore().ok());
  EXPECT_TRUE(next.status().running);
  EXPECT_EQ(next.status().containers, 2);
  EXPECT_EQ(next.status().interval, 30 * kSecond);
  next.Tick(kNow + kMinute);
  EXPECT_EQ(next.status().alerts.size(), 1);
  Batch batch;
  batch.Put(Family::kMeta, "workload_monitor", "\x01\xff");
  ASSERT_TRUE(store_.Commit(batch, Durability::kBuffered).ok());
  EXPECT_FALSE(WorkloadMonitor([this] { return found_; }, store_).Restore().ok());
}

}  // namespace
}  // namespace outrider
