// SPDX-License-Identifier: Apache-2.0
// opsgenie_configs: alerts by alias, which is the group's hash; closed on resolve, message and
// description updated on wish. An answer of 202 means queued there.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kOpsgenieTemplates;
StatusOr<std::unique_ptr<Channel>> MakeOpsgenieChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools);

}  // namespace outrider
