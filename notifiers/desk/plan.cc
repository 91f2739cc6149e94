// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/policy_index.h"
#include "notifiers/mute/time_interval.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// What every decision asks for is made once.
DeskConfig Prepared(DeskConfig config) {
  IncidentsConfig& incidents = config.incidents;
  if (incidents.people == nullptr) incidents.people = std::make_shared<const PagingConfig>();
  incidents.policy_index = std::make_shared<const PolicyIndex>(
      incidents.escalation_policies,
      [people = incidents.people](const std::vector<std::string>& names, Nanos time) {
        return std::ranges::any_of(people->time_intervals, [&](const NamedTimeInterval& interval) {
          return std::ranges::find(names, interval.name) != names.end() && Contains(interval, time);
        });
      });
  return config;
}

}  // namespace

Plan::Plan(DeskConfig config)
    : config_(std::make_shared<const DeskConfig>(Prepared(std::move(config)))) {
  for (const RouteConfig* route : AllRoutes(config_->alertmanager.route)) AddRoute(*route);
  for (const RouteConfig& route : config_->api_routes) AddRoute(route);
}

void Plan::AddRoute(const RouteConfig& route) {
  std::vector<const RouteConfig*>& twins = routes_[{route.key, route.receiver}];
  RouteFacts facts{.group_by = route.group_by,
                   .twin = twins.size(),
                   .place = RoutePlace(route.key, route.receiver, twins.size())};
  std::ranges::sort(facts.group_by);
  twins.push_back(&route);
  facts_.emplace(&route, std::move(facts));
}

std::string_view Plan::NamedReceiver(const AlertRecord& alert) const {
  const std::string_view named = alert.Annotation(kReceiverAnnotation);
  return named.empty() || receivers().Find(named) == nullptr ? std::string_view() : named;
}

uint64_t RoutePlace(std::string_view route_key, std::string_view receiver, uint64_t twin) {
  return Hash64(route_key, Hash64(receiver, twin));
}

uint64_t GroupPlace(uint64_t route_place, const Labels& labels) {
  return Hash64(labels.packed(), route_place);
}

std::vector<RouteMatch> Plan::Matches(const AlertRecord& alert) const {
  std::vector<const RouteConfig*> routes = MatchRoutes(config_->alertmanager.route, alert.labels());
  for (const RouteConfig& route : config_->api_routes) {
    if (MatchesAll(route.matchers, alert.labels())) routes.push_back(&route);
  }
  std::vector<RouteMatch> matches;
  matches.reserve(routes.size());
  for (const RouteConfig* route : routes) {
    const RouteFacts& facts = facts_.at(route);
    RouteMatch& match = matches.emplace_back();
    match.route = route;
    match.twin = facts.twin;
    match.labels = route->group_by_all ? alert.labels() : alert.labels().Keep(facts.group_by);
    match.place = GroupPlace(facts.place, match.labels);
  }
  return matches;
}

GroupTarget Plan::TargetOf(RouteMatch match) const {
  GroupTarget target;
  target.route = match.route;
  target.route_key = match.route->key;
  target.receiver = match.route->receiver;
  target.labels = std::move(match.labels);
  target.key = GroupKey(*match.route, target.labels);
  target.twin = match.twin;
  target.id = GroupId(target.key, target.receiver, target.twin);
  return target;
}

std::vector<GroupTarget> Plan::Targets(const AlertRecord& alert) const {
  std::vector<GroupTarget> targets;
  const RouteConfig& root = config_->alertmanager.route;
  if (const std::string_view named = NamedReceiver(alert); !named.empty()) {
    GroupTarget target;
    target.route = &root;
    target.receiver = named;
    target.labels =
        root.group_by_all ? alert.labels() : alert.labels().Keep(facts_.at(&root).group_by);
    target.key = fmt::format("{{}}/{{outrider_receiver={}}}:{}", Quote(target.receiver),
                             target.labels.ToString());
    target.id = GroupId(target.key, target.receiver);
    targets.push_back(std::move(target));
    return targets;
  }
  for (RouteMatch& match : Matches(alert)) targets.push_back(TargetOf(std::move(match)));
  return targets;
}

std::vector<std::string> Plan::ReceiversOf(const AlertRecord& alert) const {
  if (const std::string_view named = NamedReceiver(alert); !named.empty()) {
    return {std::string(named)};
  }
  std::vector<std::string> receivers;
  for (const RouteConfig* route : MatchRoutes(config_->alertmanager.route, alert.labels())) {
    receivers.push_back(route->receiver);
  }
  return receivers;
}

const RouteConfig* Plan::RouteOf(const GroupRecord& group) const {
  if (group.route_key.empty()) return &config_->alertmanager.route;
  const auto it = routes_.find({group.route_key, group.receiver});
  return it == routes_.end() || group.twin >= it->second.size() ? nullptr : it->second[group.twin];
}

std::vector<std::string> Plan::TwinsOf(const GroupRecord& group) const {
  std::vector<std::string> twins;
  const auto it = routes_.find({group.route_key, group.receiver});
  if (it == routes_.end() || it->second.size() < 2) return twins;
  // A group that an earlier version began is known to receivers under that version's key.
  const std::string key = group.key.starts_with(group.route_key + ":{")
                              ? group.key
                              : GroupKey(*it->second[0], group.labels);
  for (uint64_t twin = 0; twin < it->second.size(); ++twin) {
    if (twin != group.twin) twins.push_back(GroupId(key, group.receiver, twin));
  }
  return twins;
}

std::optional<Plan::Place> Plan::FormerPlace(const GroupRecord& group) const {
  if (group.route_key.empty()) return std::nullopt;  // its receiver was named by an annotation
  uint64_t twin = 0;
  for (const RouteConfig* route : AllRoutes(config_->alertmanager.route)) {
    if (route->former_key != group.route_key || route->receiver != group.receiver) continue;
    if (twin++ != group.twin) continue;
    const Place place{route->key, facts_.at(route).twin};
    if (place.route_key == group.route_key && place.twin == group.twin) return std::nullopt;
    return place;
  }
  return std::nullopt;
}

}  // namespace outrider
