// SPDX-License-Identifier: Apache-2.0
// twilio_voice_configs (ours): a call that reads the message out.
// Source: specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

extern const std::string_view kTwilioVoiceTemplates;
StatusOr<std::unique_ptr<Channel>> MakeTwilioVoiceChannel(const YamlNode& section,
                                                          const AlertmanagerConfig& config,
                                                          const ChannelTools* tools);

}  // namespace outrider
