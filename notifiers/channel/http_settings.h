// SPDX-License-Identifier: Apache-2.0
// http_config of a channel, ready to be put on requests. Source: specs/alertmanager.md §1
// "http_config".
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/channel/secret.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/tls_options.h"
#include "storage/base/status.h"

namespace outrider {

struct ProxySettings {
  std::string url;
  std::string no_proxy;
  bool from_environment = false;
  std::vector<std::pair<std::string, std::string>> connect_headers;
};

struct OAuth2Config {
  std::string client_id;
  Secret client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  bool jwt_bearer = false;
  Secret private_key;
  std::string key_id;
  std::string algorithm = "RS256";
  std::string issuer;
  std::string audience;
  std::string claims = "{}";  // JSON
  TlsOptions tls;
  ProxySettings proxy;
};

struct HttpSettings {
  Secret basic_user;
  Secret basic_password;
  std::string authorization_type = "Bearer";
  Secret credentials;
  std::optional<OAuth2Config> oauth2;
  TlsOptions tls;
  ProxySettings proxy;
  bool follow_redirects = true;
  bool enable_http2 = true;
  struct Header {
    std::string name;
    Secret value;
    bool secret = false;
  };
  std::vector<Header> headers;

  // Fills authentication, TLS, proxy and headers of a request. Reads the secrets' files anew:
  // Unavailable when one cannot be read, so that the message waits.
  Status ApplyTo(HttpClientRequest* request) const;
};

// The section's http_config, else the global one (whole-object replacement, as Alertmanager does).
// What cannot be honoured is an error at its line.
StatusOr<HttpSettings> ReadHttpSettings(const YamlNode& section, const AlertmanagerConfig& config);

// The keys of an http_config that stand in `http`, which has passed CheckSchema.
StatusOr<HttpSettings> ReadHttpConfig(const YamlNode& http, const std::string& file);

// A JSON POST with Outrider's headers and the settings on it; `timeout` 0 leaves the time to the
// notification it is tied to.
StatusOr<HttpClientRequest> JsonRequest(const HttpSettings& settings, std::string url,
                                        std::string body, DurationMs timeout);

// What every sender puts on the request of a notification: its Idempotency-Key, the same for every
// attempt; its stop; its time.
void TieToNotification(const Notification& notification, const Clock& clock,
                       HttpClientRequest* request);

// How long an attempt may take: until the notification's deadline (at least a second), 60 s where
// it has none; not longer than the section's own timeout, where that is not 0.
DurationMs TimeForAttempt(const Notification& notification, const Clock& clock, DurationMs own);

}  // namespace outrider
