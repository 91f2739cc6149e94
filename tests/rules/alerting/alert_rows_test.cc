// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/alert_rows.h"

#include <gtest/gtest.h>

#include "rules/alerting/restore.h"
#include "rules/alerting/told_alert.h"
#include "storage/base/hash.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

AlertRow SampleRow(const std::string& rule_id) {
  auto alert = std::make_shared<ActiveAlert>();
  alert->labels = Labels{{"alertname", "A"}, {"i", "\xC3\xA9"}};
  alert->annotations = {{"summary", "text"}, {"empty", ""}};
  alert->state = AlertState::kFiring;
  alert->value = -1.5;
  alert->active_at = 1'700'000'000'123;
  alert->fired_at = alert->active_at + 1;
  alert->keep_firing_since = alert->active_at + 2;
  alert->resolved_at = alert->active_at + 3;
  alert->told_at = alert->active_at + 4;
  alert->untold = true;
  return {rule_id, alert, Labels{{"cluster", "c"}}, "http://o/graph"};
}

RuleGroup GroupOf(const char* name, const char* team) {
  RuleGroup group;
  group.file = "f.yml";
  group.name = "g";
  Rule rule;
  rule.kind = RuleKind::kAlerting;
  rule.name = name;
  rule.labels["team"] = team;
  group.rules.push_back(rule);
  return group;
}

TEST(AlertRowsTest, RoundTrip) {
  const std::string id(16, 'x');
  const AlertRow row = SampleRow(id);
  const std::string key = AlertRowKey(id, row.alert->labels);
  EXPECT_EQ(key.size(), 33U);
  EXPECT_EQ(static_cast<uint8_t>(key[0]), BucketOf(id));
  const auto back = DecodeAlertRow({key, EncodeAlertRow(row), 1});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->rule_id, id);
  EXPECT_EQ(back->external_labels, row.external_labels);
  EXPECT_EQ(back->generator_url, row.generator_url);
  EXPECT_EQ(back->alert->labels, row.alert->labels);
  EXPECT_EQ(back->alert->annotations, row.alert->annotations);
  EXPECT_EQ(back->alert->state, AlertState::kFiring);
  EXPECT_EQ(back->alert->value, -1.5);
  EXPECT_EQ(back->alert->active_at, row.alert->active_at);
  EXPECT_EQ(back->alert->fired_at, row.alert->fired_at);
  EXPECT_EQ(back->alert->keep_firing_since, row.alert->keep_firing_since);
  EXPECT_EQ(back->alert->resolved_at, row.alert->resolved_at);
  EXPECT_EQ(back->alert->told_at, row.alert->told_at);
  EXPECT_TRUE(back->alert->untold);
}

// As the version before format 2 left it on disk.
constexpr std::string_view kStoredFormat1 =
    "0102f6a1abfef962f8a1abfef962faa1abfef962bff80000000000001009616c6572746e616d650141016901"
    "62010773756d6d61727904746578740a07636c757374657201630e687474703a2f2f6f2f6772617068";

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

TEST(AlertRowsTest, ReadsFormat1) {
  const std::string id(16, 'x');
  const std::string value = FromHex(kStoredFormat1);
  const Labels labels{{"alertname", "A"}, {"i", "b"}};
  const auto row = DecodeAlertRow({AlertRowKey(id, labels), value, 1});
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->rule_id, id);
  EXPECT_EQ(row->external_labels, (Labels{{"cluster", "c"}}));
  EXPECT_EQ(row->generator_url, "http://o/graph");
  EXPECT_EQ(row->alert->labels, labels);
  EXPECT_EQ(row->alert->annotations, (Annotations{{"summary", "text"}}));
  EXPECT_EQ(row->alert->state, AlertState::kFiring);
  EXPECT_EQ(row->alert->value, -1.5);
  EXPECT_EQ(row->alert->active_at, 1'700'000'000'123);
  EXPECT_EQ(row->alert->fired_at, 1'700'000'000'124);
  EXPECT_EQ(row->alert->keep_firing_since, 1'700'000'000'125);
  EXPECT_EQ(row->alert->told_at, 0);
  EXPECT_FALSE(row->alert->untold);
  for (size_t cut = 0; cut < value.size(); ++cut) {
    EXPECT_FALSE(DecodeAlertRow({AlertRowKey(id, labels), value.substr(0, cut), 1}).ok()) << cut;
  }
}

TEST(AlertRowsTest, BrokenRowsAreErrors) {
  const std::string id(16, 'x');
  const std::string key = AlertRowKey(id, Labels());
  const std::string value = EncodeAlertRow(SampleRow(id));
  for (size_t cut = 0; cut < value.size(); ++cut) {
    EXPECT_FALSE(DecodeAlertRow({key, value.substr(0, cut), 1}).ok()) << cut;
  }
  EXPECT_FALSE(DecodeAlertRow({"short", value, 1}).ok());
  std::string newer = value;
  newer[0] = kAlertRowFormat + 1;
  EXPECT_FALSE(DecodeAlertRow({key, newer, 1}).ok());
}

TEST(AlertRowsTest, RuleIdsTellRulesApart) {
  const RuleGroup group = GroupOf("A", "x");
  const std::string id = RuleId(group, group.rules[0], 0);
  EXPECT_EQ(id.size(), 16U);
  RuleGroup changed = group;
  changed.rules[0].expr = "other";
  changed.rules[0].hold = 5;
  EXPECT_EQ(RuleId(changed, changed.rules[0], 0), id);
  EXPECT_NE(RuleId(group, group.rules[0], 1), id);
  const RuleGroup other_name = GroupOf("B", "x");
  EXPECT_NE(RuleId(other_name, other_name.rules[0], 0), id);
  const RuleGroup other_label = GroupOf("A", "y");
  EXPECT_NE(RuleId(other_label, other_label.rules[0], 0), id);
  changed.name = "h";
  EXPECT_NE(RuleId(changed, changed.rules[0], 0), id);
}

TEST(AlertRowsTest, RestoreSkipsWhatItCannotRead) {
  MemoryStore store;
  const std::string id(16, 'x');
  const AlertRow row = SampleRow(id);
  Batch batch;
  batch.Put(Family::kRules, AlertRowKey(id, row.alert->labels), EncodeAlertRow(row));
  batch.Put(Family::kRules, "garbage", "garbage");
  ASSERT_TRUE(store.Commit(batch, Durability::kBuffered).ok());
  auto restored = RestoredAlerts::Load(store);
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->unreadable(), 1U);
  EXPECT_TRUE(restored->Take(std::string(16, 'y')).empty());
  EXPECT_EQ(restored->Take(id).size(), 1U);
  EXPECT_TRUE(restored->TakeRest().empty());
}

TEST(ToldAlertTest, ExternalLabelsOnlyWhereAbsent) {
  AlertRow row = SampleRow(std::string(16, 'x'));
  row.external_labels = Labels{{"cluster", "c"}, {"i", "never"}};
  const Alert told = ToldAlert(row, 1'700'000'060'000);
  EXPECT_EQ(told.labels, (Labels{{"alertname", "A"}, {"cluster", "c"}, {"i", "\xC3\xA9"}}));
  EXPECT_EQ(told.starts_at.nanos, row.alert->fired_at * kNanosPerMilli);
  EXPECT_EQ(told.ends_at.nanos, 0);
  EXPECT_EQ(told.updated_at, 1'700'000'060'000 * kNanosPerMilli);
  EXPECT_EQ(told.value, -1.5);
  EXPECT_EQ(GeneratorUrl("http://o:9909", "a{b=\"c d\"} > 1"),
            "http://o:9909/graph?g0.expr=a%7Bb%3D%22c+d%22%7D+%3E+1&g0.tab=1");
}

}  // namespace
}  // namespace outrider
