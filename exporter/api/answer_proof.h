// SPDX-License-Identifier: Apache-2.0
// What services that call back send, and how their calls prove that they are theirs. Source:
// specs/incidents_oncall_slo.md §3. Everything here is pure; comparisons take a time that tells
// nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// A body of application/x-www-form-urlencoded, in its order. InvalidArgument for a broken escape.
using FormPairs = std::vector<std::pair<std::string, std::string>>;
StatusOr<FormPairs> ParseForm(std::string_view body);
// The first value of a name, "" when there is none.
std::string FormValue(const FormPairs& form, std::string_view name);

// Slack signs `v0:<timestamp>:<body as it came>`. PermissionDenied: wrong, or more than five
// minutes off, so that a call that was overheard is soon worth nothing.
Status CheckSlack(std::string_view secret, std::string_view timestamp, std::string_view signature,
                  std::string_view body, Nanos now);
// Telegram sends the token back that it was given with the webhook.
Status CheckTelegram(std::string_view secret, std::string_view token);
// Twilio signs the URL it calls and the form's pairs in the order of their names.
Status CheckTwilio(std::string_view secret, std::string_view signature, std::string_view url,
                   FormPairs form);

// A button that was pressed.
struct PressedButton {
  std::string token;      // "" : a button that is not ours
  std::string user_id;    // of the service
  std::string user_name;  // as the service knows them, "" when it does not say
  std::string query_id;   // Telegram's, to be answered with
};
// Slack's form: `payload` holds JSON of an interactive message or of block actions.
StatusOr<PressedButton> ReadSlackButton(const FormPairs& form);
// Telegram's update; one without a button is no error.
StatusOr<PressedButton> ReadTelegramButton(std::string_view body);

}  // namespace outrider
