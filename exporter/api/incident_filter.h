// SPDX-License-Identifier: Apache-2.0
// Which incidents a request asks for.
#pragma once

#include <string>

#include "exporter/api/prom_params.h"
#include "notifiers/desk/views.h"

namespace outrider {

// state, severity (lists with commas; `open` stands for all states but resolved), assignee, team,
// service (present and empty: nobody's), label (a matcher such as instance=~"db.*"; several must
// all match), from and to (when it opened: seconds or RFC 3339), q (a text), limit (50, at most
// 1000), after (the `next` of an earlier answer). InvalidArgument names the parameter.
StatusOr<IncidentFilter> ReadIncidentFilter(const ParamReader& params);

// The `after` that asks for what follows the incident in the list. New incidents do not shift it.
std::string CursorText(const Incident& incident);

}  // namespace outrider
