// SPDX-License-Identifier: Apache-2.0
// What alertmanager.yml knows of each integration: keys, what must be set, and what global setting
// stands in for it. Source: specs/alertmanager.md §1 "receivers" and "global".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct IntegrationKind {
  std::string_view kind;    // the receiver key is kind + "_configs"
  std::string_view schema;  // schema.h; send_resolved and, where `http`, http_config are added
  bool http = true;
  bool null_is_empty = false;  // a null list entry is read as {} instead of being refused
  bool own = false;  // Alertmanager does not know it, so it is left out of what amtool reads
};

std::span<const IntegrationKind> IntegrationKinds();
const IntegrationKind* FindIntegrationKind(std::string_view kind);

extern const std::string_view kGlobalSchema;
Status CheckGlobal(const YamlNode& global, const std::string& file);
// Checks one list entry: keys, types, what must be set here or in `global`.
Status CheckIntegration(const IntegrationKind& kind, const YamlNode& section,
                        const YamlNode& global, const std::string& file);
// The section with its secrets replaced by `<secret>`.
YamlNode MaskIntegration(const IntegrationKind& kind, const YamlNode& section);

}  // namespace outrider
