// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/integration_rules.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "rules/template/parser.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSlackPostMessage = "https://slack.com/api/chat.postMessage";

// What a rule sees.
struct RuleContext {
  const YamlNode& section;
  const YamlNode& global;
  const std::string& file;
  Status Error(const YamlNode& node, const std::string& message) const {
    return YamlError(file, node, message);
  }
};

std::string_view ScalarOf(const YamlNode& map, std::string_view key,
                          std::string_view fallback = "") {
  return IsSet(map, key) ? std::string_view(map.Find(key)->scalar) : fallback;
}

bool IsTrue(const YamlNode& map, std::string_view key) {
  const std::string text = ToLower(ScalarOf(map, key));
  return text == "true" || text == "yes" || text == "on" || text == "y";
}

const std::vector<YamlNode>& ItemsOf(const YamlNode& map, std::string_view key) {
  return IsSet(map, key) ? map.Find(key)->items : map.items;  // a map has none
}

// A header or bearer token of http_config; Alertmanager folds bearer_token into authorization.
bool HasAuthorization(const YamlNode& map) {
  return IsSet(map, "http_config.authorization") || IsSet(map, "http_config.bearer_token") ||
         IsSet(map, "http_config.bearer_token_file");
}

Status CheckWord(const RuleContext& context, std::string_view key,
                 std::initializer_list<std::string_view> words, const std::string& error) {
  if (!IsSet(context.section, key)) return absl::OkStatus();
  const YamlNode& node = *context.section.Find(key);
  for (const std::string_view word : words) {
    if (node.scalar == word) return absl::OkStatus();
  }
  return context.Error(node, error);
}

// Titles and values of fields, as Slack and Mattermost want them.
Status CheckFields(const RuleContext& context, const YamlNode& map, std::string_view service) {
  for (const YamlNode& field : ItemsOf(map, "fields")) {
    for (const std::string_view key : {"title", "value"}) {
      if (IsSet(field, key)) continue;
      return context.Error(field,
                           fmt::format("missing {} in {} field configuration", key, service));
    }
  }
  return absl::OkStatus();
}

Status CheckSlackActions(const RuleContext& context) {
  for (const YamlNode& action : ItemsOf(context.section, "actions")) {
    for (const std::string_view key : {"type", "text"}) {
      if (IsSet(action, key)) continue;
      return context.Error(action, fmt::format("missing {} in Slack action configuration", key));
    }
    if (!IsSet(action, "url") && !IsSet(action, "name")) {
      return context.Error(action, "missing name or url in Slack action configuration");
    }
    const YamlNode* confirm = action.Find("confirm");
    if (confirm != nullptr && confirm->IsMap() && !IsSet(*confirm, "text")) {
      return context.Error(*confirm, "missing text in Slack confirmation configuration");
    }
  }
  return absl::OkStatus();
}

Status CheckSlack(const RuleContext& context) {
  const YamlNode& section = context.section;
  if (SlackClash(section, "")) {
    return context.Error(
        section,
        "at most one of api_url/api_url_file & app_token/app_token_file must be configured");
  }
  const bool app_token = IsSet(section, "app_token") || IsSet(section, "app_token_file");
  if (IsTrue(section, "update_message") && !app_token) {
    const std::string_view url =
        ScalarOf(section, "api_url", ScalarOf(context.global, "slack_api_url", kSlackPostMessage));
    if (url != kSlackPostMessage && url != kSecretText) {
      return context.Error(
          section,
          fmt::format("update_message can only be used with bot tokens. api_url must be set to {}",
                      kSlackPostMessage));
    }
  }
  if (app_token && HasAuthorization(section)) {
    return context.Error(section, "http authorization can't be set when using Slack App tokens");
  }
  TRY(CheckFields(context, section, "Slack"));
  return CheckSlackActions(context);
}

Status CheckEmail(const RuleContext& context) {
  std::set<std::string> names;
  if (const YamlNode* headers = context.section.Find("headers")) {
    for (const auto& [name, value] : headers->entries) {
      if (names.insert(ToLower(name.scalar)).second) continue;
      return context.Error(name, fmt::format("duplicate header {} in email config",
                                             Quote(CanonicalHeader(name.scalar))));
    }
  }
  const YamlNode* threading = context.section.Find("threading");
  if (threading == nullptr || !IsTrue(*threading, "enabled")) return absl::OkStatus();
  for (const char* header : {"References", "In-Reply-To"}) {
    if (!names.contains(ToLower(header))) continue;
    return context.Error(
        *threading,
        fmt::format("conflicting configuration: threading.enabled conflicts with custom {} header",
                    header));
  }
  const std::string_view by_date = ScalarOf(*threading, "thread_by_date");
  if (by_date != "none" && by_date != "daily") {
    return context.Error(*threading, "threading.thread_by_date must be either 'none' or 'daily'");
  }
  return absl::OkStatus();
}

// Whether it can be parsed; which functions there are is known elsewhere.
Status CheckTemplate(std::string_view text) {
  return tmpl::ParseTemplate("", text, [](std::string_view) { return true; }).status();
}

Status CheckWebhook(const RuleContext& context) {
  if (!IsSet(context.section, "url")) return absl::OkStatus();
  const YamlNode& url = *context.section.Find("url");
  // With templates in it only a message makes it a URL.
  if (Contains(url.scalar, "{{")) {
    const Status syntax = CheckTemplate(url.scalar);
    return syntax.ok() ? syntax : context.Error(url, "invalid template syntax: " + Message(syntax));
  }
  if (url.scalar == kSecretText) return absl::OkStatus();
  const Status valid = CheckHttpUrl(url.scalar);
  return valid.ok() ? valid : context.Error(url, "invalid URL: " + Message(valid));
}

Status CheckPushover(const RuleContext& context) {
  if (IsTrue(context.section, "html") && IsTrue(context.section, "monospace")) {
    return context.Error(context.section, "at most one of monospace & html must be configured");
  }
  return absl::OkStatus();
}

Status CheckOpsgenie(const RuleContext& context) {
  for (const YamlNode& node : ItemsOf(context.section, "responders")) {
    const std::string_view type = ScalarOf(node, "type");
    const std::string shown = fmt::format("{{{} {} {} {}}}", ScalarOf(node, "id"),
                                          ScalarOf(node, "name"), ScalarOf(node, "username"), type);
    if (!IsSet(node, "id") && !IsSet(node, "name") && !IsSet(node, "username")) {
      return context.Error(node, fmt::format("opsGenieConfig responder {} has to have at least one "
                                             "of id, username or name specified",
                                             shown));
    }
    const Status syntax = CheckTemplate(type);
    if (!syntax.ok()) {
      return context.Error(node, fmt::format("opsGenieConfig responder {} type contains invalid "
                                             "template syntax: {}",
                                             shown, Message(syntax)));
    }
    bool known = Contains(type, "{{");
    for (const std::string_view word : {"team", "teams", "user", "escalation", "schedule"}) {
      known = known || ToLower(type) == word;
    }
    if (!known) {
      return context.Error(
          node, fmt::format("opsGenieConfig responder {} type does not match valid options "
                            "^(team|teams|user|escalation|schedule)$",
                            shown));
    }
  }
  return absl::OkStatus();
}

Status CheckVictorOps(const RuleContext& context) {
  const YamlNode* fields = context.section.Find("custom_fields");
  if (fields == nullptr) return absl::OkStatus();
  for (const auto& [name, value] : fields->entries) {
    for (const std::string_view reserved :
         {"routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool",
          "entity_id", "entity_state"}) {
      if (name.scalar != reserved) continue;
      return context.Error(name,
                           fmt::format("victorOps config contains custom field {} which cannot be "
                                       "used as it conflicts with the fixed/static fields",
                                       reserved));
    }
  }
  return absl::OkStatus();
}

Status CheckTelegram(const RuleContext& context) {
  if (ScalarOf(context.section, "chat_id") == "0" && !IsSet(context.section, "chat_id_file")) {
    return context.Error(context.section, "missing chat_id or chat_id_file on telegram_config");
  }
  return CheckWord(context, "parse_mode", {"Markdown", "MarkdownV2", "HTML"},
                   "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or "
                   "empty string");
}

Status CheckJira(const RuleContext& context) {
  for (const std::string_view key : {"summary", "description"}) {
    const YamlNode* node = context.section.Find(key);
    if (node == nullptr || node->IsScalar() || node->IsNull()) continue;
    TRY(CheckSchema(*node, "template enable_update:b", context.file, "jira field"));
  }
  constexpr const char* kUnknown =
      "unknown api_type on jira_config, must be auto, cloud or datacenter";
  const YamlNode* type = context.section.Find("api_type");
  if (type != nullptr && type->IsScalar() && type->scalar.empty()) {
    return context.Error(*type, kUnknown);
  }
  return CheckWord(context, "api_type", {"auto", "cloud", "datacenter"}, kUnknown);
}

Status CheckWeChat(const RuleContext& context) {
  return CheckWord(
      context, "message_type", {"text", "markdown"},
      fmt::format("weChat message type {} does not match valid options ^(text|markdown)$",
                  Quote(ScalarOf(context.section, "message_type"))));
}

Status CheckSns(const RuleContext& context) {
  const YamlNode& section = context.section;
  const int targets = int{IsSet(section, "topic_arn")} + int{IsSet(section, "phone_number")} +
                      int{IsSet(section, "target_arn")};
  // All three pass in Alertmanager, too: its rule counts odd and even.
  if (targets == 0 || targets == 2) {
    return context.Error(
        section, "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config");
  }
  const YamlNode* sigv4 = section.Find("sigv4");
  if (sigv4 == nullptr) return absl::OkStatus();
  if (IsSet(*sigv4, "access_key") != IsSet(*sigv4, "secret_key")) {
    return context.Error(*sigv4,
                         "must provide a AWS SigV4 Access key and Secret Key if credentials are "
                         "specified in the SigV4 config");
  }
  if (IsSet(*sigv4, "external_id") && !IsSet(*sigv4, "role_arn")) {
    return context.Error(*sigv4, "external_id can only be used with role_arn");
  }
  return absl::OkStatus();
}

Status CheckMattermost(const RuleContext& context) {
  TRY(CheckFields(context, context.section, "Mattermost"));
  for (const YamlNode& attachment : ItemsOf(context.section, "attachments")) {
    TRY(CheckFields(context, attachment, "Mattermost"));
  }
  return absl::OkStatus();
}

Status CheckIncidentIo(const RuleContext& context) {
  const YamlNode& section = context.section;
  const bool token =
      IsSet(section, "alert_source_token") || IsSet(section, "alert_source_token_file");
  if (token && HasAuthorization(section)) {
    return context.Error(section,
                         "cannot specify alert_source_token or alert_source_token_file when using "
                         "http_config.authorization");
  }
  // Without a http_config of its own the global one may hold it, which Alertmanager does not check.
  if (!token && IsSet(section, "http_config") && !HasAuthorization(section)) {
    return context.Error(section,
                         "at least one of alert_source_token, alert_source_token_file or "
                         "http_config.authorization must be configured");
  }
  return absl::OkStatus();
}

Status CheckWebex(const RuleContext& context) {
  if (HasAuthorization(context.section)) return absl::OkStatus();
  return context.Error(context.section, "missing webex_configs.http_config.authorization");
}

Status CheckMatrix(const RuleContext& context) {
  return CheckWord(context, "msgtype", {"m.text", "m.notice"},
                   "unknown msgtype on matrix_config, must be m.text or m.notice");
}

Status CheckNtfy(const RuleContext& context) {
  const std::vector<YamlNode>& actions = ItemsOf(context.section, "actions");
  if (actions.size() > 3) return context.Error(actions[3], "ntfy shows at most three actions");
  for (const YamlNode& action : actions) {
    const std::string_view kind = ScalarOf(action, "action");
    if (kind != "view" && kind != "http") {
      return context.Error(action, "action of an ntfy action must be view or http");
    }
    for (const std::string_view key : {"label", "url"}) {
      if (IsSet(action, key)) continue;
      return context.Error(action, fmt::format("missing {} in ntfy action configuration", key));
    }
  }
  return absl::OkStatus();
}

Status CheckTwilio(const RuleContext& context) {
  const YamlNode& section = context.section;
  const bool account = IsSet(section, "auth_token") || IsSet(section, "auth_token_file");
  const bool key = IsSet(section, "api_key_secret") || IsSet(section, "api_key_secret_file");
  if (IsSet(section, "api_key") ? account || !key : key || !account) {
    return context.Error(
        section, "exactly one of auth_token and api_key with api_key_secret must be configured");
  }
  for (const auto& [name, most] : {std::pair{"max_segments", 10}, std::pair{"repeat", 10}}) {
    if (!IsSet(section, name)) continue;
    const YamlNode& node = *section.Find(name);
    const StatusOr<int64_t> number = ParseInt(node.scalar);
    if (!number.ok() || *number < 1 || *number > most) {
      return context.Error(node, fmt::format("{} must be from 1 to {}", name, most));
    }
  }
  return absl::OkStatus();
}

Status CheckPagerDuty(const RuleContext& context) {
  const YamlNode* details = context.section.Find("details");
  if (details == nullptr || details->IsNull() || details->IsMap()) return absl::OkStatus();
  return context.Error(*details, "a map is wanted for details");
}

struct Rule {
  std::string_view kind;
  Status (*check)(const RuleContext&);
};
constexpr Rule kRules[] = {
    {"email", CheckEmail},
    {"incidentio", CheckIncidentIo},
    {"jira", CheckJira},
    {"matrix", CheckMatrix},
    {"mattermost", CheckMattermost},
    {"ntfy", CheckNtfy},
    {"opsgenie", CheckOpsgenie},
    {"pagerduty", CheckPagerDuty},
    {"pushover", CheckPushover},
    {"slack", CheckSlack},
    {"sns", CheckSns},
    {"telegram", CheckTelegram},
    {"twilio_sms", CheckTwilio},
    {"twilio_voice", CheckTwilio},
    {"victorops", CheckVictorOps},
    {"webex", CheckWebex},
    {"webhook", CheckWebhook},
    {"wechat", CheckWeChat},
};

}  // namespace

bool SlackClash(const YamlNode& map, const std::string& prefix) {
  if (!IsSet(map, prefix + "app_token") && !IsSet(map, prefix + "app_token_file")) return false;
  if (IsSet(map, prefix + "api_url_file")) return true;
  if (!IsSet(map, prefix + "api_url")) return false;
  const std::string_view url = ScalarOf(map, prefix + "api_url");
  return url != kSecretText && url != ScalarOf(map, prefix + "app_url", kSlackPostMessage);
}

Status CheckIntegrationRules(std::string_view kind, const YamlNode& section, const YamlNode& global,
                             const std::string& file) {
  const RuleContext context{section, global, file};
  if (ScalarOf(section, "max_alerts").starts_with('-')) {
    return context.Error(*section.Find("max_alerts"), "max_alerts must not be negative");
  }
  for (const Rule& rule : kRules) {
    if (rule.kind == kind) TRY(rule.check(context));
  }
  return absl::OkStatus();
}

}  // namespace outrider
