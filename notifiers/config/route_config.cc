// SPDX-License-Identifier: Apache-2.0
// Routes: keys, inheritance, names. Source: specs/alertmanager.md §1 "route".
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "notifiers/config/sections.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

Status AppendMap(const YamlNode* node, MatchType type, const SectionContext& context,
                 RegexText text, std::vector<Matcher>* out) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsMap()) return context.Error(*node, "a map of label names to values is wanted here");
  for (const auto& [key, value] : node->entries) {
    if (!IsLegacyLabelName(key.scalar)) {
      return context.Error(key, fmt::format("invalid label name {}", Quote(key.scalar)));
    }
    if (type == MatchType::kRegex && value.IsNull()) {
      return context.Error(key, fmt::format("invalid regexp value for {}", Quote(key.scalar)));
    }
    if (!value.IsNull() && !value.IsScalar()) {
      return context.Error(value, "a single value is wanted here, not a list or a map");
    }
    auto matcher = Matcher::Create(type, key.scalar, value.scalar, Regex::Dot::kNoNewline);
    if (!matcher.ok()) return context.Error(value, Message(matcher.status()));
    if (type == MatchType::kRegex && text == RegexText::kAsCompiled) {
      matcher = Matcher::Create(type, key.scalar, fmt::format("^(?:{})$", value.scalar),
                                Regex::Dot::kNoNewline);
      if (!matcher.ok()) return context.Error(value, Message(matcher.status()));
    }
    out->push_back(*std::move(matcher));
  }
  return absl::OkStatus();
}

// Reads group_by; an explicit empty list means one group for all.
Status ParseGroupBy(const YamlNode& node, const SectionContext& context, RouteConfig* route) {
  route->group_by.clear();
  route->group_by_all = false;
  for (const YamlNode* item : TRY(ListItems(&node, "group_by", context))) {
    if (item->scalar == "...") {
      route->group_by_all = true;
      continue;
    }
    if (!IsLabelNameIn(context.mode, item->scalar)) {
      return context.Error(
          *item, fmt::format("invalid label name {} in group_by list", Quote(item->scalar)));
    }
    if (std::ranges::count(route->group_by, item->scalar) > 0) {
      return context.Error(*item,
                           fmt::format("duplicated label {} in group_by", Quote(item->scalar)));
    }
    route->group_by.push_back(item->scalar);
  }
  if (route->group_by_all && !route->group_by.empty()) {
    return context.Error(node,
                         "cannot have wildcard group_by (`...`) and other labels at the same time");
  }
  return absl::OkStatus();
}

Status ParseRouteLabels(const YamlNode* node, const SectionContext& context, RouteConfig* route) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsMap()) return context.Error(*node, "a map is wanted for labels");
  for (const auto& [key, value] : node->entries) {
    if (!IsLabelNameIn(context.mode, key.scalar)) {
      return context.Error(key,
                           fmt::format("invalid label name {} in route labels", Quote(key.scalar)));
    }
    if (!value.IsScalar() && !value.IsNull()) {
      return context.Error(value, fmt::format("a text is wanted for label {}", Quote(key.scalar)));
    }
    route->labels[key.scalar] = value.scalar;
  }
  return absl::OkStatus();
}

Status CheckNotZero(const YamlReader& reader, const YamlNode& node, const char* key,
                    DurationMs value, const SectionContext& context) {
  if (!reader.Has(key) || value != 0) return absl::OkStatus();
  return context.Error(*node.Find(key), fmt::format("{} cannot be zero", key));
}

void SetKeys(RouteConfig* route, const RouteConfig* parent) {
  const std::string own = MatchersText(route->matchers);
  const std::string former =
      route->former_matchers.empty() ? own : MatchersText(route->former_matchers);
  route->key = parent == nullptr ? own : parent->key + "/" + own;
  route->former_key = parent == nullptr ? former : parent->former_key + "/" + former;
  for (RouteConfig& child : route->routes) SetKeys(&child, route);
}

template <typename T>
bool HasName(const std::vector<T>& list, const std::string& name) {
  return std::ranges::any_of(list, [&name](const T& item) { return item.name == name; });
}

}  // namespace

void SortMatchers(std::vector<Matcher>* matchers) {
  std::ranges::sort(*matchers, [](const Matcher& a, const Matcher& b) {
    return std::forward_as_tuple(a.name(), a.value(), a.type()) <
           std::forward_as_tuple(b.name(), b.value(), b.type());
  });
}

StatusOr<std::vector<Matcher>> ParseMatcherNodes(const MatcherNodes& nodes,
                                                 const SectionContext& context, RegexText text) {
  std::vector<Matcher> matchers;
  TRY(AppendMap(nodes.match, MatchType::kEqual, context, text, &matchers));
  TRY(AppendMap(nodes.match_re, MatchType::kRegex, context, text, &matchers));
  for (const YamlNode* item : TRY(ListItems(nodes.matchers, "matchers", context))) {
    if (!item->IsScalar()) return context.Error(*item, "a matcher is a text such as foo=\"bar\"");
    auto parsed = ParseMatchers(item->scalar, context.warnings, context.mode);
    if (!parsed.ok()) return context.Error(*item, Message(parsed.status()));
    for (Matcher& matcher : *parsed) matchers.push_back(std::move(matcher));
  }
  SortMatchers(&matchers);
  return matchers;
}

StatusOr<RouteConfig> ParseRoute(const YamlNode& node, const RouteConfig& parent,
                                 const SectionContext& context) {
  RouteConfig route;
  route.receiver = parent.receiver;
  route.group_by_all = parent.group_by_all;
  route.group_by = parent.group_by;
  route.group_wait = parent.group_wait;
  route.group_interval = parent.group_interval;
  route.repeat_interval = parent.repeat_interval;
  route.labels = parent.labels;

  YamlReader reader(node, context.file, "type route");
  std::string receiver;
  if (reader.String("receiver", &receiver) && !receiver.empty()) route.receiver = receiver;
  const YamlNode* group_by = reader.Child("group_by");
  reader.Bool("continue", &route.continue_matching);
  const MatcherNodes matchers{reader.Child("match"), reader.Child("match_re"),
                              reader.Child("matchers")};
  reader.StringList("mute_time_intervals", &route.mute_time_intervals);
  reader.StringList("active_time_intervals", &route.active_time_intervals);
  reader.Duration("group_wait", &route.group_wait);
  reader.Duration("group_interval", &route.group_interval);
  reader.Duration("repeat_interval", &route.repeat_interval);
  const YamlNode* labels = reader.Child("labels");
  const YamlNode* routes = reader.Child("routes");
  TRY(reader.Finish());

  if (group_by != nullptr && !group_by->IsNull()) TRY(ParseGroupBy(*group_by, context, &route));
  route.matchers = TRY(ParseMatcherNodes(matchers, context, RegexText::kAsCompiled));
  if (matchers.match_re != nullptr) {
    std::vector<std::string> said_already;
    const SectionContext quiet{context.file, &said_already, context.mode};
    route.former_matchers = TRY(ParseMatcherNodes(matchers, quiet));
  }
  TRY(ParseRouteLabels(labels, context, &route));
  TRY(CheckNotZero(reader, node, "group_interval", route.group_interval, context));
  TRY(CheckNotZero(reader, node, "repeat_interval", route.repeat_interval, context));
  for (const YamlNode* child : TRY(ListItems(routes, "routes", context))) {
    route.routes.push_back(TRY(ParseRoute(*child, route, context)));
  }
  return route;
}

Status CheckRootRoute(const YamlNode& node, const RouteConfig& root,
                      const SectionContext& context) {
  const char* wrong = nullptr;
  if (root.receiver.empty()) {
    wrong = "root route must specify a default receiver";
  } else if (!root.matchers.empty()) {
    wrong = "root route must not have any matchers";
  } else if (!root.mute_time_intervals.empty()) {
    wrong = "root route must not have any mute time intervals";
  } else if (!root.active_time_intervals.empty()) {
    wrong = "root route must not have any active time intervals";
  } else if (root.continue_matching) {
    wrong = "cannot have continue in root route";
  }
  return wrong == nullptr ? absl::OkStatus() : context.Error(node, wrong);
}

void SetRouteKeys(RouteConfig* root) { SetKeys(root, nullptr); }

Status CheckRouteNames(const YamlNode& node, const RouteConfig& route,
                       const AlertmanagerConfig& config, const SectionContext& context) {
  if (!HasName(config.receivers, route.receiver)) {
    const YamlNode* place = node.Find("receiver");
    return context.Error(place == nullptr ? node : *place,
                         fmt::format("undefined receiver {} used in route", Quote(route.receiver)));
  }
  for (const char* key : {"mute_time_intervals", "active_time_intervals"}) {
    for (const YamlNode* name : TRY(ListItems(node.Find(key), key, context))) {
      if (HasName(config.time_intervals, name->scalar)) continue;
      return context.Error(
          *name, fmt::format("undefined time interval {} used in route", Quote(name->scalar)));
    }
  }
  const auto children = TRY(ListItems(node.Find("routes"), "routes", context));
  for (size_t i = 0; i < children.size(); ++i) {
    TRY(CheckRouteNames(*children[i], route.routes[i], config, context));
  }
  return absl::OkStatus();
}

}  // namespace outrider
