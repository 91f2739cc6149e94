// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/attention_config.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(AttentionConfig, ReadsEveryKey) {
  const auto config = ParseIncidentsConfig(R"(
attention:
  critical: {acknowledge_timeout: 1h, confirm_within: 10m, auto_resolve: 7d}
  high: {acknowledge_timeout: 2h}
  low: {auto_resolve: 1d}
team_label: squad
service_label: app
allow_reopen: false
allow_unacknowledge: false
reopen_if_still_firing_after: 30m
)",
                                           "incidents.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto rule = [&](Severity severity) {
    return config->attention[static_cast<size_t>(severity)];
  };
  EXPECT_EQ(rule(Severity::kCritical).acknowledge_timeout, kHour);
  EXPECT_EQ(rule(Severity::kCritical).confirm_within, 10 * kMinute);
  EXPECT_EQ(rule(Severity::kCritical).auto_resolve, 7 * kDay);
  EXPECT_EQ(rule(Severity::kHigh).confirm_within, 15 * kMinute) << "by default";
  EXPECT_EQ(rule(Severity::kLow).auto_resolve, kDay);
  EXPECT_EQ(rule(Severity::kLow).acknowledge_timeout, 0);
  EXPECT_EQ(rule(Severity::kMedium).auto_resolve, 0);
  EXPECT_EQ(config->team_label, "squad");
  EXPECT_EQ(config->service_label, "app");
  EXPECT_FALSE(config->allow_reopen);
  EXPECT_FALSE(config->allow_unacknowledge);
  EXPECT_EQ(config->reopen_if_still_firing_after, 30 * kMinute);
}

TEST(AttentionConfig, NothingHappensByItselfByDefault) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  for (const AttentionRule& rule : config.attention) {
    EXPECT_EQ(rule.acknowledge_timeout + rule.confirm_within + rule.auto_resolve, 0);
  }
  EXPECT_EQ(config.reopen_if_still_firing_after, 0);
  EXPECT_TRUE(config.allow_reopen);
  EXPECT_TRUE(config.allow_unacknowledge);
}

TEST(AttentionConfig, Errors) {
  const std::pair<std::string_view, std::string> table[] = {
      {"attention: [1h]", "i.yml:1:12: a map of severities is wanted for attention"},
      {"attention: {urgent: {}}",
       "i.yml:1:13: unknown severity \"urgent\": critical, high, medium, low and info are known"},
      {"attention: {low: {timeout: 1h}}", "i.yml:1:19: field timeout not found in type attention"},
      {"attention: {low: {auto_resolve: 11y}}",
       "i.yml:1:18: a time of attention must not be longer than 10y"},
      {"attention: {low: {confirm_within: 1h}}",
       "i.yml:1:18: confirm_within needs an acknowledge_timeout"},
      {"attention: {low: {acknowledge_timeout: 1h, confirm_within: 0s}}",
       "i.yml:1:18: confirm_within must be longer than zero"},
      {"team_label: ''", "i.yml:1:13: invalid label name \"\""},
      {"reopen_if_still_firing_after: 11y", "i.yml:1:31: must not be longer than 10y"},
  };
  for (const auto& [text, error] : table) {
    EXPECT_EQ(Message(ParseIncidentsConfig(text, "i.yml").status()), error) << text;
  }
}

}  // namespace
}  // namespace outrider
