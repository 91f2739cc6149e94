// SPDX-License-Identifier: Apache-2.0
// A configuration made ready for questions: which groups an alert falls into, how a group is timed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/config/paging_config.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/records.h"
#include "notifiers/route/route_tree.h"

namespace outrider {

// Where an alert goes.
struct GroupTarget {
  std::string id;
  std::string key;
  std::string route_key;
  std::string receiver;
  Labels labels;
  const RouteConfig* route = nullptr;  // its timing
  uint64_t twin = 0;                   // GroupRecord::twin
};

// A route that an alert matches, before its group has a name.
struct RouteMatch {
  const RouteConfig* route = nullptr;
  uint64_t twin = 0;   // GroupRecord::twin
  uint64_t place = 0;  // GroupPlace of the route and the labels
  Labels labels;       // of the group
};

// What finds a group without making the text of its key: a hash of where its route stands and of
// its labels. Different groups may share it.
uint64_t GroupPlace(uint64_t route_place, const Labels& labels);
uint64_t RoutePlace(std::string_view route_key, std::string_view receiver, uint64_t twin);

// Immutable, thread-safe.
class Plan {
 public:
  explicit Plan(DeskConfig config);
  const DeskConfig& config() const { return *config_; }
  std::shared_ptr<const DeskConfig> shared_config() const { return config_; }
  const IncidentsConfig& incidents() const { return config_->incidents; }
  const PagingConfig& people() const { return *config_->incidents.people; }
  const Receivers& receivers() const { return *config_->receivers; }

  // One per matching route; or only the receiver that the annotation outrider_receiver names, if
  // there is such a one.
  std::vector<GroupTarget> Targets(const AlertRecord& alert) const;
  // The same in two steps, for alerts that name no receiver (HasOwnReceiver).
  bool HasOwnReceiver(const AlertRecord& alert) const { return !NamedReceiver(alert).empty(); }
  std::vector<RouteMatch> Matches(const AlertRecord& alert) const;
  GroupTarget TargetOf(RouteMatch match) const;
  // The receivers of those, one per route, as Alertmanager lists them.
  std::vector<std::string> ReceiversOf(const AlertRecord& alert) const;
  // nullptr when the route is no longer configured.
  const RouteConfig* RouteOf(const GroupRecord& group) const;
  // The ids of the other groups that share the group's log: those of routes with the same key and
  // receiver, which differ in their timing. Seldom any.
  std::vector<std::string> TwinsOf(const GroupRecord& group) const;
  // Where the route of a group that an earlier version stored is found now; nullopt: where it was,
  // or nowhere.
  struct Place {
    std::string route_key;
    uint64_t twin = 0;
  };
  std::optional<Place> FormerPlace(const GroupRecord& group) const;

 private:
  std::shared_ptr<const DeskConfig> config_;
  // The receiver that the annotation names, "" for the usual way.
  std::string_view NamedReceiver(const AlertRecord& alert) const;

  struct RouteFacts {
    std::vector<std::string> group_by;  // sorted
    uint64_t twin = 0;
    uint64_t place = 0;  // RoutePlace
  };
  void AddRoute(const RouteConfig& route);

  // By key and receiver; the place in the list is GroupRecord::twin.
  std::map<std::pair<std::string, std::string>, std::vector<const RouteConfig*>> routes_;
  std::map<const RouteConfig*, RouteFacts> facts_;
};

}  // namespace outrider
