// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/route_tree.h"

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

void Match(const RouteConfig& route, const Labels& alert, std::vector<const RouteConfig*>* out) {
  const size_t before = out->size();
  for (const RouteConfig& child : route.routes) {
    if (!MatchesAll(child.matchers, alert)) continue;
    Match(child, alert, out);
    if (!child.continue_matching) break;
  }
  if (out->size() == before) out->push_back(&route);
}

void Collect(const RouteConfig& route, std::vector<const RouteConfig*>* out) {
  out->push_back(&route);
  for (const RouteConfig& child : route.routes) Collect(child, out);
}

}  // namespace

std::vector<const RouteConfig*> MatchRoutes(const RouteConfig& root, const Labels& alert) {
  std::vector<const RouteConfig*> routes;
  if (MatchesAll(root.matchers, alert)) Match(root, alert, &routes);
  return routes;
}

Labels GroupLabels(const RouteConfig& route, const Labels& alert) {
  if (route.group_by_all) return alert;
  std::vector<std::string> names = route.group_by;
  std::ranges::sort(names);
  return alert.Keep(names);
}

std::string GroupKey(const RouteConfig& route, const Labels& group_labels) {
  std::string key = route.key + ":{";
  bool first = true;
  for (const LabelView& label : group_labels) {
    if (!first) key += ", ";
    first = false;
    key += label.name;
    key += '=';
    key += Quote(label.value);
  }
  return key + '}';
}

std::vector<const RouteConfig*> AllRoutes(const RouteConfig& root) {
  std::vector<const RouteConfig*> routes;
  Collect(root, &routes);
  return routes;
}

}  // namespace outrider
