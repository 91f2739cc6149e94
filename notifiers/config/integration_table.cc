// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/integration_table.h"

#include <fmt/format.h>

#include "notifiers/config/http_config.h"
#include "notifiers/config/integration_rules.h"
#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kGlobalSchema =
    "resolve_timeout:d http_config:H "
    "smtp_from smtp_hello smtp_smarthost:P smtp_auth_username smtp_auth_password:s "
    "smtp_auth_password_file smtp_auth_secret:s smtp_auth_secret_file smtp_auth_identity "
    "smtp_require_tls:b smtp_tls_config:T smtp_force_implicit_tls:b "
    "slack_api_url:S slack_api_url_file slack_app_token:s slack_app_token_file slack_app_url:u "
    "pagerduty_url:u opsgenie_api_url:u opsgenie_api_key:s opsgenie_api_key_file "
    "wechat_api_url:u wechat_api_secret:s wechat_api_secret_file wechat_api_corp_id "
    "victorops_api_url:u victorops_api_key:s victorops_api_key_file "
    "telegram_api_url:u telegram_bot_token:s telegram_bot_token_file webex_api_url:u "
    "rocketchat_api_url:u rocketchat_token:s rocketchat_token_file rocketchat_token_id:s "
    "rocketchat_token_id_file jira_api_url:u mattermost_webhook_url:S mattermost_webhook_url_file";

namespace {

constexpr IntegrationKind kKinds[] = {
    {"discord", "webhook_url:S webhook_url_file content title message username avatar_url"},
    {"email",
     "to from smarthost:P hello auth_username auth_password:s auth_password_file auth_secret:s "
     "auth_secret_file auth_identity require_tls:b tls_config:T force_implicit_tls:b headers:m "
     "html "
     "text threading{enabled:b thread_by_date}",
     false},
    {"googlechat", "webhook_url:S webhook_url_file message threads:b", true, false, true},
    {"incidentio",
     "url:u url_file alert_source_token:s alert_source_token_file max_alerts:i timeout:g"},
    {"jira",
     "api_url:u api_type project issue_type summary:* description:* labels:l priority "
     "reopen_transition resolve_transition wont_fix_resolution reopen_duration:d fields:*"},
    {"log", "", false, true, true},
    {"matrix", "homeserver_url:u access_token:s access_token_file room_id message html msgtype",
     true, false, true},
    {"mattermost",
     "webhook_url:S webhook_url_file channel username text fallback color pretext author_name "
     "author_link author_icon title title_link fields[title value short:b] thumb_url footer "
     "footer_icon image_url icon_url icon_emoji "
     "attachments[fallback color pretext text author_name author_link author_icon title title_link "
     "fields[title value short:b] thumb_url footer footer_icon image_url] type props{card} "
     "priority{priority requested_ack:b persistent_notifications:b}"},
    {"msteams", "webhook_url:S webhook_url_file title summary text"},
    {"msteamsv2", "webhook_url:S webhook_url_file title text"},
    {"ntfy",
     "url:u token:s token_file topic title message priority tags click icon markdown:b "
     "actions[action label url method body clear:b]",
     true, false, true},
    {"opsgenie",
     "api_key:s api_key_file api_url:u message description source details:m entity "
     "responders[id name username type] actions tags note priority update_alerts:b",
     true, true},
    {"pagerduty",
     "routing_key:s routing_key_file service_key:s service_key_file url:u client client_url "
     "description details:* images[src alt href] links[href text] source severity class component "
     "group timeout:g"},
    {"pushover",
     "user_key:s user_key_file token:s token_file title message url url_title device sound "
     "priority "
     "retry:g expire:g ttl:g html:b monospace:b"},
    {"rocketchat",
     "api_url:u token:s token_file token_id:s token_id_file channel color title title_link text "
     "fields[title value short:b] short_fields:b emoji icon_url image_url thumb_url link_names:b "
     "actions[type text url imageurl iswebview:b webviewheightratio msg msginchatwindow:b "
     "msgprocessingtype]",
     true, true},
    {"signed_webhook", "url:S url_file secret:s secret_file max_alerts:i timeout:g", true, false,
     true},
    {"slack",
     "api_url:S api_url_file app_token:s app_token_file app_url:u channel username color title "
     "title_link pretext text message_text fields[title value short:b] short_fields:b footer "
     "fallback callback_id icon_emoji icon_url image_url thumb_url link_names:b mrkdwn_in:l "
     "actions[type text url style name value confirm{text title ok_text dismiss_text}] "
     "update_message:b timeout:g",
     true, true},
    {"sns",
     "api_url sigv4{region access_key secret_key:s profile role_arn external_id "
     "use_fips_sts_endpoint:b} topic_arn phone_number target_arn subject message attributes:m "
     "use_aws_http_client:b"},
    {"telegram",
     "api_url:u bot_token:s bot_token_file chat_id:i chat_id_file message_thread_id:i message "
     "disable_notifications:b parse_mode"},
    {"twilio_sms",
     "api_url:u account_sid auth_token:s auth_token_file api_key api_key_secret:s "
     "api_key_secret_file from messaging_service_sid to message max_segments:i status_callback",
     true, false, true},
    {"twilio_voice",
     "api_url:u account_sid auth_token:s auth_token_file api_key api_key_secret:s "
     "api_key_secret_file from to message voice language repeat:i action_url status_callback",
     true, false, true},
    {"victorops",
     "api_key:s api_key_file api_url:u routing_key message_type state_message entity_display_name "
     "monitoring_tool custom_fields:m"},
    {"webex", "api_url:u room_id message"},
    {"webhook", "url:W url_file max_alerts:i timeout:g payload:*"},
    {"wechat",
     "api_secret:s api_secret_file corp_id message api_url:u to_user to_party to_tag agent_id "
     "message_type",
     true, true},
};

// One of the blank-separated `local` keys must be set in the section, or one of `global` in the
// global section.
struct Requirement {
  std::string_view kind;
  std::string_view local;
  std::string_view global;
  std::string_view error;
};
constexpr Requirement kRequirements[] = {
    {"discord", "webhook_url webhook_url_file", "",
     "one of webhook_url or webhook_url_file must be configured"},
    {"email", "to", "", "missing to address in email config"},
    {"email", "smarthost", "smtp_smarthost", "no global SMTP smarthost set"},
    {"email", "from", "smtp_from", "no global SMTP from set"},
    {"googlechat", "webhook_url webhook_url_file", "",
     "one of webhook_url or webhook_url_file must be configured"},
    {"incidentio", "url url_file", "", "one of url or url_file must be configured"},
    {"jira", "project", "", "missing project in jira_config"},
    {"jira", "issue_type", "", "missing issue_type in jira_config"},
    {"jira", "api_url", "jira_api_url", "no global Jira Cloud URL set"},
    {"matrix", "homeserver_url", "", "missing homeserver_url on matrix_config"},
    {"matrix", "access_token access_token_file", "",
     "one of access_token or access_token_file must be configured"},
    {"matrix", "room_id", "", "missing room_id on matrix_config"},
    {"mattermost", "webhook_url webhook_url_file",
     "mattermost_webhook_url mattermost_webhook_url_file",
     "no global Mattermost webhook URL set either inline or in a file"},
    {"msteams", "webhook_url webhook_url_file", "",
     "one of webhook_url or webhook_url_file must be configured"},
    {"msteamsv2", "webhook_url webhook_url_file", "",
     "one of webhook_url or webhook_url_file must be configured"},
    {"ntfy", "topic", "", "missing topic on ntfy_config"},
    {"opsgenie", "api_key api_key_file", "opsgenie_api_key opsgenie_api_key_file",
     "no global OpsGenie API Key set either inline or in a file"},
    {"pagerduty", "routing_key routing_key_file service_key service_key_file", "",
     "missing service or routing key in PagerDuty config"},
    {"pushover", "user_key user_key_file", "",
     "one of user_key or user_key_file must be configured"},
    {"pushover", "token token_file", "", "one of token or token_file must be configured"},
    {"rocketchat", "token_id token_id_file", "rocketchat_token_id rocketchat_token_id_file",
     "no global Rocketchat TokenID set either inline or in a file"},
    {"rocketchat", "token token_file", "rocketchat_token rocketchat_token_file",
     "no global Rocketchat Token set either inline or in a file"},
    {"signed_webhook", "url url_file", "", "one of url or url_file must be configured"},
    {"signed_webhook", "secret secret_file", "", "one of secret or secret_file must be configured"},
    {"slack", "api_url api_url_file app_token app_token_file",
     "slack_api_url slack_api_url_file slack_app_token slack_app_token_file",
     "no Slack API URL nor App token set either inline or in a file"},
    {"telegram", "bot_token bot_token_file", "telegram_bot_token telegram_bot_token_file",
     "missing bot_token or bot_token_file on telegram_config"},
    {"telegram", "chat_id chat_id_file", "", "missing chat_id or chat_id_file on telegram_config"},
    {"twilio_sms", "account_sid", "", "missing account_sid on twilio_sms_config"},
    {"twilio_sms", "to", "", "missing to on twilio_sms_config"},
    {"twilio_sms", "from messaging_service_sid", "",
     "one of from or messaging_service_sid must be configured"},
    {"twilio_voice", "account_sid", "", "missing account_sid on twilio_voice_config"},
    {"twilio_voice", "to", "", "missing to on twilio_voice_config"},
    {"twilio_voice", "from", "", "missing from on twilio_voice_config"},
    {"victorops", "routing_key", "", "missing Routing key in VictorOps config"},
    {"victorops", "api_key api_key_file", "victorops_api_key victorops_api_key_file",
     "no global VictorOps API Key set"},
    {"webex", "room_id", "", "missing room_id on webex_config"},
    {"webhook", "url url_file", "", "one of url or url_file must be configured"},
    {"wechat", "api_secret api_secret_file", "wechat_api_secret wechat_api_secret_file",
     "no global Wechat Api Secret set either inline or in a file"},
    {"wechat", "corp_id", "wechat_api_corp_id", "no global Wechat CorpID set"},
};

bool AnySet(const YamlNode& map, std::string_view keys) {
  for (const std::string_view key : Split(keys, ' ')) {
    if (!key.empty() && IsSet(map, key)) return true;
  }
  return false;
}

std::string FullSchema(const IntegrationKind& kind) {
  return fmt::format("send_resolved:b {}{}", kind.http ? "http_config:H " : "", kind.schema);
}

}  // namespace

std::span<const IntegrationKind> IntegrationKinds() { return kKinds; }

const IntegrationKind* FindIntegrationKind(std::string_view kind) {
  for (const IntegrationKind& candidate : kKinds) {
    if (candidate.kind == kind) return &candidate;
  }
  return nullptr;
}

Status CheckGlobal(const YamlNode& global, const std::string& file) {
  TRY(CheckSchema(global, kGlobalSchema, file, "global"));
  if (!global.IsMap()) return absl::OkStatus();
  if (SlackClash(global, "slack_")) {
    return YamlError(file, global,
                     "at most one of slack_app_token/slack_app_token_file & "
                     "slack_api_url/slack_api_url_file must be configured");
  }
  const YamlNode* http = global.Find("http_config");
  if (const YamlNode* tls = global.Find("smtp_tls_config")) TRY(CheckTlsConfigRules(*tls, file));
  return http == nullptr ? absl::OkStatus() : CheckHttpConfigRules(*http, file);
}

Status CheckIntegration(const IntegrationKind& kind, const YamlNode& section,
                        const YamlNode& global, const std::string& file) {
  if (section.IsNull() && !kind.null_is_empty) {
    return YamlError(file, section, fmt::format("missing {} config", kind.kind));
  }
  TRY(CheckSchema(section, FullSchema(kind), file, fmt::format("{}_configs", kind.kind)));
  if (IsSet(section, "http_config")) {
    TRY(CheckHttpConfigRules(*section.Find("http_config"), file));
  }
  for (const Requirement& rule : kRequirements) {
    if (rule.kind != kind.kind || AnySet(section, rule.local) || AnySet(global, rule.global)) {
      continue;
    }
    return YamlError(file, section, std::string(rule.error));
  }
  return CheckIntegrationRules(kind.kind, section, global, file);
}

YamlNode MaskIntegration(const IntegrationKind& kind, const YamlNode& section) {
  return MaskSchema(section, FullSchema(kind));
}

}  // namespace outrider
