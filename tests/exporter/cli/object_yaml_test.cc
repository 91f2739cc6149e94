// SPDX-License-Identifier: Apache-2.0
// What `oncall schedule show` prints can be applied again.
#include "exporter/cli/object_yaml.h"

#include <gtest/gtest.h>

#include "exporter/api/directory_json.h"
#include "storage/base/strict_yaml.h"

namespace outrider {
namespace {

TEST(ObjectYaml, ReadsBackAsWhatItWas) {
  const char* const table[] = {
      R"({"name":"a"})",
      R"({"name":"yes","zone":"Europe/Berlin","day":"2026-01-05T09:00","empty":"","number":"5"})",
      R"({"count":5,"share":0.25,"on":true,"off":false,"nothing":null,"list":[],"texts":["a","no"]})",
      R"({"layers":[{"users":["anna",""],"hours":[{"from":"09:00","to":"17:00"}]},{"every":2}]})",
      R"({"text":"a: b # c","quote":"\"x\" \\ {y} [z], é","line":"a\nb\tc","tilde":"~","dash":"-"})",
      R"({"headers":{"X-Foo":"*","true":"null"},"matrix":[["a"],["b"]]})",
  };
  for (const char* text : table) {
    const JsonValue json = ParseJson(text).value();
    const std::string yaml = ObjectYaml(json);
    const auto tree = ParseYaml(yaml, "shown");
    ASSERT_TRUE(tree.ok()) << tree.status() << "\n" << yaml;
    std::string back;
    JsonWriter writer(&back);
    WriteTree(*tree, &writer);
    EXPECT_EQ(back, text) << yaml;
  }
}

TEST(ObjectYaml, Summaries) {
  const struct {
    const char* word;
    const char* json;
    const char* want;
  } table[] = {
      {"schedule",
       R"({"time_zone":"Asia/Tokyo","layers":[{"users":["a","b"]},{"users":["b","c"]}]})",
       "Asia/Tokyo, 2 layers: a, b, c"},
      {"schedule", "{}", "UTC, 0 layers: "},
      {"user", R"({"time_zone":"UTC","email_configs":[],"twilio_sms_configs":[]})",
       "UTC, email, twilio_sms"},
      {"user", R"({"contacts":["email"]})", "UTC, email"},
      {"user", "{}", "UTC"},
      {"team", R"({"members":["a","b"],"lead":"b"})", "a, b; lead b"},
      {"policy", R"({"severities":["critical"],"tiers":[{}]})", "critical: 1 tier"},
      {"policy", R"({"tiers":[{},{}]})", "all: 2 tiers"},
  };
  for (const auto& c : table) {
    EXPECT_EQ(ObjectSummary(c.word, ParseJson(c.json).value()), c.want);
  }
}

}  // namespace
}  // namespace outrider
