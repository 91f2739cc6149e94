// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/yaml_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <variant>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

using Plain = std::variant<std::nullptr_t, bool, int64_t, double>;

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, std::string_view(text)) != words.end();
}

bool LooksLikeNumber(const std::string& text) {
  const bool starts = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == '.' ||
                                        (text[0] >= '0' && text[0] <= '9'));
  return starts && text.find_first_of("0123456789") != std::string::npos;
}

// What a scalar is that is no text.
std::optional<Plain> PlainOf(const YamlNode& node) {
  if (node.quoted) return std::nullopt;
  const std::string lower = ToLower(node.scalar);
  if (IsOneOf(lower, {"true", "yes", "on"})) return Plain(true);
  if (IsOneOf(lower, {"false", "no", "off"})) return Plain(false);
  if (node.scalar.empty() || node.scalar == "~" || lower == "null") return Plain(nullptr);
  if (!LooksLikeNumber(node.scalar)) return std::nullopt;
  if (const auto whole = ParseInt(node.scalar); whole.ok()) return Plain(*whole);
  const auto number = ParseDouble(node.scalar);
  if (!number.ok() || !std::isfinite(*number)) return std::nullopt;
  return Plain(*number);
}

void WriteScalar(const YamlNode& node, JsonWriter* json) {
  const std::optional<Plain> plain = PlainOf(node);
  if (!plain) {
    json->String(node.scalar);
  } else if (const auto* truth = std::get_if<bool>(&*plain)) {
    json->Bool(*truth);
  } else if (const auto* whole = std::get_if<int64_t>(&*plain)) {
    json->Int(*whole);
  } else if (const auto* number = std::get_if<double>(&*plain)) {
    json->Double(*number);
  } else {
    json->Null();
  }
}

}  // namespace

bool IsYamlText(const YamlNode& node) { return node.IsScalar() && !PlainOf(node); }

void WriteYamlAsJson(const YamlNode& node, JsonWriter* json) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      json->Null();
      return;
    case YamlNode::Kind::kScalar:
      WriteScalar(node, json);
      return;
    case YamlNode::Kind::kSequence:
      json->StartArray();
      for (const YamlNode& item : node.items) WriteYamlAsJson(item, json);
      json->EndArray();
      return;
    case YamlNode::Kind::kMap: {
      std::vector<const YamlNode::Entry*> entries;
      for (const YamlNode::Entry& entry : node.entries) entries.push_back(&entry);
      std::ranges::sort(entries, {}, [](const YamlNode::Entry* e) { return e->first.scalar; });
      json->StartObject();
      for (const YamlNode::Entry* entry : entries) {
        json->Key(entry->first.scalar);
        WriteYamlAsJson(entry->second, json);
      }
      json->EndObject();
      return;
    }
  }
}

std::string YamlAsJson(const YamlNode& node) {
  std::string out;
  JsonWriter json(&out);
  WriteYamlAsJson(node, &json);
  return out;
}

}  // namespace outrider
