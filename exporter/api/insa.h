// SPDX-License-Identifier: Apache-2.0
// The alerting API of the INSA platform over incidents, policies and schedules: its names and
// shapes. Source: specs/source_systems.md §3.6. Errors are {"error":…}, with `missing_fields` or
// `valid_values` where those help; a transition that is not allowed is 400 there. Minutes are whole
// ones, as there; the same in seconds stands beside them.
#pragma once

#include <functional>

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/directory.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct InsaApiDeps {
  Desk& desk;
  const Clock& clock;
};

// Where Prometheus has the path, below /outrider/v1/insa:
//   POST GET /outrider/v1/insa/alerts, GET …/alerts/:id
//   POST …/alerts/:id/acknowledge, …/investigate, …/resolve
void RegisterInsaAlerts(Router& router, const InsaApiDeps& deps);
//   GET /api/v1/on-call/current, /api/v1/on-call/schedules, /api/v1/groups, /api/v1/groups/stats,
//   /api/v1/alerting/health
void RegisterInsaLists(Router& router, const InsaApiDeps& deps);

struct InsaPoliciesDeps {
  const Desk& desk;
  std::function<Status(const DirectoryChange&, const Caller&)> edit;
};
//   GET  /api/v1/escalation-policies
//   POST /api/v1/escalation-policies   {name, severities, rules, description?}, `rules` in either
//                                      shape of specs/source_systems.md §3.3: 201 {policy_id,
//                                      policy}; 409 when the name is taken
void RegisterInsaPolicies(Router& router, const InsaPoliciesDeps& deps);

}  // namespace outrider
