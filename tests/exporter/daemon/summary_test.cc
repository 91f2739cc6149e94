// SPDX-License-Identifier: Apache-2.0
// The weekly summary: its configuration, and that every week is told once.
#include <gtest/gtest.h>

#include "exporter/daemon/config.h"
#include "exporter/daemon/summary_sender.h"
#include "storage/base/duration.h"
#include "storage/base/random.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

constexpr const char* kConfig = R"(
cost:
  vpa_metrics: true
  summary:
    every: friday 16:30
    timezone: Europe/Berlin
    receivers:
    - {receiver: team-shop, team: shop, namespaces: [shop, "shop-*"]}
    - receiver: finops
)";

TEST(SummaryConfig, Reads) {
  const auto config = ParseConfig(kConfig, "outrider.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->vpa_metrics);
  const SummaryConfig& summary = config->summary;
  EXPECT_EQ(summary.every, (WeeklySlot{5, 16, 30}));
  EXPECT_EQ(summary.time_zone, "Europe/Berlin");
  ASSERT_EQ(summary.targets.size(), 2U);
  EXPECT_TRUE(IsOfTarget(summary.targets[0], "shop"));
  EXPECT_TRUE(IsOfTarget(summary.targets[0], "shop-eu"));
  EXPECT_FALSE(IsOfTarget(summary.targets[0], "shopping"));
  EXPECT_FALSE(IsOfTarget(summary.targets[0], ""));
  EXPECT_TRUE(IsOfTarget(summary.targets[1], ""));
  EXPECT_TRUE(ParseConfig("", "outrider.yml")->summary.targets.empty());
}

TEST(SummaryConfig, ErrorsNameTheirPlace) {
  const struct {
    const char* summary;
    const char* error;
  } kCases[] = {
      {"{every: mondays, receivers: [{receiver: a}]}", "outrider.yml:1:25: every: \"mondays\""},
      {"{timezone: Nowhere, receivers: [{receiver: a}]}", "outrider.yml:1:28: timezone: "},
      {"{every: monday 09:00}", "outrider.yml:1:17: receivers must be a list"},
      {"{receivers: [{team: a}]}", "outrider.yml:1:30: receiver must name a receiver"},
      {"{receivers: [{receiver: a, namespaces: ['*x']}]}", "one * may stand at its end"},
      {"{receivers: [{receiver: a}], odd: 1}", "outrider.yml:1:46: field odd not found"},
  };
  for (const auto& c : kCases) {
    const auto config =
        ParseConfig(std::string("cost: {summary: ") + c.summary + "}", "outrider.yml");
    ASSERT_FALSE(config.ok()) << c.summary;
    EXPECT_TRUE(Contains(Message(config.status()), c.error)) << config.status() << c.error;
  }
  AlertmanagerConfig alertmanager;
  alertmanager.receivers.emplace_back().name = "team-shop";
  const SummaryConfig summary = ParseConfig(kConfig, "outrider.yml")->summary;
  const Status status = CheckSummaryReceivers(summary, "outrider.yml", alertmanager);
  EXPECT_EQ(Message(status),
            "outrider.yml: cost.summary names the receiver \"finops\", which the Alertmanager "
            "configuration does not have");
}

TEST(SummaryConfig, TeamsHaveTheirNamespaces) {
  const std::string teams = "cost:\n  teams: [{name: shop, namespaces: [shop, shop-eu]}]\n";
  const auto config = ParseConfig(
      teams + "  summary: {receivers: [{receiver: a, team: shop}, {receiver: b}]}\n", "o.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->summary.targets[0].namespaces, (std::vector<std::string>{"shop", "shop-eu"}));
  EXPECT_TRUE(config->summary.targets[1].namespaces.empty());
  const auto unknown =
      ParseConfig(teams + "  summary: {receivers: [{receiver: a, team: ops}]}\n", "o.yml");
  ASSERT_FALSE(unknown.ok());
  EXPECT_TRUE(Contains(Message(unknown.status()), "names the team \"ops\", of which neither"));
}

TEST(RealisedSavings, OfTheTargetsNamespaces) {
  std::vector<RealisedSavings> savings(3);
  savings[0].key.namespace_name = "shop";
  savings[0].dollars_per_hour = 0.01;
  savings[1].key.namespace_name = "shop-eu";
  savings[1].dollars_per_hour = -0.002;
  savings[2].key.namespace_name = "batch";
  savings[2].dollars_per_hour = 1;
  const SummaryTarget target{"a", "", {"shop*"}};
  EXPECT_DOUBLE_EQ(*RealisedPerMonth(savings, target), 0.008 * 730);
  EXPECT_FALSE(RealisedPerMonth({}, target));
}

// Delivers nothing itself: what is queued is looked at.
class QuietChannel final : public Channel {
 public:
  SendResult Send(const Notification&) override { return SendResult::Delivered(); }
  bool Idempotent() const override { return true; }
};

class SummaryTest : public testing::Test {
 protected:
  SummaryTest() { Start(); }

  void Start() {
    sender_.reset();
    desk_.reset();
    DeskConfig config;
    config.alertmanager.route.receiver = "finops";
    std::vector<Receiver> receivers;
    for (const char* name : {"finops", "team-shop"}) {
      Receiver& receiver = receivers.emplace_back();
      receiver.name = name;
      Integration& integration = receiver.integrations.emplace_back();
      integration.kind = "webhook";
      integration.channel = std::make_unique<QuietChannel>();
    }
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    desk_ = Desk::Load(store_, random_, std::move(config), 1).value();
    sender_ = std::make_unique<SummarySender>(
        *desk_, store_,
        SummarySources{[] { return SampleReport().rows; },
                       [] { return std::vector<WorkloadCost>(); },
                       [](const SummaryTarget& target) {
                         return target.team == "shop" ? std::optional<double>(7) : std::nullopt;
                       },
                       [] { return Currency(); }});
  }
  // How many messages wait after a tick at that time.
  size_t Tick(const char* time) {
    const Timestamp now = ParseRfc3339(time).value() / kNanosPerMilli;
    const Status status = sender_->Tick(config_, "http://outrider:9909", now);
    EXPECT_TRUE(status.ok()) << status;
    return desk_->Outbox().size();
  }

  MemoryStore store_;
  SeededRandom random_{1};
  SummaryConfig config_ = ParseConfig(kConfig, "outrider.yml")->summary;  // Friday 15:30 UTC
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<SummarySender> sender_;
};

TEST_F(SummaryTest, EveryWeekOnceOverRestarts) {
  EXPECT_EQ(Tick("2026-11-24T12:00:00Z"), 0U) << "the first call tells nothing";
  EXPECT_EQ(Tick("2026-11-27T15:29:59Z"), 0U);
  EXPECT_EQ(Tick("2026-11-27T15:30:00Z"), 2U);
  EXPECT_EQ(Tick("2026-11-27T15:30:15Z"), 2U);
  Start();
  EXPECT_EQ(Tick("2026-11-27T15:31:00Z"), 2U);
  EXPECT_EQ(Tick("2026-12-04T16:00:00Z"), 4U) << "the next week";
}

TEST_F(SummaryTest, AWeekThatPassedIsToldWithinADay) {
  EXPECT_EQ(Tick("2026-11-24T12:00:00Z"), 0U);
  EXPECT_EQ(Tick("2026-11-28T15:30:01Z"), 0U) << "more than a day late";
  EXPECT_EQ(Tick("2026-12-05T15:29:59Z"), 2U);
}

TEST_F(SummaryTest, SaysWhatIsOfTheTeam) {
  Tick("2026-11-24T12:00:00Z");
  Tick("2026-11-27T15:30:00Z");
  for (const OutboxRow& row : desk_->Outbox()) {
    const bool team = row.receiver == "team-shop";
    EXPECT_EQ(Contains(row.text, "Host/db-1:9100"), !team);
    EXPECT_EQ(Contains(row.text, "Realised savings: $7.00 a month"), team);
    EXPECT_TRUE(Contains(row.text, "More: http://outrider:9909/outrider/v1/recommendations?"));
    EXPECT_EQ(Contains(row.text, "&namespace=shop"), team);
    EXPECT_EQ(row.labels.count("team"), team ? 1U : 0U);
    EXPECT_EQ(row.kind, OutboxKind::kReport);
  }
}

TEST_F(SummaryTest, NobodyIsToldWithoutTargets) {
  config_.targets.clear();
  EXPECT_EQ(Tick("2026-11-24T12:00:00Z"), 0U);
  EXPECT_FALSE(store_.Get(Family::kMeta, "summary").value());
}

}  // namespace
}  // namespace outrider
