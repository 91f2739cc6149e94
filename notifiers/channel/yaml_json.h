// SPDX-License-Identifier: Apache-2.0
// A YAML value as JSON, with the types that yaml.v2, which Alertmanager reads by, gives to plain
// scalars.
#pragma once

#include <string>

#include "storage/base/json.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Plain `5`, `1.5`, `true`, `null` are no texts; a quoted scalar always is one.
bool IsYamlText(const YamlNode& node);

// The keys of maps are sorted, as Go's encoding/json writes maps.
void WriteYamlAsJson(const YamlNode& node, JsonWriter* json);
std::string YamlAsJson(const YamlNode& node);

}  // namespace outrider
