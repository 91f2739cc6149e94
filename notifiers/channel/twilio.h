// SPDX-License-Identifier: Apache-2.0
// What text messages and calls by Twilio share. Source: specs/incidents_oncall_slo.md §3.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notifiers/channel/http_channel.h"

namespace outrider {

struct TwilioSettings {
  std::string api_url;
  std::string account_sid;
  std::string api_key;  // "": the account itself
  Secret password;      // of the key, or the account's token
  std::string from;     // templates, from here on
  std::string to;
  std::string status_callback;
};
TwilioSettings ReadTwilioSettings(const YamlNode& section, const AlertmanagerConfig& config);

// POSTs the form to the account's resource (Messages, Calls) with To, From where it is set and
// StatusCallback added. "Too many" (429, code 20429) and a full queue (21611) are tried again.
using TwilioForm = std::vector<std::pair<std::string, std::string>>;
StatusOr<SendResult> AskTwilio(const TwilioSettings& settings, std::string_view resource,
                               TwilioForm form, HttpAttempt& attempt);

}  // namespace outrider
