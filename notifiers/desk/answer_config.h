// SPDX-License-Identifier: Apache-2.0
// The section `answering` of incidents.yml: whether and how people may answer from a message.
//   answering:
//     enabled: true
//     expire: 24h                     # how long links and buttons are good for
//     slack: {signing_secret_file: slack-secret, users: {U0123: anna}}
//     telegram: {secret_token_file: telegram-secret, users: {"4711": anna}}
//     twilio: {auth_token_file: twilio-token}
#pragma once

#include <map>
#include <string>
#include <utility>

#include "notifiers/channel/secret.h"
#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// A service that calls back when somebody presses a button of ours.
struct CallbackConfig {
  Secret secret;                             // its calls are proved with; empty: it is not used
  std::map<std::string, std::string> users;  // who its ids are here
  bool on() const { return !secret.empty(); }
  // The user an id stands for, else `fallback`.
  const std::string& NameOf(const std::string& id, const std::string& fallback) const {
    const auto user = users.find(id);
    return user == users.end() ? fallback : user->second;
  }
};

struct AnsweringConfig {
  bool enabled = true;
  DurationMs expire = 24 * kHour;
  CallbackConfig slack;
  CallbackConfig telegram;
  CallbackConfig twilio;  // by text message and by digit
  // Numbers of people, by receiver and integration ("twilio_sms[0]"), as PhoneText has them; where
  // the number is a template nobody can answer.
  std::map<std::pair<std::string, std::string>, std::string> phones;
};

// `node` may be null: the defaults. Errors name file, line and column.
StatusOr<AnsweringConfig> ParseAnswering(const YamlNode& node, const std::string& file);
// For AnsweringConfig::phones.
std::map<std::pair<std::string, std::string>, std::string> PhonesOf(
    const AlertmanagerConfig& config);

}  // namespace outrider
