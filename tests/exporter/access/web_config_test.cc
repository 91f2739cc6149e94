// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/web_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;

// Of the password "test", as the toolkit's documentation would have it: made by another program.
constexpr const char* kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

TEST(WebConfig, AFileOfTheToolkitWorksUnchanged) {
  const auto config = ParseWebConfig(fmt::format(R"(
# a comment
http_server_config:
  http2: false
basic_auth_users:
  alice: {0}
  bob: {0}
)",
                                                 kHash),
                                     "web.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->users.size(), 2U);
  EXPECT_EQ(config->users[0].name, "alice");
  EXPECT_EQ(config->users[0].role, Role::kAdmin);
  EXPECT_EQ(config->users[1].password_hash, kHash);
  EXPECT_EQ(config->Find("carol"), nullptr);
  EXPECT_TRUE(config->warnings.empty());
}

TEST(WebConfig, OurSections) {
  const auto config = ParseWebConfig(fmt::format(R"(
outrider_users:
  - {{name: anna, password_hash: "{0}", role: operator, teams: [storage, network]}}
  - {{name: root, password_hash: "{0}", role: admin}}
outrider_sessions: {{lifetime: 8h}}
outrider_rate_limits: {{requests_per_second: 5, burst: 7, failed_logins_per_minute: 3}}
)",
                                                 kHash),
                                     "web.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  const AccessUser* anna = config->Find("anna");
  ASSERT_NE(anna, nullptr);
  EXPECT_EQ(anna->role, Role::kOperator);
  EXPECT_EQ(anna->teams, (std::vector<std::string>{"storage", "network"}));
  EXPECT_EQ(config->session_lifetime, 8 * kHour);
  EXPECT_EQ(config->limits.requests_per_second, 5);
  EXPECT_EQ(config->limits.burst, 7);
  EXPECT_EQ(config->limits.failed_logins_per_minute, 3);
}

TEST(WebConfig, AnEmptyFileKnowsNobody) {
  const auto config = ParseWebConfig("", "web.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->users.empty());
  EXPECT_EQ(config->file, "web.yml");
}

TEST(WebConfig, HeadersAreSaidToHaveNoEffect) {
  const auto config =
      ParseWebConfig("http_server_config: {headers: {X-Frame-Options: deny}}\n", "web.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0], HasSubstr("web.yml:1:"));
}

TEST(WebConfig, MistakesNameTheirPlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"tls_server_config: {cert_file: a.crt, key_file: a.key}\n",
       "web.yml:1:20: tls_server_config: TLS is not available"},
      {"basic_auth_users: {anna: secret}\n", "web.yml:1:26: the password of user \"anna\" is no"},
      {"basic_auth_users: [anna]\n", "web.yml:1:19: basic_auth_users: a map"},
      {"basic_auth_users: {'a:b': x}\n", "web.yml:1:27: \"a:b\" is no name of a user"},
      {"basic_auth_users: {'': x}\n", "\"\" is no name of a user"},
      {"users: {}\n", "web.yml:1:1: "},
      {"outrider_users: [{name: a, role: boss}]\n", "unknown role \"boss\""},
      {"outrider_users: [{name: a}]\n", "unknown role \"\""},
      {"outrider_users: [{name: a, role: viewer, pasword: x}]\n", "pasword"},
      {"outrider_users: {}\n", "web.yml:1:17: outrider_users: a list"},
      {"outrider_sessions: {lifetime: 1s}\n", "between 1m and 31d"},
      {"outrider_rate_limits: {burst: -1}\n", "must lie in 0.."},
      {"outrider_rate_limits: {burst: .nan}\n", "burst: not a number"},
      {"a: [\n", "web.yml:2:"},
  };
  for (const auto& c : kCases) {
    const auto config = ParseWebConfig(c.text, "web.yml");
    ASSERT_FALSE(config.ok()) << c.text;
    EXPECT_THAT(Message(config.status()), HasSubstr(c.error)) << c.text;
  }
}

TEST(WebConfig, NamesAreUniqueOverBothSections) {
  const auto config = ParseWebConfig(
      fmt::format("basic_auth_users: {{a: {0}}}\n"
                  "outrider_users: [{{name: a, password_hash: {0}, role: viewer}}]\n",
                  kHash),
      "web.yml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(Message(config.status()), HasSubstr("web.yml:2:18: user \"a\" is not unique"));
}

TEST(WebConfig, SomebodyIsAnAdmin) {
  const auto config = ParseWebConfig(
      fmt::format("outrider_users: [{{name: a, password_hash: {}, role: operator}}]\n", kHash),
      "web.yml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(Message(config.status()), HasSubstr("at least one must be an admin"));
}

}  // namespace
}  // namespace outrider
