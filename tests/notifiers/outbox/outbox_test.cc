// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "notifiers/outbox/outbox_row.h"

namespace outrider {
namespace {

TEST(Backoff, GrowsToItsCap) {
  struct Case {
    OutboxKind kind;
    int attempt;
    double unit;
    DurationMs expected;
  };
  const Case cases[] = {
      {OutboxKind::kRoute, 1, 0.5, 500},     {OutboxKind::kRoute, 2, 0.5, 750},
      {OutboxKind::kRoute, 1, 0.0, 250},     {OutboxKind::kRoute, 1, 0.999999, 749},
      {OutboxKind::kRoute, 50, 0.5, 60'000}, {OutboxKind::kRoute, 1'000'000, 0.5, 60'000},
      {OutboxKind::kPage, 1, 0.9, 1000},     {OutboxKind::kPage, 2, 0.1, 2000},
      {OutboxKind::kPage, 6, 0.1, 32'000},   {OutboxKind::kPage, 7, 0.1, 60'000},
      {OutboxKind::kRecovery, 3, 0.1, 4000},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(BackoffMs(c.kind, c.attempt, c.unit), c.expected) << c.attempt << " " << c.unit;
  }
}

TEST(IdempotencyKeys, AreStableAndUnique) {
  const std::set<std::string> keys = {RouteKey("g", "r", "webhook[0]", 1, 1),
                                      RouteKey("g", "r", "webhook[0]", 1, 2),
                                      RouteKey("g", "r", "webhook[1]", 1, 1),
                                      RouteKey("g", "r", "webhook[0]", 2, 1),
                                      RouteKey("gr", "", "webhook[0]", 1, 1),
                                      PageKey("i", {1, 0, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {2, 0, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 1, 0, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 0, 1, false}, "r", "webhook[0]"),
                                      PageKey("i", {1, 0, 0, true}, "r", "webhook[0]"),
                                      ReportKey("i", "r", "webhook[0]"),
                                      ReportKey("j", "r", "webhook[0]")};
  EXPECT_EQ(keys.size(), 12U);
  EXPECT_TRUE(keys.contains(RouteKey("g", "r", "webhook[0]", 1, 1)));
}

TEST(OutboxRow, GivesBackWhatWasWritten) {
  OutboxRow row;
  row.id = "g1";
  row.kind = OutboxKind::kRecovery;
  row.state = OutboxState::kSending;
  row.firing = {1, 2};
  row.resolved = {3};
  row.repeat = true;
  row.unknown = true;
  row.sent_at = 5;
  row.epoch = 7;
  row.last_error = "HTTP 503";
  const std::string bytes = EncodeOutboxRow(row);
  EXPECT_EQ(EncodeOutboxRow(DecodeOutboxRow(bytes).value()), bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeOutboxRow(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
}

TEST(OutboxRow, AReportCarriesWhatItSays) {
  OutboxRow row;
  row.id = "s1";
  row.kind = OutboxKind::kReport;
  row.title = "Right-sizing";
  row.text = "line\nline\n";
  row.labels = {{"alertname", "OutriderWeeklySummary"}, {"team", "shop"}};
  const std::string bytes = EncodeOutboxRow(row);
  const OutboxRow read = DecodeOutboxRow(bytes).value();
  EXPECT_EQ(read.kind, OutboxKind::kReport);
  EXPECT_EQ(read.title, row.title);
  EXPECT_EQ(read.text, row.text);
  EXPECT_EQ(read.labels, row.labels);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeOutboxRow(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
  // What older versions wrote and read stays as it was.
  row.kind = OutboxKind::kRoute;
  EXPECT_EQ(EncodeOutboxRow(row)[0], 1);
}

TEST(OutboxRow, AFallbackKnowsWhatItStandsFor) {
  OutboxRow row;
  row.id = "f1";
  row.kind = OutboxKind::kFallback;
  row.stands_for = OutboxKind::kPage;
  row.diverted = true;
  row.labels = {{"alertname", "Down"}};
  const std::string bytes = EncodeOutboxRow(row);
  const OutboxRow read = DecodeOutboxRow(bytes).value();
  EXPECT_EQ(read.kind, OutboxKind::kFallback);
  EXPECT_EQ(read.stands_for, OutboxKind::kPage);
  EXPECT_TRUE(read.diverted);
  EXPECT_EQ(read.labels, row.labels);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeOutboxRow(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
}

}  // namespace
}  // namespace outrider
