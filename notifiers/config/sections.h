// SPDX-License-Identifier: Apache-2.0
// The sections of alertmanager.yml, each parsed in its own file; shared by the main file and by
// bundles.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"

namespace outrider {

// What the parsers of one file share.
struct SectionContext {
  std::string file;
  std::vector<std::string>* warnings;
  MatcherMode mode = MatcherMode::kFallback;
  bool from_api = false;  // what a receiver or user is made of came by the API
  Status Error(const YamlNode& node, const std::string& message) const {
    return YamlError(file, node, message);
  }
};

// How the values of `match_re` read afterwards: as they are written, or, as in the keys of
// Alertmanager's routes, as the expression it compiles: `^(?:…)$`.
enum class RegexText { kAsWritten, kAsCompiled };

// `match`, `match_re` and `matchers` under the given keys, concatenated and sorted by (name, value,
// type). The nodes may be null pointers.
struct MatcherNodes {
  const YamlNode* match = nullptr;
  const YamlNode* match_re = nullptr;
  const YamlNode* matchers = nullptr;
};
StatusOr<std::vector<Matcher>> ParseMatcherNodes(const MatcherNodes& nodes,
                                                 const SectionContext& context,
                                                 RegexText text = RegexText::kAsWritten);
void SortMatchers(std::vector<Matcher>* matchers);

// A route and its children; what is unset comes from `parent`. The key is left to SetRouteKeys.
StatusOr<RouteConfig> ParseRoute(const YamlNode& node, const RouteConfig& parent,
                                 const SectionContext& context);
// The rules of the topmost route.
Status CheckRootRoute(const YamlNode& node, const RouteConfig& root, const SectionContext& context);
// Fills `key` and `former_key` in the whole tree.
void SetRouteKeys(RouteConfig* root);
// Every receiver and interval that a route names exists; texts are Alertmanager's.
// `node` is what `route` was parsed from.
Status CheckRouteNames(const YamlNode& node, const RouteConfig& route,
                       const AlertmanagerConfig& config, const SectionContext& context);

// tracing and event_recorder: checked, and said to have no effect.
Status ParseForeignSections(YamlReader* reader, const SectionContext& context,
                            AlertmanagerConfig* config);
StatusOr<ReceiverConfig> ParseReceiver(const YamlNode& node, const YamlNode& global,
                                       const SectionContext& context);
StatusOr<InhibitRuleConfig> ParseInhibitRule(const YamlNode& node, const SectionContext& context);
// `list` holds NamedTimeIntervals; `what` is "time interval" or "mute time interval". Names join
// `*names`.
Status ParseTimeIntervals(const YamlNode* list, const std::string& what,
                          const SectionContext& context, std::set<std::string>* names,
                          std::vector<NamedTimeInterval>* out);

// The items of a list node; none for a missing or null one, an error for any other kind.
StatusOr<std::vector<const YamlNode*>> ListItems(const YamlNode* node, const std::string& what,
                                                 const SectionContext& context);

}  // namespace outrider
