// SPDX-License-Identifier: Apache-2.0
// A tree of a section (PagerDuty's details, Jira's fields) whose texts are templates, as JSON.
// Source: specs/alertmanager.md §1; the rules are Alertmanager 0.34's: a text that renders to
// something that reads as YAML of another type becomes that (`{{ len .Alerts }}` a number, JSON a
// structure, nothing null); keys are templates too.
#pragma once

#include <map>
#include <string>

#include "notifiers/channel/message_renderer.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Compact JSON with Go's escapes and sorted keys. Errors of templates are the renderer's.
std::string TreeJson(const YamlNode& node, MessageRenderer& renderer);
// The JSON of a text that was rendered already.
std::string InlineJson(const std::string& rendered);
// An object of ready values.
std::string JsonObject(const std::map<std::string, std::string>& values);
// A JSON text.
std::string JsonText(std::string_view text);

}  // namespace outrider
