// SPDX-License-Identifier: Apache-2.0
// The bodies of what people do to incidents: `{"by":…,"note":…,"channel":…}`, all optional, beside
// what an endpoint takes for itself.
#pragma once

#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/json.h"

namespace outrider {

struct IncidentBody {
  HumanAction action;  // `incident_id` of the path, `channel` api where none is given
  JsonValue json;      // an object; empty for an empty body
};

// `own`: the other keys that are known. Who calls with a name is who acts, whatever `by` says.
// InvalidArgument: no object, an unknown key, a text that is too long (256 bytes of a name, 8 KiB
// of a note).
StatusOr<IncidentBody> ReadIncidentBody(HttpRequest& request,
                                        const std::vector<std::string_view>& own);

// A member that must be a text; "" when it is absent and not `required`.
StatusOr<std::string> TextOf(const IncidentBody& body, std::string_view key, bool required);

}  // namespace outrider
