// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/table.h"

#include <fmt/format.h>

#include "notifiers/channel/email.h"
#include "notifiers/channel/log_channel.h"
#include "notifiers/channel/slack.h"
#include "notifiers/channel/webhook.h"
#include "notifiers/config/integration_table.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Sorted by kind.
constexpr ChannelKind kChannels[] = {
    {"email", false, MakeEmailChannel},
    {"log", true, MakeLogChannel},
    {"slack", false, MakeSlackChannel},
    {"webhook", true, MakeWebhookChannel},
};

const ChannelKind* FindKind(std::string_view kind) {
  for (const ChannelKind& row : kChannels) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace

std::span<const ChannelKind> ChannelTable() { return kChannels; }

std::vector<std::string> ChannelKinds() {
  std::vector<std::string> kinds;
  for (const ChannelKind& row : kChannels) kinds.emplace_back(row.kind);
  return kinds;
}

StatusOr<Integration> MakeIntegration(const IntegrationConfig& section,
                                      const AlertmanagerConfig& config, const ChannelTools* tools) {
  const ChannelKind* row = FindKind(section.kind);
  const IntegrationKind* keys = FindIntegrationKind(section.kind);
  if (row == nullptr || keys == nullptr) {
    return YamlError(
        config.file, section.section,
        fmt::format("receivers of kind {}_configs are not supported yet; supported are {}",
                    section.kind, Join(ChannelKinds(), ", ")));
  }
  TRY(CheckIntegration(*keys, section.section, config.global, config.file));
  Integration integration{section.kind, section.index, row->send_resolved, false, nullptr};
  YamlReader reader(section.section, config.file, section.kind + "_configs");
  reader.Bool("send_resolved", &integration.send_resolved);
  integration.channel = TRY(row->make(section.section, config, tools));
  return integration;
}

}  // namespace outrider
