// SPDX-License-Identifier: Apache-2.0
// incidentio_configs: the webhook's JSON as version 1 with a bearer token; over 512 KiB only the
// first alert is sent. Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeIncidentIoChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools);

}  // namespace outrider
