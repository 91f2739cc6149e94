// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/http_config.h"

#include <fmt/format.h>

#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Headers the client sets itself.
constexpr std::string_view kReservedHeaders[] = {"authorization",
                                                 "host",
                                                 "content-encoding",
                                                 "content-length",
                                                 "content-type",
                                                 "user-agent",
                                                 "connection",
                                                 "keep-alive",
                                                 "proxy-authenticate",
                                                 "proxy-authorization",
                                                 "www-authenticate",
                                                 "accept-encoding",
                                                 "x-prometheus-remote-write-version",
                                                 "x-prometheus-scrape-timeout-seconds",
                                                 "x-amz-date",
                                                 "x-amz-content-sha256",
                                                 "x-amz-security-token"};

Status CheckVersions(const YamlNode& node, const std::string& file) {
  for (const std::string_view key : {"min_version", "max_version"}) {
    if (!IsSet(node, key)) continue;
    const YamlNode& value = *node.Find(key);
    bool known = false;
    for (const std::string_view version : {"TLS10", "TLS11", "TLS12", "TLS13"}) {
      known = known || value.scalar == version;
    }
    if (!known) return YamlError(file, value, "unknown TLS version: " + value.scalar);
  }
  return absl::OkStatus();
}

Status CheckHeaders(const YamlNode& headers, const std::string& file) {
  for (const auto& [name, value] : headers.entries) {
    for (const std::string_view reserved : kReservedHeaders) {
      if (ToLower(name.scalar) == reserved) {
        return YamlError(
            file, name,
            fmt::format("setting header \"{}\" is not allowed", CanonicalHeader(name.scalar)));
      }
    }
  }
  return absl::OkStatus();
}

Status CheckProxy(const YamlNode& node, const std::string& file) {
  const YamlNode* from_environment = node.Find("proxy_from_environment");
  const bool environment = from_environment != nullptr && from_environment->scalar == "true";
  if (environment && IsSet(node, "proxy_url")) {
    return YamlError(file, node,
                     "if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (environment && IsSet(node, "no_proxy")) {
    return YamlError(file, node,
                     "if proxy_from_environment is configured, no_proxy must not be configured");
  }
  if (IsSet(node, "no_proxy") && !IsSet(node, "proxy_url")) {
    return YamlError(file, node, "if no_proxy is configured, proxy_url must also be configured");
  }
  if (IsSet(node, "proxy_connect_header") && !environment && !IsSet(node, "proxy_url")) {
    return YamlError(file, node,
                     "if proxy_connect_header is configured, proxy_url or proxy_from_environment "
                     "must also be configured");
  }
  if (IsSet(node, "proxy_url")) {
    const YamlNode& url = *node.Find("proxy_url");
    const Status parsed = CheckGoUrl(url.scalar);
    if (!parsed.ok()) return YamlError(file, url, Message(parsed));
  }
  return absl::OkStatus();
}

Status CheckOAuth2(const YamlNode& node, const std::string& file) {
  const auto missing = [&](std::string_view key) {
    return YamlError(file, node, fmt::format("oauth2 {} must be configured", key));
  };
  if (!IsSet(node, "client_id")) return missing("client_id");
  if (!IsSet(node, "token_url")) return missing("token_url");
  const YamlNode* grant = node.Find("grant_type");
  // Anything but this is client_credentials.
  const bool jwt_bearer = grant != nullptr && grant->scalar == kJwtBearerGrant;
  const bool has_key =
      IsSet(node, "client_certificate_key") || IsSet(node, "client_certificate_key_file");
  if (jwt_bearer && !has_key) {
    return YamlError(file, node,
                     "oauth2 client_certificate_key or client_certificate_key_file must be "
                     "configured for this grant_type");
  }
  const YamlNode* algorithm = node.Find("signature_algorithm");
  if (algorithm != nullptr && algorithm->scalar != "RS256" && algorithm->scalar != "RS384" &&
      algorithm->scalar != "RS512" && !algorithm->scalar.empty()) {
    return YamlError(file, *algorithm, "valid signature algorithms are RS256, RS384 and RS512");
  }
  if (IsSet(node, "tls_config")) TRY(CheckTlsConfigRules(*node.Find("tls_config"), file));
  return CheckProxy(node, file);
}

}  // namespace

std::string CanonicalHeader(std::string_view name) {
  std::string out = ToLower(name);
  for (size_t i = 0; i < out.size(); ++i) {
    if ((i == 0 || out[i - 1] == '-') && out[i] >= 'a' && out[i] <= 'z') out[i] -= 'a' - 'A';
  }
  return out;
}

Status CheckTlsConfigRules(const YamlNode& node, const std::string& file) {
  if (!node.IsMap()) return absl::OkStatus();
  TRY(CheckVersions(node, file));
  if (IsSet(node, "cert") || IsSet(node, "cert_file")) {
    if (!IsSet(node, "key") && !IsSet(node, "key_file")) {
      return YamlError(file, node,
                       "exactly one of key or key_file must be configured when a client "
                       "certificate is configured");
    }
  } else if (IsSet(node, "key") || IsSet(node, "key_file")) {
    return YamlError(
        file, node,
        "exactly one of cert or cert_file must be configured when a client key is configured");
  }
  return absl::OkStatus();
}

Status CheckHttpConfigRules(const YamlNode& node, const std::string& file) {
  if (!node.IsMap()) return absl::OkStatus();
  const bool basic = IsSet(node, "basic_auth");
  const bool bearer = IsSet(node, "bearer_token") || IsSet(node, "bearer_token_file");
  const bool authorization = IsSet(node, "authorization");
  const bool oauth2 = IsSet(node, "oauth2");
  if (bearer && authorization) {
    return YamlError(file, node,
                     "authorization is not compatible with bearer_token & bearer_token_file");
  }
  if (basic + bearer + authorization + oauth2 > 1) {
    return YamlError(file, node,
                     bearer
                         ? "at most one of basic_auth, oauth2, bearer_token & bearer_token_file "
                           "must be configured"
                         : "at most one of basic_auth, oauth2 & authorization must be configured");
  }
  if (authorization) {
    const YamlNode* type = node.Find("authorization")->Find("type");
    if (type != nullptr && ToLower(Trim(type->scalar)) == "basic") {
      return YamlError(file, *type,
                       "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
    }
  }
  if (IsSet(node, "tls_config")) TRY(CheckTlsConfigRules(*node.Find("tls_config"), file));
  if (oauth2) TRY(CheckOAuth2(*node.Find("oauth2"), file));
  if (IsSet(node, "http_headers")) TRY(CheckHeaders(*node.Find("http_headers"), file));
  return CheckProxy(node, file);
}

}  // namespace outrider
