// SPDX-License-Identifier: Apache-2.0
// sns_configs: a topic, a phone number or a target ARN, signed with SigV4.
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kSnsTemplates;
StatusOr<std::unique_ptr<Channel>> MakeSnsChannel(const YamlNode& section,
                                                  const AlertmanagerConfig& config,
                                                  const ChannelTools* tools);

}  // namespace outrider
