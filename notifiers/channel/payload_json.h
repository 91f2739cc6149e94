// SPDX-License-Identifier: Apache-2.0
// The webhook payload, version 4, byte for byte as Alertmanager sends it. Source:
// specs/alertmanager.md §2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/channel/channel.h"

namespace outrider {

// With a newline at the end. `truncated` is the number of alerts left out before. `alerts` holds
// the first `most` alone; all else speaks of all of the notification's. A notification with a note
// or an incident has one more key at the end: "outrider": {"incident", "note", "repeat"}.
std::string WebhookPayload(const Notification& notification, size_t truncated,
                           std::string_view version = "4", size_t most = SIZE_MAX);

}  // namespace outrider
