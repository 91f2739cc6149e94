// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/plan.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider {

Plan::Plan(DeskConfig config) : config_(std::make_shared<const DeskConfig>(std::move(config))) {
  for (const RouteConfig* route : AllRoutes(config_->alertmanager.route)) {
    // Siblings with the same matchers and receiver share their groups; the first one's timing
    // holds.
    routes_.emplace(std::make_pair(route->key, route->receiver), route);
  }
  for (const RouteConfig& route : config_->api_routes) {
    routes_.emplace(std::make_pair(route.key, route.receiver), &route);
  }
}

std::vector<GroupTarget> Plan::Targets(const Alert& alert) const {
  std::vector<GroupTarget> targets;
  const RouteConfig& root = config_->alertmanager.route;
  const auto named = alert.annotations.find("outrider_receiver");
  if (named != alert.annotations.end() && receivers().Find(named->second) != nullptr) {
    GroupTarget target;
    target.route = &root;
    target.receiver = named->second;
    target.labels = GroupLabels(root, alert.labels);
    target.key = fmt::format("{{}}/{{outrider_receiver={}}}:{}", Quote(target.receiver),
                             target.labels.ToString());
    target.id = GroupId(target.key, target.receiver);
    targets.push_back(std::move(target));
    return targets;
  }
  std::vector<const RouteConfig*> routes = MatchRoutes(root, alert.labels);
  for (const RouteConfig& route : config_->api_routes) {
    if (MatchesAll(route.matchers, alert.labels)) routes.push_back(&route);
  }
  for (const RouteConfig* route : routes) {
    GroupTarget target;
    target.route = route;
    target.route_key = route->key;
    target.receiver = route->receiver;
    target.labels = GroupLabels(*route, alert.labels);
    target.key = GroupKey(*route, target.labels);
    target.id = GroupId(target.key, target.receiver);
    targets.push_back(std::move(target));
  }
  return targets;
}

const RouteConfig* Plan::RouteOf(const GroupRecord& group) const {
  if (group.route_key.empty()) return &config_->alertmanager.route;
  const auto it = routes_.find({group.route_key, group.receiver});
  return it == routes_.end() ? nullptr : it->second;
}

}  // namespace outrider
