// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/table.h"

#include <fmt/format.h>

#include "notifiers/channel/discord.h"
#include "notifiers/channel/email.h"
#include "notifiers/channel/googlechat.h"
#include "notifiers/channel/incidentio.h"
#include "notifiers/channel/jira.h"
#include "notifiers/channel/log_channel.h"
#include "notifiers/channel/matrix.h"
#include "notifiers/channel/mattermost.h"
#include "notifiers/channel/msteams.h"
#include "notifiers/channel/msteamsv2.h"
#include "notifiers/channel/ntfy.h"
#include "notifiers/channel/opsgenie.h"
#include "notifiers/channel/pagerduty.h"
#include "notifiers/channel/pushover.h"
#include "notifiers/channel/rocketchat.h"
#include "notifiers/channel/signed_webhook.h"
#include "notifiers/channel/slack.h"
#include "notifiers/channel/sns.h"
#include "notifiers/channel/telegram.h"
#include "notifiers/channel/twilio_sms.h"
#include "notifiers/channel/twilio_voice.h"
#include "notifiers/channel/victorops.h"
#include "notifiers/channel/webex.h"
#include "notifiers/channel/webhook.h"
#include "notifiers/channel/wechat.h"
#include "notifiers/config/integration_table.h"
#include "notifiers/config/own_server.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Sorted by kind.
constexpr ChannelKind kChannels[] = {
    {"discord", true, MakeDiscordChannel, &kDiscordTemplates},
    {"email", false, MakeEmailChannel},
    {"googlechat", true, MakeGoogleChatChannel, &kGoogleChatTemplates},
    {"incidentio", true, MakeIncidentIoChannel},
    {"jira", true, MakeJiraChannel, &kJiraTemplates},
    {"log", true, MakeLogChannel},
    {"matrix", true, MakeMatrixChannel, &kMatrixTemplates},
    {"mattermost", true, MakeMattermostChannel, &kMattermostTemplates},
    {"msteams", true, MakeMsTeamsChannel, &kMsTeamsTemplates},
    {"msteamsv2", true, MakeMsTeamsV2Channel, &kMsTeamsV2Templates},
    {"ntfy", true, MakeNtfyChannel, &kNtfyTemplates},
    {"opsgenie", true, MakeOpsgenieChannel, &kOpsgenieTemplates},
    {"pagerduty", true, MakePagerDutyChannel, &kPagerDutyTemplates},
    {"pushover", true, MakePushoverChannel, &kPushoverTemplates},
    {"rocketchat", false, MakeRocketChatChannel, &kRocketChatTemplates},
    {"signed_webhook", true, MakeSignedWebhookChannel},
    {"slack", false, MakeSlackChannel},
    {"sns", true, MakeSnsChannel, &kSnsTemplates},
    {"telegram", true, MakeTelegramChannel, &kTelegramTemplates},
    {"twilio_sms", true, MakeTwilioSmsChannel, &kTwilioSmsTemplates},
    {"twilio_voice", false, MakeTwilioVoiceChannel, &kTwilioVoiceTemplates},
    {"victorops", true, MakeVictorOpsChannel, &kVictorOpsTemplates},
    {"webex", true, MakeWebexChannel, &kWebexTemplates},
    {"webhook", true, MakeWebhookChannel},
    {"wechat", false, MakeWeChatChannel, &kWeChatTemplates},
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

namespace {

// What a server that came by the API is told with. Of the configuration, channels read `file` and
// `global` only.
StatusOr<std::unique_ptr<Channel>> MakeOwnServerChannel(const ChannelKind& kind,
                                                        const IntegrationConfig& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools) {
  AlertmanagerConfig own;
  own.file = config.file;
  own.global = WithoutCredentials(config.global);
  if (tools == nullptr) return kind.make(section.section, own, nullptr);
  const ChannelTools guarded{tools->guarded_http == nullptr ? tools->http : *tools->guarded_http,
                             tools->guarded_smtp == nullptr ? tools->smtp : *tools->guarded_smtp,
                             tools->templates, tools->clock};
  return kind.make(section.section, own, &guarded);
}

}  // namespace

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
  if (!section.own_server) {
    TRY(CheckIntegration(*keys, section.section, config.global, config.file));
  }
  Integration integration{section.kind, section.index, row->send_resolved, false, nullptr};
  YamlReader reader(section.section, config.file, section.kind + "_configs");
  const YamlNode* resolved = section.section.Find("send_resolved");
  if (resolved != nullptr && resolved->IsNull()) integration.send_resolved = false;  // as there
  reader.Bool("send_resolved", &integration.send_resolved);
  integration.channel = TRY(section.own_server ? MakeOwnServerChannel(*row, section, config, tools)
                                               : row->make(section.section, config, tools));
  return integration;
}

}  // namespace outrider
