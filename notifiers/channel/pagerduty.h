// SPDX-License-Identifier: Apache-2.0
// pagerduty_configs: Events API v2 (routing_key) or v1 (service_key); events of a group share one
// key, its hash. Summary 1024 characters, event 512,000 bytes (details are dropped first).
// Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kPagerDutyTemplates;
StatusOr<std::unique_ptr<Channel>> MakePagerDutyChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools);

}  // namespace outrider
