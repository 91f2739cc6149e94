// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/section_texts.h"

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

const YamlNode* FindScalar(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  return node != nullptr && node->IsScalar() ? node : nullptr;
}

}  // namespace

SectionTexts::SectionTexts(const YamlNode& section, std::span<const TextDefault> defaults) {
  for (const TextDefault& row : defaults) {
    texts_.emplace(row.key, ScalarText(section, row.key, row.text));
  }
}

std::string_view SectionTexts::operator[](std::string_view key) const {
  const auto found = texts_.find(key);
  return found == texts_.end() ? std::string_view() : std::string_view(found->second);
}

std::string ScalarText(const YamlNode& map, std::string_view key, std::string_view fallback) {
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  if (node != nullptr && node->IsScalar()) return node->scalar;
  // As there: `title:` with nothing behind it is an empty title and not the default template.
  const bool left_empty = node != nullptr && node->IsNull() && fallback.starts_with("{{");
  return left_empty ? "" : std::string(fallback);
}

std::string ScalarText(const YamlNode& section, std::string_view key, const YamlNode& global,
                       std::string_view global_key, std::string_view fallback) {
  return ScalarText(section, key, ScalarText(global, global_key, fallback));
}

bool FlagOf(const YamlNode& map, std::string_view key, bool fallback) {
  const YamlNode* node = FindScalar(map, key);
  if (node == nullptr) return fallback;
  const std::string text = ToLower(node->scalar);
  return text == "true" || text == "yes" || text == "on" || text == "y";
}

int64_t GoDurationOf(const YamlNode& map, std::string_view key, int64_t fallback) {
  const YamlNode* node = FindScalar(map, key);
  if (node == nullptr) return fallback;
  const StatusOr<int64_t> nanos = ParseGoDuration(node->scalar);
  return nanos.ok() ? *nanos : 0;  // "0" needs no unit
}

size_t CountOf(const YamlNode& map, std::string_view key) {
  const StatusOr<int64_t> number = ParseInt(ScalarText(map, key, "0"));
  return number.ok() && *number > 0 ? static_cast<size_t>(*number) : 0;
}

std::map<std::string, std::string> TextMap(const YamlNode& map, std::string_view key) {
  std::map<std::string, std::string> texts;
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  if (node == nullptr) return texts;
  for (const auto& [name, value] : node->entries) texts[name.scalar] = value.scalar;
  return texts;
}

std::span<const YamlNode> ItemsOf(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  if (node == nullptr || !node->IsSequence()) return {};
  return node->items;
}

}  // namespace outrider
