// SPDX-License-Identifier: Apache-2.0
// http_config of a channel, ready to be put on requests. Source: specs/alertmanager.md §1
// "http_config".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notifiers/channel/secret.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/status.h"

namespace outrider {

struct HttpSettings {
  std::string basic_user;
  Secret basic_password;
  std::string authorization_type = "Bearer";
  Secret credentials;
  std::string proxy_url;
  bool follow_redirects = true;
  bool insecure_skip_verify = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::vector<std::pair<std::string, Secret>> headers;

  // Fills authentication, TLS, proxy and headers of a request; reads the secrets' files.
  Status ApplyTo(HttpClientRequest* request) const;
};

// The section's http_config, else the global one (whole-object replacement, as Alertmanager does).
// What is not supported yet is an error at its line.
StatusOr<HttpSettings> ReadHttpSettings(const YamlNode& section, const AlertmanagerConfig& config);

// The keys of an http_config that stand in `http`, which has passed CheckSchema.
StatusOr<HttpSettings> ReadHttpConfig(const YamlNode& http, const std::string& file);

// A JSON POST with Outrider's headers and the settings on it.
StatusOr<HttpClientRequest> JsonRequest(const HttpSettings& settings, std::string url,
                                        std::string body, DurationMs timeout);

}  // namespace outrider
