// SPDX-License-Identifier: Apache-2.0
// discord_configs: one embed through a channel's webhook. Limits: content 2000, title 256,
// description 4096 characters; 429 says `retry_after` in the body too. Source:
// specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kDiscordTemplates;
StatusOr<std::unique_ptr<Channel>> MakeDiscordChannel(const YamlNode& section,
                                                      const AlertmanagerConfig& config,
                                                      const ChannelTools* tools);

}  // namespace outrider
