// SPDX-License-Identifier: Apache-2.0
// slack_configs: an incoming webhook (api_url), or the API with an app's token (chat.postMessage).
// With update_message a later message of a group changes the earlier one (chat.update), whose place
// is kept as the receiver's data. Source: specs/alertmanager.md §1, §2 "Other payloads";
// specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeSlackChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools);

}  // namespace outrider
