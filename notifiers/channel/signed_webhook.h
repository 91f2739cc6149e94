// SPDX-License-Identifier: Apache-2.0
// signed_webhook_configs (ours): the webhook's JSON with an HMAC over time and body, so that the
// receiver can tell who sent it and refuse what was recorded and sent again.
// Source: specs/incidents_oncall_slo.md §3 "Webhook".
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeSignedWebhookChannel(const YamlNode& section,
                                                            const AlertmanagerConfig& config,
                                                            const ChannelTools* tools);

}  // namespace outrider
