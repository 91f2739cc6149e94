// SPDX-License-Identifier: Apache-2.0
// telegram_configs: a bot's sendMessage. At most 4096 characters; every failure is tried again, as
// Alertmanager does. Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kTelegramTemplates;
StatusOr<std::unique_ptr<Channel>> MakeTelegramChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools);

}  // namespace outrider
