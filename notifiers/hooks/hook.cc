// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "notifiers/hooks/hook_message.h"
#include "notifiers/hooks/hook_template.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kHookFormat = 1;
constexpr uint8_t kDeliveryFormat = 1;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxUrl = 2048;
constexpr size_t kMaxSecret = 256;
constexpr size_t kMaxTemplate = 65536;
constexpr size_t kMaxHeaders = 50;
constexpr size_t kMaxHeaderValue = 4096;

constexpr std::array<std::string_view, 5> kTypes = {"slack", "generic", "teams", "discord",
                                                    "teams_workflows"};
constexpr std::array<std::string_view, 4> kStates = {"pending", "delivered", "failed", "retrying"};

// What the client or the signature sets itself.
constexpr std::string_view kReserved[] = {"host",
                                          "content-length",
                                          "content-type",
                                          "transfer-encoding",
                                          "connection",
                                          "idempotency-key",
                                          "x-kubeopt-signature",
                                          "x-outrider-signature",
                                          "x-outrider-timestamp"};

template <typename Enum, size_t N>
std::optional<Enum> ParseName(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string CheckHeaders(const std::map<std::string, std::string>& headers) {
  if (headers.size() > kMaxHeaders) return fmt::format("at most {} headers", kMaxHeaders);
  for (const auto& [name, value] : headers) {
    if (!IsToken(name)) return fmt::format("{} is no name of a header", Quote(name));
    if (std::ranges::find(kReserved, ToLower(name)) != std::end(kReserved)) {
      return fmt::format("header {} is set by Outrider", Quote(name));
    }
    const bool control = std::ranges::any_of(
        value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (control || value.size() > kMaxHeaderValue) {
      return fmt::format("the value of header {} holds a control character or is too long",
                         Quote(name));
    }
  }
  return "";
}

std::string CheckUrl(const std::string& url) {
  const std::string lower = ToLower(url);
  const size_t host = lower.starts_with("http://") ? 7 : lower.starts_with("https://") ? 8 : 0;
  if (host == 0) return "an http:// or https:// URL is wanted";
  if (url.size() > kMaxUrl) return fmt::format("at most {} characters", kMaxUrl);
  if (host == url.size() || url[host] == '/' || url[host] == '?' || url[host] == '#') {
    return "the URL has no host";
  }
  const bool bad = std::ranges::any_of(
      url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
  return bad ? "the URL holds a blank or a control character" : "";
}

std::string CheckTemplate(const std::string& text) {
  if (text.size() > kMaxTemplate) return fmt::format("at most {} characters", kMaxTemplate);
  // With values and without any: what is good for both is good for all.
  for (const HookMessage& message : {SampleHookMessage(), HookMessage()}) {
    const StatusOr<JsonValue> json = ParseJson(RenderHookTemplate(text, message));
    if (!json.ok()) return "it gives no JSON: " + Message(json.status());
  }
  return "";
}

}  // namespace

std::string_view HookTypeText(HookType type) { return kTypes[static_cast<size_t>(type)]; }
std::optional<HookType> ParseHookType(std::string_view text) {
  return ParseName<HookType>(kTypes, text);
}
std::string_view HookDeliveryStateText(HookDeliveryState state) {
  return kStates[static_cast<size_t>(state)];
}
std::optional<HookDeliveryState> ParseHookDeliveryState(std::string_view text) {
  return ParseName<HookDeliveryState>(kStates, text);
}

std::string EncodeHook(const Hook& hook) {
  return RowWriter(kHookFormat)
      .Text(hook.id)
      .Text(hook.name)
      .Enum(hook.type)
      .Text(hook.url)
      .Text(hook.secret)
      .Bool(hook.enabled)
      .Bool(hook.minimum.has_value())
      .Enum(hook.minimum.value_or(Severity::kInfo))
      .Texts(hook.headers)
      .Text(hook.body_template)
      .I64(hook.created_at)
      .I64(hook.updated_at)
      .Take();
}

StatusOr<Hook> DecodeHook(std::string_view bytes) {
  RowReader in(bytes, kHookFormat, "a webhook");
  Hook hook;
  hook.id = in.Text();
  hook.name = in.Text();
  hook.type = in.Enum(HookType::kTeamsWorkflows);
  hook.url = in.Text();
  hook.secret = in.Text();
  hook.enabled = in.Bool();
  const bool limited = in.Bool();
  const Severity minimum = in.Enum(Severity::kCritical);
  if (limited) hook.minimum = minimum;
  hook.headers = in.Texts();
  hook.body_template = in.Text();
  hook.created_at = in.I64();
  hook.updated_at = in.I64();
  TRY(in.Finish());
  return hook;
}

std::string EncodeHookDelivery(const HookDelivery& delivery) {
  return RowWriter(kDeliveryFormat)
      .Text(delivery.id)
      .Text(delivery.hook_id)
      .Text(delivery.message_key)
      .Text(delivery.alert_id)
      .Enum(delivery.state)
      .I64(delivery.attempts)
      .I64(delivery.created_at)
      .I64(delivery.last_attempt_at)
      .I64(delivery.next_retry_at)
      .I64(delivery.status)
      .Text(delivery.answer)
      .Text(delivery.error)
      .Text(delivery.payload)
      .Take();
}

StatusOr<HookDelivery> DecodeHookDelivery(std::string_view bytes) {
  RowReader in(bytes, kDeliveryFormat, "a webhook's delivery");
  HookDelivery delivery;
  delivery.id = in.Text();
  delivery.hook_id = in.Text();
  delivery.message_key = in.Text();
  delivery.alert_id = in.Text();
  delivery.state = in.Enum(HookDeliveryState::kRetrying);
  delivery.attempts = static_cast<int>(in.I64());
  delivery.created_at = in.I64();
  delivery.last_attempt_at = in.I64();
  delivery.next_retry_at = in.I64();
  delivery.status = static_cast<int>(in.I64());
  delivery.answer = in.Text();
  delivery.error = in.Text();
  delivery.payload = in.Text();
  TRY(in.Finish());
  return delivery;
}

std::map<std::string, std::string> CheckHook(const Hook& hook) {
  std::map<std::string, std::string> wrong;
  const auto check = [&](const char* field, std::string what) {
    if (!what.empty()) wrong[field] = std::move(what);
  };
  if (hook.name.empty()) check("name", "the field is required");
  if (RuneCount(hook.name) > kMaxName)
    check("name", fmt::format("at most {} characters", kMaxName));
  check("url", CheckUrl(hook.url));
  if (RuneCount(hook.secret) > kMaxSecret) {
    check("secret", fmt::format("at most {} characters", kMaxSecret));
  }
  check("custom_headers", CheckHeaders(hook.headers));
  if (!hook.body_template.empty()) check("template", CheckTemplate(hook.body_template));
  return wrong;
}

}  // namespace outrider
