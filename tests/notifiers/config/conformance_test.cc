// SPDX-License-Identifier: Apache-2.0
// Alertmanager's own example configurations, read from ../shared/conformance beside the checkout.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

// File → part of the error; "" loads.
const std::map<std::string, std::string> kVerdicts = {
    {"conf.empty-fields.yml", ""},
    {"conf.good.yml", ""},
    {"conf.group-by-all.yml", ""},
    {"conf.http-config.good.yml", ""},
    {"conf.mattermost-both-webhook-url-and-file.yml",
     "at most one of mattermost_webhook_url & mattermost_webhook_url_file must be configured"},
    {"conf.mattermost-default-webhook-url-file.yml", ""},
    {"conf.mattermost-default-webhook-url.yml", ""},
    {"conf.mattermost-no-webhook-url.yml", "no global Mattermost webhook URL set"},
    // The global section sets both, whatever the receiver does.
    {"conf.mattermost-valid-receiver-both-webhook-url-and-file.yml",
     "at most one of mattermost_webhook_url & mattermost_webhook_url_file must be configured"},
    {"conf.nil-match_re-route.yml", "invalid_label"},
    {"conf.nil-source_match_re-inhibition.yml", "invalid_source_label"},
    {"conf.nil-target_match_re-inhibition.yml", "invalid_target_label"},
    {"conf.opsgenie-both-file-and-apikey.yml",
     "at most one of opsgenie_api_key & opsgenie_api_key_file must be configured"},
    {"conf.opsgenie-default-apikey-file.yml", ""},
    {"conf.opsgenie-default-apikey-old-team.yml", "field teams not found in type"},
    {"conf.opsgenie-default-apikey.yml", ""},
    {"conf.opsgenie-no-apikey.yml", "no global OpsGenie API Key set either inline or in a file"},
    {"conf.rocketchat-both-token-and-tokenfile.yml",
     "at most one of rocketchat_token & rocketchat_token_file must be configured"},
    {"conf.rocketchat-both-tokenid-and-tokenidfile.yml",
     "at most one of rocketchat_token_id & rocketchat_token_id_file must be configured"},
    {"conf.rocketchat-default-token-file.yml", ""},
    {"conf.rocketchat-default-token.yml", ""},
    {"conf.rocketchat-no-token.yml", "no global Rocketchat Token set either inline or in a file"},
    {"conf.slack-both-file-and-token.yml",
     "at most one of slack_app_token & slack_app_token_file must be configured"},
    {"conf.slack-both-file-and-url.yml",
     "at most one of slack_api_url & slack_api_url_file must be configured"},
    {"conf.slack-both-url-and-token.yml",
     "at most one of slack_app_token/slack_app_token_file & "
     "slack_api_url/slack_api_url_file must be configured"},
    {"conf.slack-default-api-url-file.yml", ""},
    {"conf.slack-default-app-token.yml", ""},
    {"conf.slack-no-api-url-or-token.yml",
     "no Slack API URL nor App token set either inline or in a file"},
    {"conf.slack-update-message-and-webhook.yml",
     "update_message can only be used with bot tokens. api_url must be set to "
     "https://slack.com/api/chat.postMessage"},
    {"conf.smtp-both-password-and-file.yml",
     "at most one of smtp_auth_password & smtp_auth_password_file must be configured"},
    {"conf.smtp-no-username-or-password.yml", ""},
    {"conf.smtp-password-global-and-local.yml", ""},
    {"conf.sns-invalid.yml",
     "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"},
    {"conf.sns-topic-arn.yml", ""},
    {"conf.telegram-both-bot-token-and-file.yml",
     "at most one of telegram_bot_token & telegram_bot_token_file must be configured"},
    {"conf.telegram-default-bot-token-file.yml", ""},
    {"conf.telegram-default-bot-token.yml", ""},
    {"conf.telegram-no-bot-token.yml", "missing bot_token or bot_token_file on telegram_config"},
    {"conf.telegram-valid-receiver-both-bot-token-and-file.yml",
     "at most one of telegram_bot_token & telegram_bot_token_file must be configured"},
    {"conf.victorops-both-file-and-apikey.yml",
     "at most one of victorops_api_key & victorops_api_key_file must be configured"},
    {"conf.victorops-default-apikey-file.yml", ""},
    {"conf.victorops-default-apikey.yml", ""},
    {"conf.victorops-no-apikey.yml", "no global VictorOps API Key set"},
    {"conf.wechat-both-file-and-secret.yml",
     "at most one of wechat_api_secret & wechat_api_secret_file must be configured"},
    {"conf.wechat-default-api-secret-file.yml", ""},
    {"conf.wechat-no-api-secret.yml", "no global Wechat Api Secret set either inline or in a file"},
};

TEST(Conformance, AlertmanagersExamples) {
  const std::string directory =
      std::string(OUTRIDER_SOURCE_DIR) + "/../shared/conformance/alertmanager_config";
  const auto names = ListDirectory(directory);
  if (!names.ok()) GTEST_SKIP() << "skipped: " << directory << " is not there";
  EXPECT_EQ(names->size(), kVerdicts.size());
  for (const std::string& name : *names) {
    const auto verdict = kVerdicts.find(name);
    ASSERT_NE(verdict, kVerdicts.end()) << name << " has no verdict";
    const auto config =
        ParseAlertmanagerConfig(*ReadFile(fmt::format("{}/{}", directory, name)), name);
    if (verdict->second.empty()) {
      EXPECT_TRUE(config.ok()) << config.status();
      if (!config.ok()) continue;
      const auto again = ParseAlertmanagerConfig(MaskedYaml(*config), "masked " + name);
      EXPECT_TRUE(again.ok()) << again.status() << "\n" << MaskedYaml(*config);
    } else {
      EXPECT_FALSE(config.ok()) << name;
      EXPECT_THAT(Message(config.status()), ::testing::HasSubstr(verdict->second)) << name;
    }
  }
}

}  // namespace
}  // namespace outrider
