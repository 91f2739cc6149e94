// SPDX-License-Identifier: Apache-2.0
// How messages are delivered: limits, circuit breaker and fallback of each integration
// (`alerting.delivery` of outrider.yml; docs/delivery.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Holds for each integration of a receiver by itself.
struct LanePolicy {
  int64_t max_in_flight = 8;              // attempts at once; pages may be two more
  double rate_limit = 0;                  // messages a second; 0: no limit
  int64_t rate_burst = 5;                 // messages that may go at once although the rate is lower
  int64_t breaker_failures = 5;           // in a row, until attempts are put off; 0: never
  DurationMs breaker_open = 2 * kSecond;  // then one attempt; doubles after 30 s …
  DurationMs breaker_open_max = kMinute;  // … up to this
  std::string fallback_receiver;          // "": none
  DurationMs fallback_after = 5 * kMinute;  // of failing, without a success in between
  friend bool operator==(const LanePolicy&, const LanePolicy&) = default;
};

struct DeliveryConfig {
  LanePolicy all;
  OrderedStringMap<LanePolicy> receivers;  // those with settings of their own

  const LanePolicy& Of(std::string_view receiver) const {
    const auto it = receivers.find(receiver);
    return it == receivers.end() ? all : it->second;
  }
  bool AnyFallback() const;
  friend bool operator==(const DeliveryConfig&, const DeliveryConfig&) = default;
};

// Reads the key `delivery` of `alerting`, if it is there.
void ReadDelivery(YamlReader& alerting, const std::string& file, DeliveryConfig* config);
// Every fallback is one of `exists`, and no receiver is its own. InvalidArgument names it.
Status CheckFallbacks(const DeliveryConfig& config,
                      const std::function<bool(std::string_view)>& exists);

}  // namespace outrider
