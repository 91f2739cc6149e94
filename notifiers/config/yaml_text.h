// SPDX-License-Identifier: Apache-2.0
// YAML out: a tree of nodes as text that every YAML parser reads back the same.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/strict_yaml.h"

namespace outrider {

YamlNode YamlMap();
YamlNode YamlList();
YamlNode YamlText(std::string_view text);  // a string, quoted where it would read as something else
YamlNode YamlPlain(std::string_view text);  // a number, a boolean or a duration, never quoted
void AddEntry(YamlNode* map, std::string_view key, YamlNode value);

// Block style, two blanks a level, list items at the level of their key; ends with a newline.
std::string WriteYaml(const YamlNode& node);

}  // namespace outrider
