// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/http_settings.h"

#include <fmt/format.h>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kDefaultTimeout = 30 * kSecond;

// Keys the configuration knows and this room cannot honour yet, by the map they stand in.
constexpr std::pair<std::string_view, std::string_view> kUnsupported[] = {
    {"", "oauth2"},
    {"", "no_proxy"},
    {"", "proxy_connect_header"},
    {"basic_auth", "username_ref"},
    {"basic_auth", "password_ref"},
    {"authorization", "credentials_ref"},
    {"tls_config", "ca"},
    {"tls_config", "cert"},
    {"tls_config", "key"},
    {"tls_config", "server_name"},
    {"tls_config", "min_version"},
    {"tls_config", "max_version"},
};

Status CheckSupported(const YamlNode& http, const std::string& file) {
  for (const auto& [parent, key] : kUnsupported) {
    const YamlNode* map = parent.empty() ? &http : http.Find(parent);
    if (map == nullptr || !IsSet(*map, key)) continue;
    return YamlError(file, *map->Find(key),
                     fmt::format("http_config: {}{}{} is not supported yet", parent,
                                 parent.empty() ? "" : ".", key));
  }
  const YamlNode* environment = http.Find("proxy_from_environment");
  if (environment != nullptr && environment->scalar == "true") {
    return YamlError(file, *environment,
                     "http_config: proxy_from_environment is not supported yet, use proxy_url");
  }
  return absl::OkStatus();
}

void ReadTls(const YamlNode& tls, const std::string& file, HttpSettings* settings) {
  YamlReader reader(tls, file, "tls_config");
  reader.Bool("insecure_skip_verify", &settings->insecure_skip_verify);
  for (const auto& [key, target] : {std::pair{"ca_file", &settings->ca_file},
                                    {"cert_file", &settings->cert_file},
                                    {"key_file", &settings->key_file}}) {
    if (reader.String(key, target)) *target = ResolveBeside(file, *target);
  }
}

void ReadHeaders(const YamlNode& headers, const std::string& file, HttpSettings* settings) {
  for (const auto& [name, sources] : headers.entries) {
    for (const std::string_view kind : {"values", "secrets", "files"}) {
      const YamlNode* list = sources.Find(kind);
      if (list == nullptr) continue;
      for (const YamlNode& item : list->items) {
        Secret secret;
        (kind == "files" ? secret.file : secret.value) =
            kind == "files" ? ResolveBeside(file, item.scalar) : item.scalar;
        settings->headers.emplace_back(name.scalar, std::move(secret));
      }
    }
  }
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
  TRY(CheckSupported(http, file));
  YamlReader reader(http, file, "http_config");
  reader.Bool("follow_redirects", &settings.follow_redirects);
  reader.String("proxy_url", &settings.proxy_url);
  settings.credentials = ReadSecret(http, "bearer_token", file);
  if (const YamlNode* authorization = http.Find("authorization")) {
    YamlReader(*authorization, file, "authorization").String("type", &settings.authorization_type);
    settings.credentials = ReadSecret(*authorization, "credentials", file);
  }
  if (const YamlNode* basic = http.Find("basic_auth")) {
    const Secret user = ReadSecret(*basic, "username", file);
    settings.basic_user = TRY(user.Read());
    settings.basic_password = ReadSecret(*basic, "password", file);
  }
  if (const YamlNode* tls = http.Find("tls_config")) ReadTls(*tls, file, &settings);
  if (const YamlNode* headers = http.Find("http_headers")) ReadHeaders(*headers, file, &settings);
  return settings;
}

Status HttpSettings::ApplyTo(HttpClientRequest* request) const {
  request->basic_user = basic_user;
  request->basic_password = TRY(basic_password.Read());
  const std::string token = TRY(credentials.Read());
  if (authorization_type == "Bearer") {
    request->bearer_token = token;
  } else if (!token.empty()) {
    request->headers.emplace_back("Authorization", authorization_type + " " + token);
  }
  for (const auto& [name, value] : headers) request->headers.emplace_back(name, TRY(value.Read()));
  request->proxy_url = proxy_url;
  request->follow_redirects = follow_redirects;
  request->insecure_skip_verify = insecure_skip_verify;
  request->ca_file = ca_file;
  request->cert_file = cert_file;
  request->key_file = key_file;
  return absl::OkStatus();
}

StatusOr<HttpClientRequest> JsonRequest(const HttpSettings& settings, std::string url,
                                        std::string body, DurationMs timeout) {
  HttpClientRequest request;
  request.url = std::move(url);
  request.body = std::move(body);
  request.timeout = timeout > 0 ? timeout : kDefaultTimeout;
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Outrider"}};
  TRY(settings.ApplyTo(&request));
  return request;
}

}  // namespace outrider
