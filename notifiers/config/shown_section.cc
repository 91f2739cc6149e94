// SPDX-License-Identifier: Apache-2.0
// Keys of the integrations in the order in which Alertmanager 0.34 writes them:
//     key            as it is written, or not at all
//     key@global     else the value of that key of `global`, unless the key's other half (X and
//                    X_file) is set
//     key=text       else this; %name is {{ template "<kind>.default.<name>" . }}, % has the key's
// Keys that Alertmanager 0.25 does not know have no default here, so that its amtool can read what
// is shown.
#include "notifiers/config/shown_section.h"

#include <fmt/format.h>

#include <array>

#include "notifiers/config/schema.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct ShownKeys {
  std::string_view kind;
  std::string_view keys;
};
constexpr ShownKeys kShown[] = {
    {"discord", "webhook_url;webhook_url_file;content;title=%;message=%;username;avatar_url"},
    {"email",
     "to;from@smtp_from;hello@smtp_hello=localhost;smarthost@smtp_smarthost;"
     "auth_username@smtp_auth_username;auth_password@smtp_auth_password;"
     "auth_password_file@smtp_auth_password_file;auth_secret@smtp_auth_secret;"
     "auth_secret_file@smtp_auth_secret_file;auth_identity@smtp_auth_identity;headers;html=%;text;"
     "require_tls@smtp_require_tls=true;tls_config@smtp_tls_config;"
     "force_implicit_tls@smtp_force_implicit_tls;threading"},
    {"incidentio",
     "url;url_file;alert_source_token;alert_source_token_file;max_alerts=0;timeout=0s"},
    {"jira",
     "api_url@jira_api_url;api_type=auto;project;summary=%;description=%;labels;priority=%;"
     "issue_type;reopen_transition;resolve_transition;wont_fix_resolution;reopen_duration;fields"},
    {"mattermost",
     "webhook_url@mattermost_webhook_url;webhook_url_file@mattermost_webhook_url_file;channel;"
     "username=%;text=%;fallback=%;color=%;pretext;author_name;author_link;author_icon;title=%;"
     "title_link=%titlelink;fields;thumb_url;footer;footer_icon;image_url;icon_url;icon_emoji;"
     "attachments;type;props;priority"},
    {"msteams", "webhook_url;webhook_url_file;title=%;summary=%;text=%"},
    {"msteamsv2", "webhook_url;webhook_url_file;title=%;text=%"},
    {"opsgenie",
     "api_key@opsgenie_api_key;api_key_file@opsgenie_api_key_file;"
     "api_url@opsgenie_api_url=https://api.opsgenie.com/;message=%;description=%;source=%;details;"
     "entity;responders;actions;tags;note;priority;update_alerts"},
    {"pagerduty",
     "service_key;service_key_file;routing_key;routing_key_file;"
     "url@pagerduty_url=https://events.pagerduty.com/v2/enqueue;client=%;client_url=%clientURL;"
     "description=%;details;images;links;source;severity;class;component;group;timeout"},
    {"pushover",
     "user_key;user_key_file;token;token_file;title=%;message=%;url=%;url_title;device;sound;"
     "priority={{ if eq .Status \"firing\" }}2{{ else }}0{{ end }};retry=1m0s;expire=1h0m0s;ttl;"
     "html;monospace"},
    {"rocketchat",
     "api_url@rocketchat_api_url=https://open.rocket.chat/;token_id@rocketchat_token_id;"
     "token_id_file@rocketchat_token_id_file;token@rocketchat_token;"
     "token_file@rocketchat_token_file;channel;"
     "color={{ if eq .Status \"firing\" }}red{{ else }}green{{ end }};title=%;"
     "title_link=%titlelink;text=%;fields;short_fields=false;emoji=%;icon_url=%iconurl;image_url;"
     "thumb_url;link_names=false;actions"},
    {"slack",
     "api_url@slack_api_url;api_url_file@slack_api_url_file;app_token;"
     "app_token_file;app_url;channel;username=%;color=%;title=%;"
     "title_link=%titlelink;pretext=%;text=%;message_text;fields;short_fields=false;footer=%;"
     "fallback=%;callback_id=%callbackid;icon_emoji=%iconemoji;icon_url=%iconurl;image_url;"
     "thumb_url;link_names=false;mrkdwn_in;actions;update_message;timeout"},
    {"sns",
     "api_url;sigv4;topic_arn;phone_number;target_arn;subject=%;message=%;attributes;"
     "use_aws_http_client"},
    {"telegram",
     "api_url@telegram_api_url=https://api.telegram.org;bot_token@telegram_bot_token;"
     "bot_token_file@telegram_bot_token_file;chat_id;chat_id_file;message_thread_id;message=%;"
     "disable_notifications;parse_mode=HTML"},
    {"victorops",
     "api_key@victorops_api_key;api_key_file@victorops_api_key_file;"
     "api_url@victorops_api_url=https://alert.victorops.com/integrations/generic/20131114/alert/;"
     "routing_key;message_type=CRITICAL;state_message=%;entity_display_name=%;monitoring_tool=%;"
     "custom_fields"},
    {"webex", "api_url@webex_api_url=https://webexapis.com/v1/messages;message=%;room_id"},
    {"webhook", "url;url_file;max_alerts=0;timeout;payload"},
    {"wechat",
     "api_secret@wechat_api_secret;api_secret_file@wechat_api_secret_file;"
     "corp_id@wechat_api_corp_id;message=%;"
     "api_url@wechat_api_url=https://qyapi.weixin.qq.com/cgi-bin/;to_user=%;to_party=%;to_tag=%;"
     "agent_id=%;message_type=text"},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPagerDutyDetails = {{
    {"firing", "{{ .Alerts.Firing | toJson }}"},
    {"num_firing", "{{ .Alerts.Firing | len }}"},
    {"num_resolved", "{{ .Alerts.Resolved | len }}"},
    {"resolved", "{{ .Alerts.Resolved | toJson }}"},
}};

struct ShownKey {
  std::string_view key;
  std::string_view global;  // "": none
  std::string_view preset;  // "": none
};

ShownKey ReadKey(std::string_view text) {
  ShownKey shown;
  if (const size_t equals = text.find('='); equals != std::string_view::npos) {
    shown.preset = text.substr(equals + 1);
    text = text.substr(0, equals);
  }
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    shown.global = text.substr(at + 1);
    text = text.substr(0, at);
  }
  shown.key = text;
  return shown;
}

std::string PresetText(std::string_view kind, const ShownKey& shown) {
  if (!shown.preset.starts_with('%')) return std::string(shown.preset);
  const std::string_view name = shown.preset.size() == 1 ? shown.key : shown.preset.substr(1);
  return fmt::format("{{{{ template \"{}.default.{}\" . }}}}", kind, name);
}

// X of X_file, and the other way round.
std::string OtherHalf(std::string_view key) {
  constexpr std::string_view kFile = "_file";
  if (key.ends_with(kFile)) return std::string(key.substr(0, key.size() - kFile.size()));
  return fmt::format("{}{}", key, kFile);
}

// The section says by itself how it logs in: nothing of `global` is added to that.
bool HasOwnLogin(std::string_view kind, std::string_view key, const YamlNode& written) {
  if (IsSet(written, OtherHalf(key))) return true;
  return kind == "slack" && key.starts_with("api_url") &&
         (IsSet(written, "app_token") || IsSet(written, "app_token_file"));
}

YamlNode WithPagerDutyDetails(const YamlNode* written) {
  YamlNode details = YamlMap();
  if (written != nullptr && written->IsMap()) details = *written;
  for (const auto& [key, text] : kPagerDutyDetails) {
    if (details.Find(key) == nullptr) AddEntry(&details, key, YamlText(text));
  }
  return details;
}

}  // namespace

YamlNode ShownSection(std::string_view kind, const YamlNode& written, const YamlNode& global) {
  YamlNode section = YamlMap();
  for (const ShownKeys& row : kShown) {
    if (row.kind != kind) continue;
    for (const std::string_view text : Split(row.keys, ';')) {
      const ShownKey shown = ReadKey(text);
      const YamlNode* own = written.Find(shown.key);
      if (kind == "pagerduty" && shown.key == "details") {
        AddEntry(&section, shown.key, WithPagerDutyDetails(own));
      } else if (own != nullptr && !own->IsNull()) {
        AddEntry(&section, shown.key, *own);
      } else if (!shown.global.empty() && IsSet(global, shown.global) &&
                 !HasOwnLogin(kind, shown.key, written)) {
        AddEntry(&section, shown.key, *global.Find(shown.global));
      } else if (!shown.preset.empty()) {
        const std::string preset = PresetText(kind, shown);
        const bool is_text = preset.starts_with("{{");
        // `title:` with nothing behind it is an empty title.
        AddEntry(&section, shown.key,
                 !is_text ? YamlPlain(preset) : YamlText(own == nullptr ? preset : ""));
      }
    }
  }
  return section;
}

}  // namespace outrider
