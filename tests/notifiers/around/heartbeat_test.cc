// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/heartbeat.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

StatusOr<std::vector<HeartbeatConfig>> Parse(const std::string& yaml) {
  return ParseHeartbeats(ParseYaml(yaml, "f").value(), "f");
}

TEST(Heartbeats, Read) {
  const auto parsed = Parse(R"(
- {name: backup, interval: 24h, grace: 1h, severity: high, team: storage, labels: {service: backup}, policy: p}
- {name: prometheus, interval: 1m, alert: ['alertname = Watchdog', 'cluster = a']}
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ(parsed->at(0).interval, kDay);
  EXPECT_EQ(parsed->at(0).grace, kHour);
  EXPECT_EQ(parsed->at(0).labels.at("service"), "backup");
  EXPECT_EQ(parsed->at(1).grace, kMinute);
  EXPECT_EQ(parsed->at(1).severity, "critical");
  EXPECT_EQ(parsed->at(1).alert.size(), 2U);
  EXPECT_TRUE(Parse("").value().empty());
}

TEST(Heartbeats, RefusesWithThePlace) {
  const struct {
    const char* yaml;
    const char* error;
  } kCases[] = {
      {"- {interval: 1m}", "f:1:3: missing name in heartbeat"},
      {"- {name: h}", "needs an interval of 1s to 366d"},
      {"- {name: h, interval: 500ms}", "needs an interval of 1s to 366d"},
      {"- {name: h, interval: 1m, grace: 400d}", "grace must not be longer"},
      {"- {name: h, interval: 1m, severity: loud}", "f:1:37: unknown severity \"loud\""},
      {"- {name: h, interval: 1m, labels: {alertname: x}}", "cannot be a label of a heartbeat"},
      {"- {name: h, interval: 1m, labels: {a b: x}}", "cannot be a label of a heartbeat"},
      {"- {name: h, interval: 1m}\n- {name: h, interval: 1m}",
       "f:2:3: heartbeat \"h\" is not unique"},
      {"- {name: h, intervall: 1m}", "intervall"},
  };
  for (const auto& c : kCases) {
    const auto parsed = Parse(c.yaml);
    ASSERT_FALSE(parsed.ok()) << c.yaml;
    EXPECT_NE(Message(parsed.status()).find(c.error), std::string::npos) << parsed.status();
  }
}

}  // namespace
}  // namespace outrider
