// SPDX-License-Identifier: Apache-2.0
// The channels there are: one row each. Adding a channel is adding its file and its row.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "notifiers/channel/channel.h"

namespace outrider {

struct ChannelKind {
  std::string_view kind;
  bool send_resolved;  // the default
  // Reads the section (whose keys were checked) and builds the channel; with tools == nullptr it
  // only checks.
  StatusOr<std::unique_ptr<Channel>> (*make)(const YamlNode& section,
                                             const AlertmanagerConfig& config,
                                             const ChannelTools* tools);
  const std::string_view* templates = nullptr;  // its default templates, where it has a file of own
};
std::span<const ChannelKind> ChannelTable();

}  // namespace outrider
