// SPDX-License-Identifier: Apache-2.0
// ntfy_configs (ours): publishes as JSON to a topic. Message 4096 bytes, three actions, priorities
// 1 to 5. Source: specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kNtfyTemplates;
StatusOr<std::unique_ptr<Channel>> MakeNtfyChannel(const YamlNode& section,
                                                   const AlertmanagerConfig& config,
                                                   const ChannelTools* tools);

}  // namespace outrider
