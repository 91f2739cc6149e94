// SPDX-License-Identifier: Apache-2.0
// victorops_configs: Splunk On-Call's REST endpoint; the entity id is the group's hash.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kVictorOpsTemplates;
StatusOr<std::unique_ptr<Channel>> MakeVictorOpsChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools);

}  // namespace outrider
