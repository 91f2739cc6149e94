// SPDX-License-Identifier: Apache-2.0
// From the text of an http_config to what stands on a request.
#include "notifiers/channel/http_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "notifiers/transport/oauth2.h"
#include "storage/base/file.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

StatusOr<HttpSettings> Read(const std::string& yaml) {
  const YamlNode node = TRY(ParseYaml(yaml, "/etc/am/am.yml"));
  TRY(CheckSchema(node, kHttpConfigSchema, "am.yml", "http_config"));
  TRY(CheckHttpConfigRules(node, "am.yml"));
  return ReadHttpConfig(node, "/etc/am/am.yml");
}
HttpClientRequest Applied(const std::string& yaml) {
  const auto settings = Read(yaml);
  EXPECT_TRUE(settings.ok()) << Message(settings.status());
  HttpClientRequest request;
  const Status applied = settings->ApplyTo(&request);
  EXPECT_TRUE(applied.ok()) << Message(applied);
  return request;
}
std::string ErrorOf(const std::string& yaml) {
  const auto settings = Read(yaml);
  return settings.ok() ? "no error" : Message(settings.status());
}

TEST(HttpSettings, Defaults) {
  const HttpClientRequest request = Applied("");
  EXPECT_TRUE(request.follow_redirects);
  EXPECT_TRUE(request.enable_http2);
  EXPECT_EQ(request.min_tls_version, "TLS12");
  EXPECT_EQ(request.oauth2, nullptr);
  EXPECT_FALSE(request.guard_address);
}

TEST(HttpSettings, Tls) {
  const HttpClientRequest files = Applied(
      "tls_config: {ca_file: ca.pem, cert_file: c.pem, key_file: /k.pem, server_name: n, "
      "min_version: TLS11, max_version: TLS13, insecure_skip_verify: true}");
  EXPECT_EQ(files.ca_file, "/etc/am/ca.pem");
  EXPECT_EQ(files.cert_file, "/etc/am/c.pem");
  EXPECT_EQ(files.key_file, "/k.pem");
  EXPECT_EQ(files.server_name, "n");
  EXPECT_EQ(files.min_tls_version, "TLS11");
  EXPECT_EQ(files.max_tls_version, "TLS13");
  EXPECT_TRUE(files.insecure_skip_verify);
  const HttpClientRequest inlined = Applied("tls_config: {ca: A, cert: B, key: C}");
  EXPECT_EQ(inlined.ca_pem, "A");
  EXPECT_EQ(inlined.cert_pem, "B");
  EXPECT_EQ(inlined.key_pem, "C");
}

TEST(HttpSettings, ProxiesAndSwitches) {
  const HttpClientRequest request = Applied(
      "{proxy_url: 'http://p:1', no_proxy: 'a,b', enable_http2: false, follow_redirects: false, "
      "proxy_connect_header: {X-A: [one, two], X-B: three}, "
      "http_headers: {X-C: {values: [v], secrets: [s]}}}");
  EXPECT_EQ(request.proxy_url, "http://p:1");
  EXPECT_EQ(request.no_proxy, "a,b");
  EXPECT_FALSE(request.enable_http2);
  EXPECT_FALSE(request.follow_redirects);
  EXPECT_THAT(request.proxy_headers,
              ElementsAre(Pair("X-A", "one"), Pair("X-A", "two"), Pair("X-B", "three")));
  EXPECT_THAT(request.headers, ElementsAre(Pair("X-C", "v"), Pair("X-C", "s")));
  EXPECT_TRUE(Applied("proxy_from_environment: true").proxy_from_environment);
}

TEST(HttpSettings, OAuth2) {
  const HttpClientRequest request = Applied(
      "oauth2: {client_id: id, client_secret: sec, token_url: 'https://t/x', scopes: [a, b], "
      "endpoint_params: {z: 1, audience: q}, tls_config: {ca: PEM}, proxy_url: 'http://p'}");
  ASSERT_NE(request.oauth2, nullptr);
  EXPECT_EQ(request.oauth2->client_id, "id");
  EXPECT_EQ(request.oauth2->client_secret, "sec");
  EXPECT_EQ(request.oauth2->token_url, "https://t/x");
  EXPECT_THAT(request.oauth2->scopes, ElementsAre("a", "b"));
  EXPECT_THAT(request.oauth2->endpoint_params, ElementsAre(Pair("audience", "q"), Pair("z", "1")));
  EXPECT_EQ(request.oauth2->transport.ca_pem, "PEM");
  EXPECT_EQ(request.oauth2->transport.proxy_url, "http://p");
  EXPECT_EQ(request.oauth2->private_key, "");
  const HttpClientRequest jwt = Applied(
      "oauth2: {client_id: id, token_url: 'https://t/x', client_certificate_key: K, "
      "client_certificate_key_id: kid, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', "
      "signature_algorithm: RS512, iss: i, audience: a, claims: {x: [1, 'y']}}");
  EXPECT_EQ(jwt.oauth2->private_key, "K");
  EXPECT_EQ(jwt.oauth2->key_id, "kid");
  EXPECT_EQ(jwt.oauth2->algorithm, "RS512");
  EXPECT_EQ(jwt.oauth2->issuer, "i");
  EXPECT_EQ(jwt.oauth2->claims, R"({"x":[1,"y"]})");
}

// Each key with _file is read anew for every request; while one cannot be read the message waits.
TEST(HttpSettings, FilesAreReadForEachRequest) {
  const std::string path = testing::TempDir() + "/outrider_http_secret";
  const struct {
    std::string yaml;
    std::string (*value)(const HttpClientRequest&);
  } kCases[] = {
      {"basic_auth: {username_file: FILE, password: x}",
       [](const HttpClientRequest& r) { return r.basic_user; }},
      {"basic_auth: {username: u, password_file: FILE}",
       [](const HttpClientRequest& r) { return r.basic_password; }},
      {"authorization: {credentials_file: FILE}",
       [](const HttpClientRequest& r) { return r.bearer_token; }},
      {"bearer_token_file: FILE", [](const HttpClientRequest& r) { return r.bearer_token; }},
      {"http_headers: {X-A: {files: [FILE]}}",
       [](const HttpClientRequest& r) { return r.headers.at(0).second; }},
      {"oauth2: {client_id: i, token_url: 'http://t', client_secret_file: FILE}",
       [](const HttpClientRequest& r) { return r.oauth2->client_secret; }},
  };
  for (const auto& c : kCases) {
    std::string yaml = c.yaml;
    yaml.replace(yaml.find("FILE"), 4, path);
    std::remove(path.c_str());
    const auto settings = Read(yaml);
    ASSERT_TRUE(settings.ok()) << yaml << Message(settings.status());
    HttpClientRequest request;
    EXPECT_TRUE(absl::IsUnavailable(settings->ApplyTo(&request))) << yaml;
    for (const char* secret : {"one", "two"}) {
      ASSERT_TRUE(WriteFileAtomically(path, std::string(secret) + "\n").ok());
      HttpClientRequest fresh;
      ASSERT_TRUE(settings->ApplyTo(&fresh).ok()) << yaml;
      EXPECT_EQ(c.value(fresh), secret) << yaml;
    }
  }
}

TEST(HttpSettings, BadConfigurations) {
  EXPECT_THAT(ErrorOf("oauth2: {token_url: 'http://t'}"),
              HasSubstr("oauth2 client_id must be configured"));
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x}"), HasSubstr("oauth2 token_url must be configured"));
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x, token_url: 'http://t', grant_type: password}"),
              HasSubstr("no error"))
      << "as in Alertmanager, which takes it for client_credentials";
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x, token_url: 'http://t', grant_type: "
                      "'urn:ietf:params:oauth:grant-type:jwt-bearer'}"),
              HasSubstr("client_certificate_key"));
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x, token_url: 'http://t', signature_algorithm: HS256}"),
              HasSubstr("RS256, RS384 and RS512"));
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x, token_url: 'http://t', no_proxy: a}"),
              HasSubstr("proxy_url must also be configured"));
  EXPECT_THAT(ErrorOf("oauth2: {client_id: x, client_secret_ref: r, token_url: 'http://t'}"),
              HasSubstr("secret manager"));
  EXPECT_THAT(ErrorOf("{oauth2: {client_id: x, token_url: 'http://t'}, bearer_token: t}"),
              HasSubstr("at most one of"));
}

TEST(HttpSettings, TiedToANotification) {
  FakeClock clock(1000 * kNanosPerSecond);
  Notification notification;
  notification.idempotency_key = "k1";
  HttpClientRequest request;
  request.timeout = 30 * kSecond;
  TieToNotification(notification, clock, &request);
  TieToNotification(notification, clock, &request);
  EXPECT_THAT(request.headers, ElementsAre(Pair("Idempotency-Key", "k1")));
  EXPECT_EQ(request.timeout, 30 * kSecond);
  notification.deadline = 1012 * kNanosPerSecond;
  TieToNotification(notification, clock, &request);
  EXPECT_EQ(request.timeout, 12 * kSecond);
  notification.deadline = 900 * kNanosPerSecond;
  TieToNotification(notification, clock, &request);
  EXPECT_EQ(request.timeout, kSecond);
}

}  // namespace
}  // namespace outrider
