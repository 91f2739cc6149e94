// SPDX-License-Identifier: Apache-2.0
// rocketchat_configs: chat.postMessage with a personal token; an answer with 200 may still say no.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kRocketChatTemplates;
StatusOr<std::unique_ptr<Channel>> MakeRocketChatChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools);

}  // namespace outrider
