// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/written_rules.h"

#include "notifiers/config/sections.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

std::string MatcherText(const Matcher& matcher) {
  const std::string braced = MatchersText(std::span(&matcher, 1));
  return braced.substr(1, braced.size() - 2);
}

void CopyText(const YamlNode& from, std::string_view key, YamlNode* to) {
  const YamlNode* value = from.Find(key);
  if (value == nullptr || value->scalar.empty()) return;
  AddEntry(to, key, YamlText(value->scalar));
}

// Texts of a list; also where a single one is allowed.
void CopyList(const YamlNode& from, std::string_view key, YamlNode* to) {
  const YamlNode* value = from.Find(key);
  if (value == nullptr || !value->IsSequence() || value->items.empty()) return;
  YamlNode list = YamlList();
  for (const YamlNode& item : value->items) list.items.push_back(YamlText(item.scalar));
  AddEntry(to, key, std::move(list));
}

void CopyMap(const YamlNode& from, std::string_view key, YamlNode* to) {
  const YamlNode* value = from.Find(key);
  if (value == nullptr || !value->IsMap() || value->entries.empty()) return;
  YamlNode map = YamlMap();
  for (const auto& [name, text] : value->entries) {
    AddEntry(&map, name.scalar, YamlText(text.scalar));
  }
  AddEntry(to, key, std::move(map));
}

void CopyDuration(const YamlNode& from, std::string_view key, YamlNode* to) {
  const YamlNode* value = from.Find(key);
  if (value == nullptr || value->IsNull()) return;
  const StatusOr<DurationMs> duration = ParseDuration(value->scalar);
  if (duration.ok()) AddEntry(to, key, YamlPlain(FormatDuration(*duration)));
}

// `match`, `match_re` and `matchers`, with what they are called in inhibition rules in front.
void CopyMatchers(const YamlNode& from, const std::string& prefix, MatcherMode mode, YamlNode* to) {
  CopyMap(from, prefix + "match", to);
  CopyMap(from, prefix + "match_re", to);
  const YamlNode* value = from.Find(prefix + "matchers");
  if (value == nullptr || !value->IsSequence()) return;
  std::vector<Matcher> all;
  for (const YamlNode& item : value->items) {
    const auto matchers = ParseMatchers(item.scalar, nullptr, mode);
    if (matchers.ok()) all.insert(all.end(), matchers->begin(), matchers->end());
  }
  SortMatchers(&all);
  YamlNode list = YamlList();
  for (const Matcher& matcher : all) list.items.push_back(YamlText(MatcherText(matcher)));
  if (!list.items.empty()) AddEntry(to, prefix + "matchers", std::move(list));
}

}  // namespace

YamlNode WrittenRoute(const YamlNode& node, MatcherMode mode) {
  YamlNode out = YamlMap();
  CopyText(node, "receiver", &out);
  CopyList(node, "group_by", &out);
  CopyMatchers(node, "", mode, &out);
  CopyList(node, "mute_time_intervals", &out);
  CopyList(node, "active_time_intervals", &out);
  const YamlNode* goes_on = node.Find("continue");
  bool continues = false;
  YamlReader reader(node, "", "");
  if (goes_on != nullptr) reader.Bool("continue", &continues);
  AddEntry(&out, "continue", YamlPlain(continues ? "true" : "false"));
  const YamlNode* routes = node.Find("routes");
  if (routes != nullptr && routes->IsSequence() && !routes->items.empty()) {
    YamlNode children = YamlList();
    for (const YamlNode& child : routes->items) {
      children.items.push_back(WrittenRoute(child, mode));  // as deep as ParseRoute went
    }
    AddEntry(&out, "routes", std::move(children));
  }
  for (const char* key : {"group_wait", "group_interval", "repeat_interval"}) {
    CopyDuration(node, key, &out);
  }
  CopyMap(node, "labels", &out);
  return out;
}

YamlNode WrittenInhibitRule(const YamlNode& node, MatcherMode mode) {
  YamlNode out = YamlMap();
  CopyText(node, "name", &out);
  CopyMatchers(node, "source_", mode, &out);
  CopyMatchers(node, "target_", mode, &out);
  CopyList(node, "equal", &out);
  return out;
}

void AddWrittenMatcher(YamlNode* node, std::string_view key, const Matcher& matcher) {
  if (!node->IsMap()) *node = YamlMap();  // it was null
  for (auto& [name, value] : node->entries) {
    if (name.scalar != key) continue;
    if (!value.IsSequence()) value = YamlList();
    value.items.push_back(YamlText(MatcherText(matcher)));
    return;
  }
  YamlNode list = YamlList();
  list.items.push_back(YamlText(MatcherText(matcher)));
  AddEntry(node, key, std::move(list));
}

}  // namespace outrider
