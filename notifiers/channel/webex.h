// SPDX-License-Identifier: Apache-2.0
// webex_configs: markdown into a room, at most 7439 bytes.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kWebexTemplates;
StatusOr<std::unique_ptr<Channel>> MakeWebexChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools);

}  // namespace outrider
