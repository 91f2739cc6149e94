// SPDX-License-Identifier: Apache-2.0
// tls_config of a channel. Source: specs/alertmanager.md §1 "http_config".
#pragma once

#include <string>

#include "notifiers/transport/tls_options.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// The keys of a tls_config that has passed CheckSchema and CheckHttpConfigRules (or
// CheckTlsConfigRules); a relative file stands beside `file`. A null node gives the defaults.
TlsOptions ReadTlsOptions(const YamlNode& tls, const std::string& file);

}  // namespace outrider
