// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/template_tree.h"

#include <vector>

#include "notifiers/channel/yaml_json.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Deeper trees are cut off (as null): nobody writes them, a rendered text may hold them.
constexpr int kMaxDepth = 60;

std::string ArrayJson(const std::vector<std::string>& items) {
  return "[" + Join(items, ",") + "]";
}

std::string NumberJson(double value) {
  std::string out;
  JsonWriter(&out).Double(value);
  return out;
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

std::string NodeJson(const YamlNode& node) {
  std::string out;
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  WriteYamlAsJson(node, &json);
  return out;
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
  return yaml.ok() && !IsYamlText(*yaml) ? NodeJson(*yaml) : JsonText(rendered);
}

std::string TreeJson(const YamlNode& node, MessageRenderer& renderer) {
  if (node.IsNull()) return "null";
  if (node.IsScalar()) {
    return IsYamlText(node) ? InlineJson(renderer.Text(node.scalar)) : NodeJson(node);
  }
  if (node.IsSequence()) {
    std::vector<std::string> items;
    items.reserve(node.items.size());
    for (const YamlNode& item : node.items) items.push_back(TreeJson(item, renderer));
    return ArrayJson(items);
  }
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : node.entries) {
    if (!IsYamlText(key)) continue;  // as there: only texts are names
    members[renderer.Text(key.scalar)] = TreeJson(value, renderer);
  }
  return JsonObject(members);
}

}  // namespace outrider
