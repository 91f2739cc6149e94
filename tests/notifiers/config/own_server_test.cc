// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/own_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "notifiers/config/integration_table.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

TEST(OwnServer, Keys) {
  const struct {
    const char* section;
    const char* key;
  } kCases[] = {
      {"{}", ""},
      {"{to: a@example.org}", ""},
      {"{api_url: ''}", ""},
      {"{api_url: 'http://x'}", "api_url"},
      {"{smarthost: 'x:25'}", "smarthost"},
      {"{url: 'http://x'}", "url"},
      {"{webhook_url: 'http://x'}", "webhook_url"},
      {"{homeserver_url: 'http://x'}", "homeserver_url"},
      {"{app_url: 'http://x'}", "app_url"},
      {"{http_config: {proxy_url: 'http://x'}}", "http_config"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(OwnServerKey(ParseYaml(c.section, "x").value()), c.key) << c.section;
  }
}

// By the schema, so that a secret that is added there is not forgotten here.
TEST(OwnServer, NothingSecretOfGlobalIsLeft) {
  std::string text;
  std::vector<std::string> secrets;
  for (const std::string_view key : Split(kGlobalSchema, ' ')) {
    const std::string name(key.substr(0, key.find(':')));
    const std::string_view type = key.substr(std::min(key.size(), name.size()));
    if (name.empty() || name.find('{') != std::string::npos) continue;
    text += fmt::format("{}: x\n", name);
    if (type == ":s" || type == ":S" || type == ":H" || name.ends_with("_file")) {
      secrets.push_back(name);
    }
  }
  const YamlNode left = WithoutCredentials(ParseYaml(text, "x").value());
  EXPECT_GE(secrets.size(), 20U);
  for (const std::string& name : secrets) EXPECT_EQ(left.Find(name), nullptr) << name;
  for (const char* name : {"smtp_smarthost", "smtp_from", "slack_app_url", "opsgenie_api_url"}) {
    EXPECT_NE(left.Find(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace outrider
