// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/answer_proof.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/crypto.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kSlackWindow = 300;  // seconds

Status NotTheirs() { return absl::PermissionDeniedError("the signature is not right"); }

const JsonValue& MemberOf(const JsonValue& json, std::string_view key) {
  static const JsonValue kNone;
  const JsonValue* member = json.kind == JsonValue::Kind::kObject ? json.Find(key) : nullptr;
  return member == nullptr ? kNone : *member;
}

std::string FirstOf(const JsonValue& json, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const JsonValue& value = MemberOf(json, key);
    if (value.kind == JsonValue::Kind::kString && !value.string.empty()) return value.string;
  }
  return "";
}

}  // namespace

StatusOr<FormPairs> ParseForm(std::string_view body) {
  FormPairs form;
  for (const std::string_view pair : Split(body, '&')) {
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals == pair.size() ? "" : pair.substr(equals + 1);
    form.emplace_back(TRY(UrlDecode(pair.substr(0, equals), true)), TRY(UrlDecode(value, true)));
  }
  return form;
}

std::string FormValue(const FormPairs& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return "";
}

Status CheckSlack(std::string_view secret, std::string_view timestamp, std::string_view signature,
                  std::string_view body, Nanos now) {
  const std::string wanted =
      "v0=" + HexEncode(HmacSha256(secret, fmt::format("v0:{}:{}", timestamp, body)));
  if (secret.empty() || !SameSecret(signature, wanted)) return NotTheirs();
  const StatusOr<int64_t> sent = ParseInt(timestamp);
  const int64_t seconds = now / kNanosPerSecond;
  if (!sent.ok() || *sent < seconds - kSlackWindow || *sent > seconds + kSlackWindow) {
    return absl::PermissionDeniedError("the call is more than five minutes old");
  }
  return absl::OkStatus();
}

Status CheckTelegram(std::string_view secret, std::string_view token) {
  return !secret.empty() && SameSecret(secret, token) ? absl::OkStatus() : NotTheirs();
}

Status CheckTwilio(std::string_view secret, std::string_view signature, std::string_view url,
                   FormPairs form) {
  std::ranges::sort(form);
  std::string text(url);
  for (const auto& [name, value] : form) text += name + value;
  const std::string wanted = Base64Encode(HmacSha1(secret, text));
  return !secret.empty() && SameSecret(signature, wanted) ? absl::OkStatus() : NotTheirs();
}

StatusOr<PressedButton> ReadSlackButton(const FormPairs& form) {
  const StatusOr<JsonValue> payload = ParseJson(FormValue(form, "payload"));
  if (!payload.ok()) return Annotate(payload.status(), "payload");
  PressedButton button;
  const JsonValue& user = MemberOf(*payload, "user");
  button.user_id = FirstOf(user, {"id"});
  button.user_name = FirstOf(user, {"username", "name"});
  const JsonValue& actions = MemberOf(*payload, "actions");
  if (!actions.items.empty()) button.token = FirstOf(actions.items.front(), {"value"});
  return button;
}

StatusOr<PressedButton> ReadTelegramButton(std::string_view body) {
  const JsonValue update = TRY(ParseJson(body));
  const JsonValue& query = MemberOf(update, "callback_query");
  PressedButton button;
  button.token = FirstOf(query, {"data"});
  button.query_id = FirstOf(query, {"id"});
  const JsonValue& user = MemberOf(query, "from");
  if (MemberOf(user, "id").is_integer)
    button.user_id = fmt::to_string(MemberOf(user, "id").integer);
  button.user_name = FirstOf(user, {"username", "first_name"});
  return button;
}

}  // namespace outrider
