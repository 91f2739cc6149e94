// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/object_yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

// A text that YAML reads as that text without quotes.
bool IsPlain(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./@+").find(c) != std::string_view::npos;
  };
  if (text.empty() || !std::ranges::all_of(text, plain)) return false;
  const char first = text.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  return letter && std::ranges::find(kWords, ToLower(text)) == std::end(kWords);
}

std::string Text(const std::string& text) {
  if (IsPlain(text)) return text;
  std::string quoted;
  JsonWriter(&quoted).String(text);
  return quoted;
}

// In one line.
std::string Flow(const JsonValue& value) {
  std::string text;
  JsonWriter json(&text);
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return value.boolean ? "true" : "false";
    case JsonValue::Kind::kNumber:
      value.is_integer ? json.Int(value.integer) : json.Double(value.number);
      return text;
    case JsonValue::Kind::kString:
      return Text(value.string);
    case JsonValue::Kind::kArray:
      for (const JsonValue& item : value.items) text += (text.empty() ? "" : ", ") + Flow(item);
      return "[" + text + "]";
    case JsonValue::Kind::kObject:
      break;
  }
  for (const auto& [key, member] : value.members) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", Text(key), Flow(member));
  }
  return "{" + text + "}";
}

bool HasObjects(const JsonValue& value) {
  return value.kind == JsonValue::Kind::kArray &&
         std::ranges::any_of(value.items, [](const JsonValue& item) {
           return item.kind == JsonValue::Kind::kObject;
         });
}

std::string TextsOf(const JsonValue& config, std::string_view key) {
  std::vector<std::string> texts;
  const JsonValue* list = config.Find(key);
  for (const JsonValue& item : list == nullptr ? std::vector<JsonValue>() : list->items) {
    texts.push_back(item.kind == JsonValue::Kind::kObject ? item.GetString("name") : item.string);
  }
  return Join(texts, ", ");
}

size_t CountOf(const JsonValue& config, std::string_view key) {
  const JsonValue* list = config.Find(key);
  return list == nullptr ? 0 : list->items.size();
}

std::string SummaryOfSchedule(const JsonValue& config) {
  std::vector<std::string> users;
  const JsonValue* layers = config.Find("layers");
  for (const JsonValue& layer : layers == nullptr ? std::vector<JsonValue>() : layers->items) {
    const JsonValue* names = layer.Find("users");
    for (const JsonValue& user : names == nullptr ? std::vector<JsonValue>() : names->items) {
      if (std::ranges::find(users, user.string) == users.end()) users.push_back(user.string);
    }
  }
  const size_t count = CountOf(config, "layers");
  return fmt::format("{}, {} layer{}: {}", config.GetString("time_zone", "UTC"), count,
                     count == 1 ? "" : "s", Join(users, ", "));
}

std::string SummaryOfUser(const JsonValue& config) {
  constexpr std::string_view kSuffix = "_configs";
  std::vector<std::string> kinds;
  for (const auto& [key, value] : config.members) {
    if (key.ends_with(kSuffix)) kinds.push_back(key.substr(0, key.size() - kSuffix.size()));
  }
  const std::string shown = TextsOf(config, "contacts");
  const std::string zone = config.GetString("time_zone", "UTC");
  if (!kinds.empty()) return fmt::format("{}, {}", zone, Join(kinds, ", "));
  return shown.empty() ? zone : fmt::format("{}, {}", zone, shown);
}

}  // namespace

// Maps and lists of maps down to the second level in lines of their own, what is below in one.
std::string ObjectYaml(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kObject) return Flow(value) + "\n";
  std::string out;
  for (const auto& [key, member] : value.members) {
    if (!HasObjects(member)) {
      out += fmt::format("{}: {}\n", Text(key), Flow(member));
      continue;
    }
    out += fmt::format("{}:\n", Text(key));
    for (const JsonValue& item : member.items) out += fmt::format("- {}\n", Flow(item));
  }
  return out;
}

std::string ObjectSummary(std::string_view word, const JsonValue& config) {
  if (word == "schedule") return SummaryOfSchedule(config);
  if (word == "user") return SummaryOfUser(config);
  if (word == "team") {
    const std::string lead = config.GetString("lead");
    return TextsOf(config, "members") + (lead.empty() ? "" : fmt::format("; lead {}", lead));
  }
  const std::string severities = TextsOf(config, "severities");
  const size_t tiers = CountOf(config, "tiers");
  return fmt::format("{}: {} tier{}", severities.empty() ? "all" : severities, tiers,
                     tiers == 1 ? "" : "s");
}

}  // namespace outrider
