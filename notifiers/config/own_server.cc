// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/own_server.h"

#include <algorithm>
#include <string>

#include "notifiers/config/schema.h"

namespace outrider {
namespace {

// A proxy sees what goes through it, so http_config is one of them.
constexpr std::string_view kServerKeys[] = {"api_url",   "app_url", "homeserver_url", "http_config",
                                            "smarthost", "url",     "webhook_url"};

// Each may have a `_file` too.
constexpr std::string_view kCredentials[] = {
    "http_config",        "smtp_auth_username",  "smtp_auth_password",    "smtp_auth_secret",
    "smtp_auth_identity", "smtp_tls_config",     "slack_api_url",         "slack_app_token",
    "opsgenie_api_key",   "wechat_api_secret",   "victorops_api_key",     "telegram_bot_token",
    "rocketchat_token",   "rocketchat_token_id", "mattermost_webhook_url"};

bool IsCredential(std::string_view key) {
  constexpr std::string_view kFile = "_file";
  if (key.ends_with(kFile)) key.remove_suffix(kFile.size());
  return std::ranges::find(kCredentials, key) != std::end(kCredentials);
}

}  // namespace

std::string_view OwnServerKey(const YamlNode& section) {
  for (const std::string_view key : kServerKeys) {
    if (IsSet(section, key)) return key;
  }
  return "";
}

YamlNode WithoutCredentials(const YamlNode& global) {
  YamlNode left = global;
  std::erase_if(left.entries,
                [](const YamlNode::Entry& entry) { return IsCredential(entry.first.scalar); });
  return left;
}

}  // namespace outrider
