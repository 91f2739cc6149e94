// SPDX-License-Identifier: Apache-2.0
// The whole of alertmanager.yml, section by section (sections.h), and bundles on top of it.
#include "notifiers/config/alertmanager_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/integration_table.h"
#include "notifiers/config/schema.h"
#include "notifiers/config/sections.h"
#include "notifiers/config/written_rules.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/duration.h"
#include "storage/base/hash.h"
#include "storage/base/merge_keys.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

Status ParseReceivers(const YamlNode* list, const SectionContext& context,
                      AlertmanagerConfig* config) {
  for (const YamlNode* item : TRY(ListItems(list, "receivers", context))) {
    ReceiverConfig receiver = TRY(ParseReceiver(*item, config->global, context));
    if (std::ranges::count(config->receivers, receiver.name, &ReceiverConfig::name) > 0) {
      return context.Error(
          *item, fmt::format("notification config name {} is not unique", Quote(receiver.name)));
    }
    config->receivers.push_back(std::move(receiver));
  }
  return absl::OkStatus();
}

Status ParseInhibitRules(const YamlNode* list, const SectionContext& context,
                         std::vector<InhibitRuleConfig>* rules, std::vector<YamlNode>* written) {
  for (const YamlNode* item : TRY(ListItems(list, "inhibit_rules", context))) {
    rules->push_back(TRY(ParseInhibitRule(*item, context)));
    written->push_back(*item);
  }
  return absl::OkStatus();
}

Status ParseAllTimeIntervals(YamlReader* reader, const SectionContext& context,
                             AlertmanagerConfig* config) {
  std::set<std::string> names;
  for (const NamedTimeInterval& known : config->time_intervals) names.insert(known.name);
  TRY(ParseTimeIntervals(reader->Child("mute_time_intervals"), "mute time interval", context,
                         &names, &config->time_intervals));
  return ParseTimeIntervals(reader->Child("time_intervals"), "time interval", context, &names,
                            &config->time_intervals);
}

// A `[` that is not closed, or a backslash with nothing behind it.
bool IsGlob(std::string_view pattern) {
  bool open = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && ++i == pattern.size()) return false;
    if (pattern[i] == '[') open = true;
    if (pattern[i] == ']') open = false;
  }
  return !open;
}

Status CheckTemplateGlobs(const YamlNode* list, const SectionContext& context) {
  for (const YamlNode* item : TRY(ListItems(list, "templates", context))) {
    if (!IsGlob(item->scalar)) return context.Error(*item, "syntax error in pattern");
  }
  return absl::OkStatus();
}

Status ParseGlobal(const YamlNode* global, const SectionContext& context,
                   AlertmanagerConfig* config) {
  if (global != nullptr) config->global = *global;
  TRY(CheckGlobal(config->global, context.file));
  if (IsSet(config->global, "resolve_timeout")) {
    config->resolve_timeout = TRY(ParseDuration(config->global.Find("resolve_timeout")->scalar));
  }
  return absl::OkStatus();
}

Status ParseTop(const YamlNode& root, const SectionContext& context, AlertmanagerConfig* config) {
  YamlReader reader(root, context.file, "type config");
  TRY(ParseGlobal(reader.Child("global"), context, config));
  const YamlNode* route = reader.Child("route");
  const YamlNode* receivers = reader.Child("receivers");
  const YamlNode* inhibit_rules = reader.Child("inhibit_rules");
  reader.StringList("templates", &config->templates);
  TRY(CheckTemplateGlobs(root.Find("templates"), context));
  // Alertmanager's order of complaints: what stands in one section before what binds two.
  if (route != nullptr && !route->IsNull()) {
    config->route = TRY(ParseRoute(*route, RouteConfig(), context));
  }
  TRY(ParseReceivers(receivers, context, config));
  TRY(ParseInhibitRules(inhibit_rules, context, &config->inhibit_rules,
                        &config->written_inhibit_rules));
  TRY(ParseAllTimeIntervals(&reader, context, config));
  TRY(ParseForeignSections(&reader, context, config));
  TRY(reader.Finish());
  if (route == nullptr || route->IsNull()) return context.Error(root, "no routes provided");
  TRY(CheckRootRoute(*route, config->route, context));
  TRY(CheckRouteNames(*route, config->route, *config, context));
  SetRouteKeys(&config->route);
  config->written_route = *route;
  return absl::OkStatus();
}

// In front of the others, as in the parsed route.
void AddWrittenChild(YamlNode child, const Matcher& own, YamlNode* route) {
  AddWrittenMatcher(&child, "matchers", own);
  for (auto& [key, value] : route->entries) {
    if (key.scalar != "routes") continue;
    if (!value.IsSequence()) value = YamlList();
    value.items.insert(value.items.begin(), std::move(child));
    return;
  }
  YamlNode list = YamlList();
  list.items.push_back(std::move(child));
  AddEntry(route, "routes", std::move(list));
}

Matcher BundleMatcher(const std::string& file) {
  return Matcher::Equal(std::string(kBundleLabel), BundleName(file));
}

}  // namespace

StatusOr<AlertmanagerConfig> ParseAlertmanagerConfig(std::string_view text, const std::string& file,
                                                     MatcherMode mode) {
  YamlNode root = TRY(ParseYaml(text, file));
  FoldMergeKeys(&root);
  AlertmanagerConfig config;
  config.file = file;
  config.hash = Hash64(text) >> 16;  // what a double holds exactly
  config.matcher_mode = mode;
  const SectionContext context{file, &config.warnings, mode};
  if (root.IsNull()) return context.Error(root, "no route provided in config");
  TRY(ParseTop(root, context, &config));
  return config;
}

AlertmanagerConfig DefaultAlertmanagerConfig() {
  AlertmanagerConfig config;
  config.route.receiver = "log";
  config.route.group_by = {std::string(kAlertName)};
  config.receivers.push_back({"log", {{"log", 0, YamlNode()}}, {}});
  config.written_route = YamlMap();
  AddEntry(&config.written_route, "receiver", YamlText("log"));
  YamlNode group_by = YamlList();
  group_by.items.push_back(YamlText(kAlertName));
  AddEntry(&config.written_route, "group_by", std::move(group_by));
  SetRouteKeys(&config.route);
  return config;
}

std::string BundleName(const std::string& file) {
  const size_t slash = file.rfind('/');
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

Status AddBundle(std::string_view text, const std::string& file, AlertmanagerConfig* config) {
  YamlNode root = TRY(ParseYaml(text, file));
  FoldMergeKeys(&root);
  AlertmanagerConfig changed = *config;  // all or nothing
  const SectionContext context{file, &changed.warnings, config->matcher_mode};
  YamlReader reader(root, file, "type bundle");
  reader.Child("groups");
  const YamlNode* route = reader.Child("route");
  TRY(ParseReceivers(reader.Child("receivers"), context, &changed));
  TRY(ParseAllTimeIntervals(&reader, context, &changed));
  std::vector<InhibitRuleConfig> rules;
  std::vector<YamlNode> written;
  TRY(ParseInhibitRules(reader.Child("inhibit_rules"), context, &rules, &written));
  TRY(reader.Finish());
  const Matcher own = BundleMatcher(file);
  for (InhibitRuleConfig& rule : rules) {
    rule.source_matchers.push_back(own);
    rule.target_matchers.push_back(own);
    SortMatchers(&rule.source_matchers);
    SortMatchers(&rule.target_matchers);
    changed.inhibit_rules.push_back(std::move(rule));
  }
  for (YamlNode& rule : written) {
    AddWrittenMatcher(&rule, "source_matchers", own);
    AddWrittenMatcher(&rule, "target_matchers", own);
    changed.written_inhibit_rules.push_back(std::move(rule));
  }
  if (route != nullptr && !route->IsNull()) {
    RouteConfig child = TRY(ParseRoute(*route, changed.route, context));
    child.matchers.push_back(own);
    SortMatchers(&child.matchers);
    if (!child.former_matchers.empty()) {
      child.former_matchers.push_back(own);
      SortMatchers(&child.former_matchers);
    }
    TRY(CheckRouteNames(*route, child, changed, context));
    // In front, so that no catch-all route of the main file takes the bundle's alerts first.
    changed.route.routes.insert(changed.route.routes.begin(), std::move(child));
    SetRouteKeys(&changed.route);
    AddWrittenChild(*route, own, &changed.written_route);
  }
  *config = std::move(changed);
  return absl::OkStatus();
}

}  // namespace outrider
