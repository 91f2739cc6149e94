// SPDX-License-Identifier: Apache-2.0
// `payload` of webhook_configs: a tree of YAML whose texts are templates. Source:
// specs/alertmanager.md §1 "receivers".
#pragma once

#include <string>

#include "rules/template/template.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// JSON with a newline at its end. Every text and every key is rendered; a text that reads as YAML
// of another kind then (a map, a list, a number, nothing) becomes that, so that
// `{{ .Alerts | toJson }}` gives an array. What came out is not rendered again.
StatusOr<std::string> CustomPayload(const YamlNode& payload, const tmpl::TemplateSet& templates,
                                    const tmpl::Value& data);

}  // namespace outrider
