// SPDX-License-Identifier: Apache-2.0
// http_config, the section every HTTP integration shares. Source: specs/alertmanager.md §1
// "http_config".
#pragma once

#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

inline constexpr std::string_view kTlsConfigSchema =
    "ca ca_file cert cert_file key:s key_file server_name insecure_skip_verify:b min_version "
    "max_version";

inline constexpr std::string_view kHttpConfigSchema =
    "basic_auth{username username_file username_ref password:s password_file password_ref} "
    "authorization{type credentials:s credentials_file credentials_ref} "
    "oauth2{client_id client_secret:s client_secret_file client_secret_ref "
    "client_certificate_key:s client_certificate_key_file client_certificate_key_ref "
    "client_certificate_key_id grant_type signature_algorithm iss audience claims:* scopes:l "
    "token_url endpoint_params:m tls_config:T proxy_url:R no_proxy proxy_from_environment:b "
    "proxy_connect_header:x} "
    "bearer_token:s bearer_token_file tls_config:T follow_redirects:b enable_http2:b proxy_url:R "
    "no_proxy proxy_from_environment:b proxy_connect_header:x "
    "http_headers<values:l secrets:x files:l>";

// The grant_type of oauth2 that signs an assertion in place of sending a secret; the other one, and
// the default, is client_credentials.
inline constexpr std::string_view kJwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

// A header's name as Go writes it: Content-Type.
std::string CanonicalHeader(std::string_view name);

// The rules between keys of a tls_config that has passed CheckSchema; a null node is fine.
Status CheckTlsConfigRules(const YamlNode& node, const std::string& file);
// The rules between keys of an http_config that has passed CheckSchema; a null node is fine.
Status CheckHttpConfigRules(const YamlNode& node, const std::string& file);

}  // namespace outrider
