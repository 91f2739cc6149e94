// SPDX-License-Identifier: Apache-2.0
// Templates of webhooks: JSON with `${name}` in it.
#pragma once

#include <string>
#include <string_view>

#include "notifiers/hooks/hook_message.h"

namespace outrider {

// Puts the message's fields in place of `${alert_id}`, anomaly_type, severity (upper case),
// workload_name, namespace, container_name ("N/A" for none), resource_type, description,
// current_value, threshold, score (two decimals), recommendation, detected_at, detected_at_iso,
// theme_color, color_code. Within a JSON text the value is escaped; outside of one it is a value of
// its own: a number, a quoted text, null for one that is not there. Unknown names stay.
std::string RenderHookTemplate(std::string_view text, const HookMessage& message);

}  // namespace outrider
