// SPDX-License-Identifier: Apache-2.0
// mattermost_configs: attachments through an incoming webhook.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kMattermostTemplates;
StatusOr<std::unique_ptr<Channel>> MakeMattermostChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools);

}  // namespace outrider
