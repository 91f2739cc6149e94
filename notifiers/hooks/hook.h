// SPDX-License-Identifier: Apache-2.0
// A webhook made by API, and an entry of its delivery log, as rows of Family::kHooks and kHookLog.
// Source: specs/source_systems.md §1.8.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "notifiers/config/incidents_config.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// On disk: add at the end.
enum class HookType : uint8_t {
  kSlack,
  kGeneric,
  kTeams,  // MessageCard
  kDiscord,
  kTeamsWorkflows,  // Adaptive Card, for what replaces Office 365 connectors
};
std::string_view HookTypeText(HookType type);  // slack, generic, teams, discord, teams_workflows
std::optional<HookType> ParseHookType(std::string_view text);

struct Hook {
  std::string id;  // a UUID
  std::string name;
  HookType type = HookType::kGeneric;
  std::string url;
  std::string secret;  // of the signature; "": none. Never shown
  bool enabled = true;
  std::optional<Severity> minimum;  // alerts below are not sent; none: all are
  std::map<std::string, std::string> headers;
  std::string body_template;  // "": the type's own format
  Nanos created_at = 0;
  Nanos updated_at = 0;
  friend bool operator==(const Hook&, const Hook&) = default;
};

// On disk: add at the end.
enum class HookDeliveryState : uint8_t { kPending, kDelivered, kFailed, kRetrying };
std::string_view HookDeliveryStateText(HookDeliveryState state);  // pending, delivered, …
std::optional<HookDeliveryState> ParseHookDeliveryState(std::string_view text);

// One message of a webhook, with what became of it.
struct HookDelivery {
  std::string id;  // a UUID
  std::string hook_id;
  std::string message_key;  // idempotency key of the message
  std::string alert_id;     // fingerprint of the alert, or "test"
  HookDeliveryState state = HookDeliveryState::kPending;
  int attempts = 0;
  Nanos created_at = 0;
  Nanos last_attempt_at = 0;  // 0: none yet
  Nanos next_retry_at = 0;    // 0: none
  int status = 0;             // of the last HTTP answer; 0: there was none
  std::string answer;         // its start
  std::string error;          // of the last attempt, for people
  std::string payload;        // as sent, at most kMaxKeptPayload bytes of it
  friend bool operator==(const HookDelivery&, const HookDelivery&) = default;
};

inline constexpr int kHookRetries = 3;           // after the first attempt: 4 sends in all
inline constexpr size_t kMaxKeptAnswer = 1000;   // characters
inline constexpr size_t kMaxKeptPayload = 8192;  // bytes

std::string EncodeHook(const Hook& hook);
StatusOr<Hook> DecodeHook(std::string_view bytes);
std::string EncodeHookDelivery(const HookDelivery& delivery);
StatusOr<HookDelivery> DecodeHookDelivery(std::string_view bytes);

// What is wrong with a webhook that somebody wants to make, by field; empty: nothing. URLs are
// http(s) with a host; a template must give JSON.
std::map<std::string, std::string> CheckHook(const Hook& hook);

}  // namespace outrider
