// SPDX-License-Identifier: Apache-2.0
// wechat_configs: a WeCom app's message; the access token is kept for two hours and renewed when
// WeCom says that it has expired. Source: specs/alertmanager.md §1, §2;
// specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kWeChatTemplates;
StatusOr<std::unique_ptr<Channel>> MakeWeChatChannel(const YamlNode& section,
                                                     const AlertmanagerConfig& config,
                                                     const ChannelTools* tools);

}  // namespace outrider
