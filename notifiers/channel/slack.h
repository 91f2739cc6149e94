// SPDX-License-Identifier: Apache-2.0
// slack_configs through an incoming webhook (api_url). App tokens (chat.postMessage) are not
// supported yet. Source: specs/alertmanager.md §1, §2 "Other payloads";
// specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeSlackChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools);

}  // namespace outrider
