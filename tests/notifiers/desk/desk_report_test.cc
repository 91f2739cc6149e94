// SPDX-License-Identifier: Apache-2.0
// Reports: messages about no alert go through the outbox like all others.
#include "storage/state/faulty_store.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

DeskReport Weekly(const char* receiver = "team") {
  return {.id = "week 48/shop",
          .receiver = receiver,
          .title = "Right-sizing of shop: $12.00 a month can be saved",
          .text = "Spend: $100.00 a month\n",
          .labels = {{"alertname", "OutriderWeeklySummary"}, {"team", "shop"}}};
}

std::vector<std::string> Queue(Desk& desk, const DeskReport& report, Nanos now, Batch extra = {}) {
  const auto homeless = desk.QueueReports({&report, 1}, std::move(extra), now);
  EXPECT_TRUE(homeless.ok()) << homeless.status();
  return homeless.value_or(std::vector<std::string>());
}

TEST_F(DeskTest, AReportIsSentOnce) {
  EXPECT_TRUE(Queue(*desk_, Weekly(), clock_.NowNanos()).empty());
  EXPECT_TRUE(Queue(*desk_, Weekly(), clock_.NowNanos()).empty());  // said twice, queued once
  Run(1);
  ASSERT_EQ(Got("team"), 1U);
  const Notification& told = inbox_["team"].got[0];
  EXPECT_EQ(told.title, Weekly().title);
  EXPECT_EQ(told.note, Weekly().text);
  ASSERT_EQ(told.alerts.size(), 1U);
  EXPECT_EQ(told.alerts[0].labels.Get("team"), "shop");
  EXPECT_EQ(told.alerts[0].annotations.at("summary"), Weekly().title);
  EXPECT_FALSE(told.resolved);
  EXPECT_FALSE(told.idempotency_key.empty());
  EXPECT_TRUE(desk_->Outbox().empty());
  EXPECT_EQ(Newest(), nullptr) << "it is no incident";
  ASSERT_EQ(desk_->RecentDeliveries(10).size(), 1U);
  EXPECT_EQ(desk_->RecentDeliveries(10)[0].kind, OutboxKind::kReport);
  Run(3600);
  EXPECT_EQ(Got("team"), 1U) << "nothing repeats or resolves it";
}

TEST_F(DeskTest, AReportSurvivesACrash) {
  Batch mark;
  mark.Put(Family::kMeta, "summary", "told");
  Queue(*desk_, Weekly(), clock_.NowNanos(), mark);
  const std::string key = desk_->Outbox().at(0).id;
  Start(*disk_);
  EXPECT_EQ(disk_->Get(Family::kMeta, "summary").value()->value, "told");
  Run(1);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].idempotency_key, key);
  EXPECT_EQ(inbox_["team"].got[0].title, Weekly().title);
}

TEST_F(DeskTest, AReportIsTriedForADay) {
  for (int i = 0; i < 5; ++i) {
    inbox_["team"].answers.push_back(SendResult::Retry("down", "serverError"));
  }
  Queue(*desk_, Weekly(), clock_.NowNanos());
  Run(120);
  EXPECT_EQ(Got("team"), 6U);
  inbox_["other"].answers.assign(5000, SendResult::Retry("down", "serverError"));
  Queue(*desk_, Weekly("other"), clock_.NowNanos());
  Run(25 * 3600);
  EXPECT_TRUE(desk_->Outbox().empty());
  const size_t tried = Got("other");
  EXPECT_GT(tried, 1000U);
  Run(3600);
  EXPECT_EQ(Got("other"), tried);
}

TEST_F(DeskTest, AReportToNobody) {
  EXPECT_EQ(Queue(*desk_, Weekly("nobody"), clock_.NowNanos()),
            std::vector<std::string>{"week 48/shop"});
  EXPECT_TRUE(desk_->Outbox().empty());
}

// What is told and that it was told are one write.
TEST_F(DeskTest, AReportAndItsMarkAreOneBatch) {
  const uint64_t before = disk_->Stats().commits;
  Batch mark;
  mark.Put(Family::kMeta, "summary", "told");
  Queue(*desk_, Weekly(), clock_.NowNanos(), mark);
  EXPECT_EQ(disk_->Stats().commits, before + 1);
}

}  // namespace
}  // namespace outrider
