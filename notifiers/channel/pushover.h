// SPDX-License-Identifier: Apache-2.0
// pushover_configs: a message to a user or group. Limits: title 250, message 1024, URL 512
// characters. Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kPushoverTemplates;
StatusOr<std::unique_ptr<Channel>> MakePushoverChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools);

}  // namespace outrider
