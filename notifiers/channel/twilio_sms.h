// SPDX-License-Identifier: Apache-2.0
// twilio_sms_configs (ours): one text message, spelled in GSM-7 where that is possible and cut to
// `max_segments`. Source: specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kTwilioSmsTemplates;
StatusOr<std::unique_ptr<Channel>> MakeTwilioSmsChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools);

}  // namespace outrider
