// SPDX-License-Identifier: Apache-2.0
// jira_configs: an issue a group, found again by its label ALERT{hash}: created, updated, moved
// through the workflow. Source: specs/alertmanager.md §1, §2; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kJiraTemplates;
StatusOr<std::unique_ptr<Channel>> MakeJiraChannel(const YamlNode& section,
                                                   const AlertmanagerConfig& config,
                                                   const ChannelTools* tools);

}  // namespace outrider
