// SPDX-License-Identifier: Apache-2.0
// Rules between the keys of an integration's section, beyond types and what must be set. Texts are
// Alertmanager's. Source: specs/alertmanager.md §1 "receivers".
#pragma once

#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// `section` has passed the schema of its kind.
Status CheckIntegrationRules(std::string_view kind, const YamlNode& section, const YamlNode& global,
                             const std::string& file);

// An app token and a webhook URL exclude each other, unless the URL is only the one that app tokens
// use. `prefix` is that of the keys: "slack_" in the global section.
bool SlackClash(const YamlNode& map, const std::string& prefix);

}  // namespace outrider
