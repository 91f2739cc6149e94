// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/directory_json.h"

#include <fmt/format.h>

#include <cmath>

#include "notifiers/config/integration_table.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kContactSuffix = "_configs";

bool IsContact(const YamlNode& key) { return key.scalar.ends_with(kContactSuffix); }

std::string_view KindOf(const YamlNode& key) {
  return std::string_view(key.scalar).substr(0, key.scalar.size() - kContactSuffix.size());
}

void WriteScalar(const YamlNode& node, JsonWriter* json) {
  const std::string& text = node.scalar;
  if (!node.quoted && (text == "true" || text == "false")) {
    json->Bool(text == "true");
    return;
  }
  if (!node.quoted && !text.empty()) {
    // Only what a number's own text would be: `0123` and `1e3` stay as they were written.
    const StatusOr<int64_t> integer = ParseInt(text);
    if (integer.ok() && std::to_string(*integer) == text) {
      json->Int(*integer);
      return;
    }
    const StatusOr<double> number = ParseDouble(text);
    if (number.ok() && std::isfinite(*number) && FormatFloatF(*number) == text) {
      json->Double(*number);
      return;
    }
  }
  json->String(text);
}

}  // namespace

void WriteTree(const YamlNode& node, JsonWriter* json) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      json->Null();
      break;
    case YamlNode::Kind::kScalar:
      WriteScalar(node, json);
      break;
    case YamlNode::Kind::kSequence:
      json->StartArray();
      for (const YamlNode& item : node.items) WriteTree(item, json);
      json->EndArray();
      break;
    case YamlNode::Kind::kMap:
      json->StartObject();
      for (const auto& [key, value] : node.entries) {
        json->Key(key.scalar);
        WriteTree(value, json);
      }
      json->EndObject();
      break;
  }
}

YamlNode MaskContacts(const YamlNode& user) {
  YamlNode masked = user;
  for (auto& [key, value] : masked.entries) {
    if (!IsContact(key)) continue;
    const IntegrationKind* kind = FindIntegrationKind(KindOf(key));
    for (YamlNode& section : value.items) {
      // One that nobody knows cannot be masked key by key.
      section = kind == nullptr ? YamlMap() : MaskIntegration(*kind, section);
    }
  }
  return masked;
}

YamlNode PublicUser(const YamlNode& user) {
  YamlNode shown = YamlMap();
  YamlNode contacts = YamlList();
  for (const auto& [key, value] : user.entries) {
    if (IsContact(key)) contacts.items.push_back(YamlText(KindOf(key)));
    if (key.scalar == "name" || key.scalar == "time_zone") AddEntry(&shown, key.scalar, value);
  }
  AddEntry(&shown, "contacts", std::move(contacts));
  return shown;
}

}  // namespace outrider
