// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answer_config.h"

#include <fmt/format.h>

#include "notifiers/desk/answer_codes.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kShortestExpire = kMinute;
constexpr DurationMs kLongestExpire = 30 * kDay;

Status ParseCallback(const YamlNode* node, const std::string& file, const std::string& what,
                     const std::string& key, CallbackConfig* callback) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  const std::string key_file = key + "_file";
  YamlReader reader(*node, file, "type answering." + what);
  std::string value;
  const bool written = reader.String(key, &value);
  const bool elsewhere = reader.String(key_file, &value);
  if (written && elsewhere) {
    reader.Fail(key_file, fmt::format("at most one of {} and {} may be set", key, key_file));
  } else if (Trim(value).empty()) {
    reader.Fail(elsewhere ? key_file : key, fmt::format("missing {} or {}", key, key_file));
  }
  std::vector<std::pair<std::string, std::string>> users;
  reader.StringMap("users", &users);
  TRY(reader.Finish());
  callback->secret = ReadSecret(*node, key, file);
  callback->users = {users.begin(), users.end()};
  return absl::OkStatus();
}

}  // namespace

StatusOr<AnsweringConfig> ParseAnswering(const YamlNode& node, const std::string& file) {
  AnsweringConfig config;
  YamlReader reader(node, file, "type answering");
  reader.Bool("enabled", &config.enabled);
  reader.Duration("expire", &config.expire);
  if (config.expire < kShortestExpire || config.expire > kLongestExpire) {
    reader.Fail("expire", "must be from 1m to 30d");
  }
  const YamlNode* slack = reader.Child("slack");
  const YamlNode* telegram = reader.Child("telegram");
  const YamlNode* twilio = reader.Child("twilio");
  TRY(reader.Finish());
  TRY(ParseCallback(slack, file, "slack", "signing_secret", &config.slack));
  TRY(ParseCallback(telegram, file, "telegram", "secret_token", &config.telegram));
  TRY(ParseCallback(twilio, file, "twilio", "auth_token", &config.twilio));
  return config;
}

std::map<std::pair<std::string, std::string>, std::string> PhonesOf(
    const AlertmanagerConfig& config) {
  std::map<std::pair<std::string, std::string>, std::string> phones;
  for (const ReceiverConfig& receiver : config.receivers) {
    for (const IntegrationConfig& integration : receiver.integrations) {
      if (!integration.kind.starts_with("twilio_") || !integration.section.IsMap()) continue;
      const YamlNode* to = integration.section.Find("to");
      if (to == nullptr || !to->IsScalar() || Contains(to->scalar, "{{")) continue;
      phones[{receiver.name, fmt::format("{}[{}]", integration.kind, integration.index)}] =
          PhoneText(to->scalar);
    }
  }
  return phones;
}

}  // namespace outrider
