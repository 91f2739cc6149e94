// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/delivery_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kMostInFlight = 256;  // each is a thread while it runs

void NotNegative(YamlReader& r, std::string_view key, bool fine) {
  if (!fine) r.Fail(key, fmt::format("{} must not be negative", key));
}

void ReadPolicy(YamlReader& r, LanePolicy* policy) {
  r.Int("max_in_flight", &policy->max_in_flight);
  if (policy->max_in_flight < 1 || policy->max_in_flight > kMostInFlight) {
    r.Fail("max_in_flight", fmt::format("max_in_flight must be from 1 to {}", kMostInFlight));
  }
  r.Double("rate_limit", &policy->rate_limit);
  NotNegative(r, "rate_limit", policy->rate_limit >= 0);
  r.Int("rate_burst", &policy->rate_burst);
  if (policy->rate_burst < 1) r.Fail("rate_burst", "rate_burst must be at least 1");
  r.Int("breaker_failures", &policy->breaker_failures);
  NotNegative(r, "breaker_failures", policy->breaker_failures >= 0);
  r.Duration("breaker_open", &policy->breaker_open);
  r.Duration("breaker_open_max", &policy->breaker_open_max);
  if (policy->breaker_open < kSecond) {
    r.Fail("breaker_open", "breaker_open must be at least 1s");
  }
  if (policy->breaker_open_max < policy->breaker_open) {
    r.Fail("breaker_open_max", "breaker_open_max must not be less than breaker_open");
  }
  r.String("fallback_receiver", &policy->fallback_receiver);
  r.Duration("fallback_after", &policy->fallback_after);
}

}  // namespace

bool DeliveryConfig::AnyFallback() const {
  return !all.fallback_receiver.empty() ||
         std::any_of(receivers.begin(), receivers.end(),
                     [](const auto& entry) { return !entry.second.fallback_receiver.empty(); });
}

void ReadDelivery(YamlReader& alerting, const std::string& file, DeliveryConfig* config) {
  const YamlNode* node = alerting.Child("delivery");
  if (node == nullptr) return;
  YamlReader r(*node, file, "section delivery");
  ReadPolicy(r, &config->all);
  const YamlNode* receivers = r.Child("receivers");
  if (const Status status = r.Finish(); !status.ok()) return alerting.Fail(status);
  if (receivers == nullptr || receivers->IsNull()) return;
  if (!receivers->IsMap()) {
    return alerting.Fail(YamlError(file, *receivers, "receivers: want names and their settings"));
  }
  for (const auto& [name, section] : receivers->entries) {
    LanePolicy policy = config->all;
    if (policy.fallback_receiver == name.scalar) policy.fallback_receiver.clear();
    YamlReader own(section, file, "delivery of " + Quote(name.scalar));
    ReadPolicy(own, &policy);
    if (const Status status = own.Finish(); !status.ok()) return alerting.Fail(status);
    config->receivers.insert_or_assign(name.scalar, std::move(policy));
  }
}

Status CheckFallbacks(const DeliveryConfig& config,
                      const std::function<bool(std::string_view)>& exists) {
  const auto check = [&](std::string_view receiver, const LanePolicy& policy) -> Status {
    if (policy.fallback_receiver.empty() || exists(policy.fallback_receiver)) {
      if (receiver.empty() || receiver != policy.fallback_receiver) return absl::OkStatus();
      return InvalidArgument(fmt::format(
          "alerting.delivery: receiver {} cannot be its own fallback_receiver", Quote(receiver)));
    }
    return InvalidArgument(
        fmt::format("alerting.delivery: fallback_receiver {} is no receiver of the configuration",
                    Quote(policy.fallback_receiver)));
  };
  TRY(check("", config.all));
  for (const auto& [name, policy] : config.receivers) {
    if (!exists(name)) {
      return InvalidArgument(fmt::format(
          "alerting.delivery.receivers: {} is no receiver of the configuration", Quote(name)));
    }
    TRY(check(name, policy));
  }
  return absl::OkStatus();
}

}  // namespace outrider
