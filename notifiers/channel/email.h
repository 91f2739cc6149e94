// SPDX-License-Identifier: Apache-2.0
// email_configs: SMTP. Every attempt of one message is the same mail with the same Message-ID, so
// that a repeat after an unknown outcome can be dropped by the far side; mails of one group share
// References. Source: specs/alertmanager.md §1, §2 "Email"; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeEmailChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools);

}  // namespace outrider
