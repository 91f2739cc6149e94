// SPDX-License-Identifier: Apache-2.0
// googlechat_configs (ours): a text into a space's webhook; messages of a group may share a thread.
// The request id lets Google Chat drop repeats. At most 32,000 bytes.
// Source: specs/incidents_oncall_slo.md §3 (what every sender must respect).
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kGoogleChatTemplates;
StatusOr<std::unique_ptr<Channel>> MakeGoogleChatChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools);

}  // namespace outrider
