// SPDX-License-Identifier: Apache-2.0
// The plain keys of an integration's section, with their defaults. The section has passed
// CheckIntegration, so its types are right.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/strict_yaml.h"

namespace outrider {

struct TextDefault {
  std::string_view key;
  std::string_view text;  // the template when the section has none
};

// The templates of a section by key.
class SectionTexts {
 public:
  // Takes the section's scalars over the defaults; a null leaves the default, as in Alertmanager.
  SectionTexts(const YamlNode& section, std::span<const TextDefault> defaults);
  // "" for a key that is not among the defaults.
  std::string_view operator[](std::string_view key) const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

// A scalar under `key`, else `fallback`.
std::string ScalarText(const YamlNode& map, std::string_view key, std::string_view fallback = "");
// The section's own scalar, else the global one under `global_key`, else `fallback`.
std::string ScalarText(const YamlNode& section, std::string_view key, const YamlNode& global,
                       std::string_view global_key, std::string_view fallback);
bool FlagOf(const YamlNode& map, std::string_view key, bool fallback = false);
// A Go duration in nanoseconds; `fallback` when absent.
int64_t GoDurationOf(const YamlNode& map, std::string_view key, int64_t fallback = 0);
// A whole number, 0 when absent or negative.
size_t CountOf(const YamlNode& map, std::string_view key);
// A map of scalars; nulls are empty texts.
std::map<std::string, std::string> TextMap(const YamlNode& map, std::string_view key);
// The items of a list of maps, none when it is absent.
std::span<const YamlNode> ItemsOf(const YamlNode& map, std::string_view key);

}  // namespace outrider
