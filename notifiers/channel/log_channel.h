// SPDX-License-Identifier: Apache-2.0
// The built-in receiver: one log line a notification. Always delivered.
#pragma once

#include <memory>

#include "notifiers/channel/channel.h"

namespace outrider {

StatusOr<std::unique_ptr<Channel>> MakeLogChannel(const YamlNode& section,
                                                  const AlertmanagerConfig& config,
                                                  const ChannelTools* tools);

}  // namespace outrider
