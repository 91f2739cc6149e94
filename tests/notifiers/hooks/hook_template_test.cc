// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "notifiers/hooks/hook_formats.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

HookMessage Message1() {
  HookMessage message;
  message.alert_id = "00ff";
  message.anomaly_type = "memory_leak";
  message.severity = Severity::kHigh;
  message.workload_name = "api";
  message.namespace_name = "shop";
  message.resource_type = "memory";
  message.description = "says \"no\"\nand \\ <b>";
  message.current_value = 12.5;
  message.threshold = 10;
  message.score = 0.987;
  message.detected_at = *ParseRfc3339("2026-11-21T09:50:16.25Z");
  return message;
}

TEST(HookTemplate, Variables) {
  const struct {
    const char* text;
    const char* want;
  } kCases[] = {
      {"plain $ text ${", "plain $ text ${"},
      {R"("${alert_id} ${anomaly_type} ${severity}")", R"("00ff memory_leak HIGH")"},
      {R"("${namespace}/${workload_name}/${container_name}")", R"("shop/api/N/A")"},
      {R"("${current_value} ${threshold} ${score}")", R"("12.5 10 0.99")"},
      {R"("${detected_at}")", R"("2026-11-21 09:50:16 UTC")"},
      {R"("${detected_at_iso}")", R"("2026-11-21T09:50:16.25Z")"},
      {R"("#${theme_color}")", R"("#FF6600")"},
      {R"({"color":${color_code}})", R"({"color":16737280})"},
      // Escaped within a text, a value of its own outside of one.
      {R"("${description}")", R"("says \"no\"\nand \\ <b>")"},
      {R"([${description},${score},${recommendation}])",
       R"(["says \"no\"\nand \\ <b>",0.99,null])"},
      {R"("r: ${recommendation}")", R"("r: ")"},
      {R"("\"${severity}\"")", R"("\"HIGH\"")"},
      {R"("${nothing} ${}")", R"("${nothing} ${}")"},
  };
  for (const auto& c : kCases) EXPECT_EQ(RenderHookTemplate(c.text, Message1()), c.want);
}

// The four formats and a template, whatever the alert says.
TEST(HookTemplate, HostileTextsGiveJson) {
  HookMessage message = Message1();
  for (const std::string& text : std::vector<std::string>{
           "\"", "\n", "\\", "</script>", "${alert_id}", "\x01", "é🚨", std::string(10'000, 'x')}) {
    message.description = text;
    message.recommendation = text;
    message.workload_name = text;
    message.anomaly_type = text;
    for (const HookType type : {HookType::kSlack, HookType::kGeneric, HookType::kTeams,
                                HookType::kDiscord, HookType::kTeamsWorkflows}) {
      EXPECT_TRUE(ParseJson(FormatHook(type, message)).ok()) << HookTypeText(type) << text;
    }
    const std::string own = RenderHookTemplate(
        R"({"a": "${description}", "b": ${recommendation}, "c": ["${workload_name}"]})", message);
    const auto json = ParseJson(own);
    ASSERT_TRUE(json.ok()) << own;
    EXPECT_EQ(json->GetString("a"), text) << own;
  }
}

TEST(HookTemplate, NumbersThatAreNone) {
  Alert alert;
  alert.labels = Labels{{"alertname", "X"}};
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    alert.value = value;
    alert.annotations["score"] = "NaN";
    const HookMessage message = MakeHookMessage(alert, Severity::kLow);
    EXPECT_EQ(RenderHookTemplate(R"([${current_value},"${current_value}",${score}])", message),
              R"([null,"N/A",null])");
  }
}

TEST(HookFormats, Generic) {
  EXPECT_EQ(FormatHook(HookType::kGeneric, Message1()),
            R"({"alert_id":"00ff","anomaly_type":"memory_leak","severity":"high",)"
            R"("workload_name":"api","namespace":"shop","container_name":null,)"
            R"("resource_type":"memory","description":"says \"no\"\nand \\ <b>",)"
            R"("current_value":12.5,"threshold":10,"score":0.987,"recommendation":null,)"
            R"("detected_at":"2026-11-21T09:50:16.25Z"})");
}

TEST(HookFormats, Shapes) {
  HookMessage message = Message1();
  message.recommendation = "restart <it>";
  const JsonValue slack = ParseJson(FormatHook(HookType::kSlack, message)).value();
  const auto& blocks = slack.Find("blocks")->items;
  ASSERT_EQ(blocks.size(), 5U);
  EXPECT_EQ(blocks[0].GetString("type"), "header");
  EXPECT_EQ(blocks[0].Find("text")->GetString("text"), "🚨 Alert: HIGH - memory_leak");
  EXPECT_EQ(blocks[1].Find("fields")->items.size(), 4U);
  EXPECT_THAT(blocks[2].Find("text")->GetString("text"), HasSubstr("&lt;b&gt;"));
  EXPECT_THAT(blocks[3].Find("text")->GetString("text"), HasSubstr("restart &lt;it&gt;"));
  EXPECT_EQ(blocks[4].GetString("type"), "context");
  const JsonValue teams = ParseJson(FormatHook(HookType::kTeams, message)).value();
  EXPECT_EQ(teams.GetString("@type"), "MessageCard");
  EXPECT_EQ(teams.GetString("themeColor"), "FF6600");
  EXPECT_EQ(teams.Find("sections")->items.at(0).GetString("activitySubtitle"), "shop/api");
  EXPECT_EQ(teams.Find("sections")->items.at(0).Find("facts")->items.size(), 5U);
  const JsonValue discord = ParseJson(FormatHook(HookType::kDiscord, message)).value();
  EXPECT_EQ(discord.Find("embeds")->items.at(0).GetInt("color"), 16737280);
  const JsonValue card = ParseJson(FormatHook(HookType::kTeamsWorkflows, message)).value();
  EXPECT_EQ(card.GetString("type"), "message");
}

TEST(HookFormats, LimitsOfTheServices) {
  HookMessage message = Message1();
  message.anomaly_type = std::string(500, 't');
  message.description = std::string(9000, 'd');
  const JsonValue slack = ParseJson(FormatHook(HookType::kSlack, message)).value();
  const auto& blocks = slack.Find("blocks")->items;
  EXPECT_EQ(RuneCount(blocks[0].Find("text")->GetString("text")), 150U);
  EXPECT_EQ(RuneCount(blocks[2].Find("text")->GetString("text")), 3000U);
  const JsonValue discord = ParseJson(FormatHook(HookType::kDiscord, message)).value();
  const JsonValue& embed = discord.Find("embeds")->items.at(0);
  EXPECT_EQ(RuneCount(embed.GetString("title")), 256U);
  EXPECT_EQ(RuneCount(embed.GetString("description")), 4096U);
}

TEST(HookMessage, FromAnAlert) {
  Alert alert;
  alert.labels = Labels{{"alertname", "WorkloadFinding"},
                        {"type", "cpu_spike"},
                        {"namespace", "shop"},
                        {"workload", "api"},
                        {"container", "c"},
                        {"resource", "cpu"}};
  alert.annotations = {{"summary", "s"}, {"description", "d"}, {"threshold", "0.8"}};
  alert.value = 0.9;
  alert.starts_at.nanos = 7;
  const HookMessage message = MakeHookMessage(alert, Severity::kCritical);
  EXPECT_EQ(message.alert_id, alert.labels.FingerprintHex());
  EXPECT_EQ(message.anomaly_type, "cpu_spike");
  EXPECT_EQ(message.workload_name, "api");
  EXPECT_EQ(message.container_name, "c");
  EXPECT_EQ(message.resource_type, "cpu");
  EXPECT_EQ(message.description, "d");
  EXPECT_EQ(message.current_value, 0.9);
  EXPECT_EQ(message.threshold, 0.8);
  EXPECT_EQ(message.score, std::nullopt);
  EXPECT_EQ(message.detected_at, 7);
  alert.source = AlertSource::kApi;
  EXPECT_EQ(MakeHookMessage(alert, Severity::kLow).current_value, std::nullopt);
}

}  // namespace
}  // namespace outrider
