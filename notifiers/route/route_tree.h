// SPDX-License-Identifier: Apache-2.0
// Which routes an alert takes, and the groups it falls into. Source: specs/alertmanager.md §1
// "route", §2 "Ids".
#pragma once

#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/model/labels.h"

namespace outrider {

// The matching routes in order (depth first; a matching child without `continue` ends the search
// among its siblings; a node whose children do not match takes the alert itself). Never empty for a
// valid tree.
std::vector<const RouteConfig*> MatchRoutes(const RouteConfig& root, const Labels& alert);

// The labels an alert is grouped by on a route (all of them for '...').
Labels GroupLabels(const RouteConfig& route, const Labels& alert);
// routeKey + ":" + group labels: `{}/{severity="critical"}:{alertname="X"}`.
std::string GroupKey(const RouteConfig& route, const Labels& group_labels);

// All routes by key, for look-ups from a stored group.
std::vector<const RouteConfig*> AllRoutes(const RouteConfig& root);

}  // namespace outrider
