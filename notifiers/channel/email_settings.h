// SPDX-License-Identifier: Apache-2.0
// An email_configs section with the global defaults filled in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notifiers/channel/secret.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/transport/tls_options.h"
#include "storage/base/status.h"

namespace outrider {

struct EmailSettings {
  std::string to;  // templates, as are from, html, text and the headers
  std::string from;
  std::string smarthost;
  std::string hello = "localhost";
  std::string username;
  std::string identity;
  Secret password;
  Secret secret;  // of CRAM-MD5
  bool require_tls = true;
  bool implicit_tls = false;  // forced, or port 465
  TlsOptions tls;
  // Mails of one group are one thread in Alertmanager's way, of each day its own or not. Otherwise
  // they share a reference of our own.
  bool threading = false;
  bool thread_by_day = false;
  std::vector<std::pair<std::string, std::string>> headers;  // To, From and Subject always there
  std::string html = R"({{ template "email.default.html" . }})";
  std::string text;
};

// Errors name file, line and column.
StatusOr<EmailSettings> ReadEmailSettings(const YamlNode& section,
                                          const AlertmanagerConfig& config);

}  // namespace outrider
