// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/http_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/tls_settings.h"
#include "notifiers/channel/yaml_json.h"
#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "notifiers/transport/oauth2.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Of messages without a deadline and sections without a timeout.
constexpr DurationMs kDefaultTimeout = 60 * kSecond;

// References into a secret manager, which neither Alertmanager nor this program has; by the map
// they stand in.
constexpr std::pair<std::string_view, std::string_view> kReferences[] = {
    {"basic_auth", "username_ref"},           {"basic_auth", "password_ref"},
    {"authorization", "credentials_ref"},     {"oauth2", "client_secret_ref"},
    {"oauth2", "client_certificate_key_ref"},
};

Status CheckReferences(const YamlNode& http, const std::string& file) {
  for (const auto& [parent, key] : kReferences) {
    const YamlNode* map = http.Find(parent);
    if (map == nullptr || !IsSet(*map, key)) continue;
    return YamlError(file, *map->Find(key),
                     fmt::format("http_config: {}.{} names a secret of a secret manager, and there "
                                 "is none; use the key with _file",
                                 parent, key));
  }
  return absl::OkStatus();
}

// The three lists of a header, in Go's order: values, secrets, files.
void ReadHeader(const std::string& name, const YamlNode& sources, const std::string& file,
                HttpSettings* settings) {
  for (const std::string_view kind : {"values", "secrets", "files"}) {
    const YamlNode* list = sources.Find(kind);
    if (list == nullptr) continue;
    for (const YamlNode& item : list->items) {
      Secret secret;
      (kind == "files" ? secret.file : secret.value) =
          kind == "files" ? ResolveBeside(file, item.scalar) : item.scalar;
      settings->headers.push_back({name, std::move(secret), kind != "values"});
    }
  }
}

void ReadHeaders(const YamlNode& headers, const std::string& file, HttpSettings* settings) {
  for (const auto& [name, sources] : headers.entries) {
    ReadHeader(name.scalar, sources, file, settings);
  }
}

ProxySettings ReadProxy(const YamlNode& map, const std::string& file) {
  ProxySettings proxy;
  YamlReader reader(map, file, "http_config");
  reader.String("proxy_url", &proxy.url);
  reader.String("no_proxy", &proxy.no_proxy);
  reader.Bool("proxy_from_environment", &proxy.from_environment);
  const YamlNode* headers = map.Find("proxy_connect_header");
  if (headers == nullptr) return proxy;
  for (const auto& [name, values] : headers->entries) {
    if (values.IsScalar()) proxy.connect_headers.emplace_back(name.scalar, values.scalar);
    for (const YamlNode& value : values.items) {
      proxy.connect_headers.emplace_back(name.scalar, value.scalar);
    }
  }
  return proxy;
}

OAuth2Config ReadOAuth2(const YamlNode& map, const std::string& file) {
  OAuth2Config oauth2;
  YamlReader reader(map, file, "oauth2");
  std::string grant;
  for (const auto& [key, target] : {std::pair{"client_id", &oauth2.client_id},
                                    {"token_url", &oauth2.token_url},
                                    {"client_certificate_key_id", &oauth2.key_id},
                                    {"signature_algorithm", &oauth2.algorithm},
                                    {"iss", &oauth2.issuer},
                                    {"audience", &oauth2.audience},
                                    {"grant_type", &grant}}) {
    reader.String(key, target);
  }
  reader.StringList("scopes", &oauth2.scopes);
  reader.StringMap("endpoint_params", &oauth2.endpoint_params);
  std::ranges::sort(oauth2.endpoint_params);
  oauth2.jwt_bearer = grant == kJwtBearerGrant;
  oauth2.client_secret = ReadSecret(map, "client_secret", file);
  oauth2.private_key = ReadSecret(map, "client_certificate_key", file);
  if (const YamlNode* claims = map.Find("claims"); claims != nullptr && claims->IsMap()) {
    oauth2.claims = YamlAsJson(*claims);
  }
  if (const YamlNode* tls = map.Find("tls_config")) oauth2.tls = ReadTlsOptions(*tls, file);
  oauth2.proxy = ReadProxy(map, file);
  return oauth2;
}

void SetTransport(const TlsOptions& tls, const ProxySettings& proxy, HttpClientRequest* request) {
  request->insecure_skip_verify = tls.insecure_skip_verify;
  request->ca_file = tls.ca_file;
  request->cert_file = tls.cert_file;
  request->key_file = tls.key_file;
  request->ca_pem = tls.ca_pem;
  request->cert_pem = tls.cert_pem;
  request->key_pem = tls.key_pem;
  request->server_name = tls.server_name;
  request->min_tls_version = tls.min_version;
  request->max_tls_version = tls.max_version;
  request->proxy_url = proxy.url;
  request->no_proxy = proxy.no_proxy;
  request->proxy_from_environment = proxy.from_environment;
  request->proxy_headers = proxy.connect_headers;
}

StatusOr<std::shared_ptr<const OAuth2Settings>> TokenSettings(const OAuth2Config& config) {
  auto settings = std::make_shared<OAuth2Settings>();
  settings->client_id = config.client_id;
  settings->token_url = config.token_url;
  settings->scopes = config.scopes;
  settings->endpoint_params = config.endpoint_params;
  settings->key_id = config.key_id;
  settings->algorithm = config.algorithm;
  settings->issuer = config.issuer;
  settings->audience = config.audience;
  settings->claims = config.claims;
  if (config.jwt_bearer) {
    settings->private_key = TRY(config.private_key.Read());
  } else {
    settings->client_secret = TRY(config.client_secret.Read());
  }
  SetTransport(config.tls, config.proxy, &settings->transport);
  return std::shared_ptr<const OAuth2Settings>(std::move(settings));
}

}  // namespace

StatusOr<HttpSettings> ReadHttpSettings(const YamlNode& section, const AlertmanagerConfig& config) {
  const YamlNode* http = section.IsMap() ? section.Find("http_config") : nullptr;
  if ((http == nullptr || http->IsNull()) && config.global.IsMap()) {
    http = config.global.Find("http_config");
  }
  if (http == nullptr || http->IsNull()) return HttpSettings();
  return ReadHttpConfig(*http, config.file);
}

StatusOr<HttpSettings> ReadHttpConfig(const YamlNode& http, const std::string& file) {
  HttpSettings settings;
  TRY(CheckReferences(http, file));
  YamlReader reader(http, file, "http_config");
  reader.Bool("follow_redirects", &settings.follow_redirects);
  reader.Bool("enable_http2", &settings.enable_http2);
  settings.proxy = ReadProxy(http, file);
  settings.credentials = ReadSecret(http, "bearer_token", file);
  if (const YamlNode* authorization = http.Find("authorization")) {
    std::string type;
    YamlReader(*authorization, file, "authorization").String("type", &type);
    type = std::string(Trim(type));
    if (!type.empty()) settings.authorization_type = type;
    settings.credentials = ReadSecret(*authorization, "credentials", file);
  }
  if (const YamlNode* basic = http.Find("basic_auth")) {
    settings.basic_user = ReadSecret(*basic, "username", file);
    settings.basic_password = ReadSecret(*basic, "password", file);
  }
  if (const YamlNode* oauth2 = http.Find("oauth2"); oauth2 != nullptr && oauth2->IsMap()) {
    settings.oauth2 = ReadOAuth2(*oauth2, file);
  }
  if (const YamlNode* tls = http.Find("tls_config")) settings.tls = ReadTlsOptions(*tls, file);
  if (const YamlNode* headers = http.Find("http_headers")) ReadHeaders(*headers, file, &settings);
  return settings;
}

Status HttpSettings::ApplyTo(HttpClientRequest* request) const {
  request->basic_user = TRY(basic_user.Read());
  request->basic_password = TRY(basic_password.Read());
  const std::string token = TRY(credentials.Read());
  if (authorization_type == "Bearer") {
    request->bearer_token = token;
  } else if (!token.empty()) {
    request->headers.emplace_back("Authorization", authorization_type + " " + token);
  }
  if (oauth2) request->oauth2 = TRY(TokenSettings(*oauth2));
  for (const Header& header : headers) {
    request->headers.emplace_back(header.name, TRY(header.value.Read()));
    if (header.secret) request->secrets.push_back(request->headers.back().second);
  }
  request->follow_redirects = follow_redirects;
  request->enable_http2 = enable_http2;
  SetTransport(tls, proxy, request);
  return absl::OkStatus();
}

StatusOr<HttpClientRequest> JsonRequest(const HttpSettings& settings, std::string url,
                                        std::string body, DurationMs timeout) {
  HttpClientRequest request;
  request.url = std::move(url);
  request.body = std::move(body);
  request.timeout = timeout;
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Outrider"}};
  TRY(settings.ApplyTo(&request));
  return request;
}

void TieToNotification(const Notification& notification, const Clock& clock,
                       HttpClientRequest* request) {
  const bool has_key = std::ranges::any_of(
      request->headers, [](const auto& header) { return header.first == "Idempotency-Key"; });
  if (!has_key) request->headers.emplace_back("Idempotency-Key", notification.idempotency_key);
  request->stop = notification.stop;
  request->timeout = TimeForAttempt(notification, clock, request->timeout);
}

DurationMs TimeForAttempt(const Notification& notification, const Clock& clock, DurationMs own) {
  if (notification.deadline == 0) return own > 0 ? own : kDefaultTimeout;
  const DurationMs left =
      std::max<DurationMs>((notification.deadline - clock.NowNanos()) / kNanosPerMilli, kSecond);
  return own > 0 ? std::min(own, left) : left;
}

}  // namespace outrider
