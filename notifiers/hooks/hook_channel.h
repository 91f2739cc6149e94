// SPDX-License-Identifier: Apache-2.0
// A webhook made by API as a channel: reads its webhook anew for each message, sends to what the
// address guard lets through, signs, logs every attempt. Source: specs/source_systems.md §1.8.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/hooks/hook.h"
#include "notifiers/hooks/hook_message.h"
#include "notifiers/hooks/hook_store.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/clock.h"

namespace outrider {

// What all webhooks share. The references outlive the channels.
struct HookTools {
  HookStore& store;
  HttpClient& http;
  const Clock& clock;
  std::vector<std::string> allowed_networks;  // beside the open Internet
};

// A request of one attempt. With a secret it carries
//   X-KubeOpt-Signature: sha256=<hex of HMAC-SHA256(secret, body)>
// and, against replay, X-Outrider-Timestamp (Unix seconds) with
//   X-Outrider-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>.
HttpClientRequest HookRequest(const Hook& hook, const std::string& body,
                              const std::string& message_key, const HookTools& tools);

// The delay after the n-th failed attempt: 1, 2, 4 … 60 s.
DurationMs HookBackoff(int attempts);

// One attempt to send `message` under the notification's key, logged. kRetry names the delay; after
// 1 + `retries` attempts it is rejected.
SendResult AttemptHook(const Hook& hook, const HookMessage& message,
                       const Notification& notification, const HookTools& tools, int retries);

std::unique_ptr<Channel> MakeHookChannel(std::string hook_id, IncidentsConfig severities,
                                         HookTools tools);

}  // namespace outrider
