// SPDX-License-Identifier: Apache-2.0
// webhook_configs: Alertmanager's JSON, version 4, with a stable Idempotency-Key.
// Source: specs/alertmanager.md §1, §2 "Webhook JSON v4"; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeWebhookChannel(const YamlNode& section,
                                                      const AlertmanagerConfig& config,
                                                      const ChannelTools* tools);

}  // namespace outrider
