// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/references.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(References, NameTheRuleAndHowFarItLooks) {
  const auto file = ParseRuleFile(R"(
groups:
- name: g
  query_offset: 1m
  rules:
  - {alert: Down, expr: up == 0}
- name: h "two"
  rules:
  - {record: r, expr: "rate(a[10m]) / b offset 1h"}
  - {alert: Broken, expr: "sum("}
)",
                                  "rules/app.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto references = RuleReferences({*file}, 5 * kMinute, 2 * kMinute);
  const struct {
    const char* metric;
    DurationMs horizon;
    const char* owner;
  } kWant[] = {
      {"up", 6 * kMinute, R"(rules/app.yml group "g" alert "Down")"},
      {"a", 12 * kMinute, R"(rules/app.yml group "h \"two\"" record "r")"},
      {"b", kHour + 7 * kMinute, R"(rules/app.yml group "h \"two\"" record "r")"},
  };
  ASSERT_EQ(references.size(), std::size(kWant));
  for (size_t i = 0; i < std::size(kWant); ++i) {
    EXPECT_EQ(references[i].matchers.at(0).value(), kWant[i].metric);
    EXPECT_EQ(references[i].horizon, kWant[i].horizon) << kWant[i].metric;
    EXPECT_EQ(references[i].owner.kind, "rule");
    EXPECT_EQ(references[i].owner.name, kWant[i].owner);
  }
}

}  // namespace
}  // namespace outrider
