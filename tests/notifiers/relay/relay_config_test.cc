// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relay_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

StatusOr<RelayConfig> Read(const std::string& text) {
  const YamlNode node = TRY(ParseYaml(text, "o.yml"));
  YamlReader reader(node, "o.yml", "section alerting");
  RelayConfig config;
  ReadRelayConfig(reader, "o.yml", &config);
  TRY(reader.Finish());
  return config;
}

TEST(RelayConfigTest, Everything) {
  const auto config = Read(R"(
alertmanagers:
- scheme: https
  path_prefix: /am/
  timeout: 3s
  api_version: v2
  basic_auth: {username: u, password: p}
  tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
  alert_relabel_configs: [{regex: replica, action: labeldrop}]
  relabel_configs:
  - {source_labels: [zone], regex: far, action: drop}
  static_configs:
  - targets: ['a:9093', 'b:9093']
  - targets: ['c:9093']
    labels: {zone: far}
- static_configs: [{targets: ['d:9093']}]
  authorization: {credentials: token}
alert_relabel_configs: [{target_label: x, replacement: y}]
resend_delay: 30s
)");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_THAT(config->targets, SizeIs(3));
  EXPECT_EQ(config->targets[0].url, "https://a:9093/am/api/v2/alerts");
  EXPECT_EQ(config->targets[1].url, "https://b:9093/am/api/v2/alerts");
  EXPECT_EQ(config->targets[2].url, "http://d:9093/api/v2/alerts");
  EXPECT_EQ(config->targets[0].timeout, 3 * kSecond);
  EXPECT_EQ(config->targets[2].timeout, 10 * kSecond);
  EXPECT_EQ(config->targets[0].http.basic_user.value, "u");
  EXPECT_TRUE(config->targets[0].http.tls.insecure_skip_verify);
  EXPECT_THAT(config->targets[0].alert_relabel, SizeIs(1));
  EXPECT_EQ(config->targets[2].http.credentials.value, "token");
  EXPECT_THAT(config->alert_relabel, SizeIs(1));
  EXPECT_EQ(config->resend_delay, 30 * kSecond);
}

TEST(RelayConfigTest, Errors) {
  for (const auto& [text, error] : std::vector<std::pair<const char*, const char*>>{
           {"alertmanagers: {}", "o.yml:1:16: alertmanagers must be a list"},
           {"alertmanagers: [{dns_sd_configs: []}]",
            "o.yml:1:18: alertmanagers: dns_sd_configs is"},
           {"alertmanagers: [{scheme: ftp}]", "scheme must be http or https"},
           {"alertmanagers: [{api_version: v1}]", "api_version must be v2"},
           {"alertmanagers: [{timeout: soon}]", "soon"},
           {"alertmanagers: [{static_configs: [{targets: ['http://a:1']}]}]", "valid hostname"},
           {"alertmanagers: [{oauth2: {client_id: x}}]", "oauth2 token_url must be configured"},
           {"alertmanagers: [{basic_auth: {username: u}, bearer_token: t}]", "at most one of"},
           {"alertmanagers: [{nonsense: 1}]", "nonsense"},
           {"alert_relabel_configs: [{action: fly}]", "unknown relabel action"},
           {"resend_delay: 10ms", "at least 1s"}}) {
    EXPECT_THAT(Message(Read(text).status()), HasSubstr(error)) << text;
  }
}

}  // namespace
}  // namespace outrider
