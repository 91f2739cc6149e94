// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/template_tree.h"

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Deeper trees are cut off (as null): nobody writes them, a rendered text may hold them.
constexpr int kMaxDepth = 60;

template <size_t N>
bool IsOneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (word == text) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrues = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                     "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalses = {"n",     "N",     "no",  "No",  "NO", "false",
                                                      "False", "FALSE", "off", "Off", "OFF"};

std::string ArrayJson(const std::vector<std::string>& items) {
  return "[" + Join(items, ",") + "]";
}

std::string NumberJson(double value) {
  std::string out;
  JsonWriter(&out).Double(value);
  return out;
}

// Decimal only: hexadecimal, octal and grouped numbers of YAML 1.1 stay texts.
std::optional<std::string> NumberOf(std::string_view text) {
  const size_t digits = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  const bool integral = text.find_first_not_of("0123456789", digits) == std::string_view::npos;
  if (integral && text.size() > digits + 1 && text[digits] == '0') return std::nullopt;
  const std::string_view unsigned_part = text.substr(text.starts_with('+') ? 1 : 0);
  if (integral) {
    if (const auto number = ParseInt(unsigned_part); number.ok()) return std::to_string(*number);
  }
  const auto number = ParseDouble(unsigned_part);
  if (!number.ok() || !std::isfinite(*number)) return std::nullopt;
  return NumberJson(*number);
}

// What YAML 1.1 makes of a plain scalar, as JSON; nothing for a text.
std::optional<std::string> PlainScalarJson(std::string_view text) {
  if (IsOneOf(text, kNulls)) return "null";
  if (IsOneOf(text, kTrues)) return "true";
  if (IsOneOf(text, kFalses)) return "false";
  return NumberOf(text);
}

std::string ValueJson(const JsonValue& value, int depth) {
  if (depth > kMaxDepth) return "null";
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return value.boolean ? "true" : "false";
    case JsonValue::Kind::kNumber:
      return value.is_integer ? std::to_string(value.integer) : NumberJson(value.number);
    case JsonValue::Kind::kString:
      return JsonText(value.string);
    case JsonValue::Kind::kArray: {
      std::vector<std::string> items;
      items.reserve(value.items.size());
      for (const JsonValue& item : value.items) items.push_back(ValueJson(item, depth + 1));
      return ArrayJson(items);
    }
    case JsonValue::Kind::kObject: {
      std::map<std::string, std::string> members;
      for (const auto& [key, member] : value.members) members[key] = ValueJson(member, depth + 1);
      return JsonObject(members);
    }
  }
  return "null";
}

std::string NodeJson(const YamlNode& node, int depth) {
  if (depth > kMaxDepth || node.IsNull()) return "null";
  if (node.IsScalar()) {
    const auto plain = node.quoted ? std::nullopt : PlainScalarJson(node.scalar);
    return plain.value_or(JsonText(node.scalar));
  }
  if (node.IsSequence()) {
    std::vector<std::string> items;
    items.reserve(node.items.size());
    for (const YamlNode& item : node.items) items.push_back(NodeJson(item, depth + 1));
    return ArrayJson(items);
  }
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : node.entries) members[key.scalar] = NodeJson(value, depth + 1);
  return JsonObject(members);
}

}  // namespace

std::string JsonText(std::string_view text) {
  std::string out;
  JsonWriter(&out, JsonWriter::Escape::kGoHtml).String(text);
  return out;
}

std::string JsonObject(const std::map<std::string, std::string>& values) {
  std::string out;
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  json.StartObject();
  for (const auto& [key, value] : values) json.Key(key).Raw(value);
  json.EndObject();
  return out;
}

std::string InlineJson(const std::string& rendered) {
  const std::string_view trimmed = Trim(rendered);
  if (trimmed.starts_with('{') || trimmed.starts_with('[')) {
    const auto json = ParseJson(trimmed);  // far faster than YAML for long lists of alerts
    if (json.ok()) return ValueJson(*json, 0);
  }
  const auto yaml = ParseYaml(rendered, "");
  if (!yaml.ok()) return JsonText(rendered);
  if (!yaml->IsScalar()) return NodeJson(*yaml, 0);
  const auto plain = yaml->quoted ? std::nullopt : PlainScalarJson(yaml->scalar);
  return plain.value_or(JsonText(rendered));
}

std::string TreeJson(const YamlNode& node, MessageRenderer& renderer) {
  if (node.IsNull()) return "null";
  if (node.IsScalar()) {
    if (!node.quoted) {
      if (const auto plain = PlainScalarJson(node.scalar)) return *plain;
    }
    return InlineJson(renderer.Text(node.scalar));
  }
  if (node.IsSequence()) {
    std::vector<std::string> items;
    items.reserve(node.items.size());
    for (const YamlNode& item : node.items) items.push_back(TreeJson(item, renderer));
    return ArrayJson(items);
  }
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : node.entries) {
    members[renderer.Text(key.scalar)] = TreeJson(value, renderer);
  }
  return JsonObject(members);
}

}  // namespace outrider
