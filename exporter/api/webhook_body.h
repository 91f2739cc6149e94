// SPDX-License-Identifier: Apache-2.0
// The body of a request that makes or changes a webhook.
#pragma once

#include <string_view>
#include <vector>

#include "exporter/api/realtime_body.h"
#include "notifiers/hooks/hook.h"

namespace outrider {

// Puts the fields that stand in `text` (a JSON object; unknown ones are ignored) into `*hook`;
// null clears a field that may be absent. What is wrong, all at once; empty: nothing.
std::vector<FieldError> ReadWebhook(std::string_view text, Hook* hook);

}  // namespace outrider
