// SPDX-License-Identifier: Apache-2.0
// matrix_configs (ours): m.room.message into a room; the transaction id is the message's
// idempotency key, so the homeserver drops repeats. Source: specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kMatrixTemplates;
StatusOr<std::unique_ptr<Channel>> MakeMatrixChannel(const YamlNode& section,
                                                     const AlertmanagerConfig& config,
                                                     const ChannelTools* tools);

}  // namespace outrider
