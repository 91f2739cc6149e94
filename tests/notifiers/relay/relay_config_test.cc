// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relay_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/file.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
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
  tls_config: {insecure_skip_verify: true}
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
  EXPECT_THAT(config->dropped, ElementsAre("https://c:9093/am/api/v2/alerts"));
  EXPECT_EQ(config->targets[0].timeout, 3 * kSecond);
  EXPECT_EQ(config->targets[2].timeout, 10 * kSecond);
  EXPECT_EQ(config->targets[0].http.basic_user.value, "u");
  EXPECT_TRUE(config->targets[0].http.tls.insecure_skip_verify);
  EXPECT_THAT(config->targets[0].alert_relabel, SizeIs(1));
  EXPECT_EQ(config->targets[2].http.credentials.value, "token");
  EXPECT_THAT(config->alert_relabel, SizeIs(1));
  EXPECT_EQ(config->resend_delay, 30 * kSecond);
}

// A certificate that is not there stops the start, not the first alert.
TEST(RelayConfigTest, FilesOfTls) {
  const std::string directory = testing::TempDir();
  const std::string pem = directory + "relay_config_test.pem";
  const std::string other = directory + "relay_config_test.txt";
  ASSERT_TRUE(WriteFileAtomically(pem, "-----BEGIN CERTIFICATE-----\n").ok());
  ASSERT_TRUE(WriteFileAtomically(other, "nothing\n").ok());
  for (const auto& [tls, error] : std::vector<std::pair<std::string, std::string>>{
           {"ca_file: " + pem, ""},
           {"cert_file: " + pem + ", key_file: " + pem, ""},
           {"ca_file: /nowhere/ca.pem", "o.yml:1:40: ca_file: "},
           {"cert_file: /nowhere/c.pem, key_file: " + pem, "o.yml:1:42: cert_file: "},
           {"cert_file: " + pem + ", key_file: /nowhere/k.pem", "key_file: "},
           {"ca_file: " + other, "is no PEM file"}}) {
    const Status status = Read("alertmanagers: [{tls_config: {" + tls + "}}]").status();
    EXPECT_EQ(status.ok(), error.empty()) << status;
    EXPECT_THAT(Message(status), HasSubstr(error));
  }
  EXPECT_THAT(Message(Read("alertmanagers: [{oauth2: {client_id: a, client_secret: b, token_url: "
                           "'http://t', tls_config: {ca_file: /nowhere/ca.pem}}}]")
                          .status()),
              HasSubstr("ca_file: "));
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
