// SPDX-License-Identifier: Apache-2.0
// GET /alerts: incidents in the shape of AutoGraph's outages. Source: specs/source_systems.md §4.2,
// §4.3.
#pragma once

#include <functional>

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

// All outlive the router; the function is called from several threads at once.
struct AutographApiDeps {
  const Desk& desk;
  const Clock& clock;
  Random& random;
  // How long a service is down before its alert ServiceDown fires; 0 where no rule has that name.
  std::function<DurationMs()> down_threshold;
};

// `status`: active, resolved or all, which anything else means as well; `limit`: 1000. Newest
// first. Totals count everything.
void RegisterAutographApi(Router& router, const AutographApiDeps& deps);

}  // namespace outrider
