// SPDX-License-Identifier: Apache-2.0
// msteamsv2_configs: an adaptive card through a workflow's webhook. At most 28 KiB: the text is cut
// to that. Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kMsTeamsV2Templates;
StatusOr<std::unique_ptr<Channel>> MakeMsTeamsV2Channel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools);

}  // namespace outrider
