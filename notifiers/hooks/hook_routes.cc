// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_routes.h"

#include <fmt/format.h>

#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kGroupInterval = 5 * kMinute;
constexpr DurationMs kNever = 365 * kDay;

// Values of the severity label that mean at least `minimum`. What has another value, or none, has
// the default severity.
StatusOr<Matcher> AtLeast(Severity minimum, const IncidentsConfig& severities) {
  const bool others_in = severities.default_severity >= minimum;
  std::vector<std::string> names;
  for (const auto& [name, severity] : severities.severity_map) {
    if ((severity >= minimum) != others_in) names.push_back(QuoteRegexMeta(name));
  }
  // Nothing to name: every value (or none) is in.
  const std::string pattern = fmt::format("(?i:{})", Join(names, "|"));
  if (names.empty()) {
    return Matcher::Create(others_in ? MatchType::kRegex : MatchType::kNotRegex, "severity", ".*");
  }
  return Matcher::Create(others_in ? MatchType::kNotRegex : MatchType::kRegex, "severity", pattern);
}

}  // namespace

std::string HookReceiverName(const Hook& hook) { return "outrider/webhooks/" + hook.id; }

StatusOr<RouteConfig> MakeHookRoute(const Hook& hook, const IncidentsConfig& severities) {
  RouteConfig route;
  route.receiver = HookReceiverName(hook);
  if (hook.minimum) route.matchers.push_back(TRY(AtLeast(*hook.minimum, severities)));
  route.group_by_all = true;
  route.group_wait = 0;
  route.group_interval = kGroupInterval;
  route.repeat_interval = kNever;
  route.continue_matching = true;
  route.at_once = true;
  route.key = fmt::format("{{}}/{{outrider_webhook={}}}", Quote(hook.id));
  return route;
}

StatusOr<HookSet> MakeHookSet(const std::vector<Hook>& hooks, const IncidentsConfig& severities,
                              const HookTools& tools, std::shared_ptr<const Receivers> base) {
  HookSet set;
  std::vector<Receiver> receivers;
  for (const Hook& hook : hooks) {
    if (!hook.enabled) continue;
    set.routes.push_back(TRY(MakeHookRoute(hook, severities)));
    Receiver receiver;
    receiver.name = HookReceiverName(hook);
    Integration integration;
    integration.kind = "webhook";
    integration.send_resolved = false;  // KubeOpt's messages have no end
    integration.from_api = true;
    integration.channel = MakeHookChannel(hook.id, severities, tools);
    receiver.integrations.push_back(std::move(integration));
    receivers.push_back(std::move(receiver));
  }
  set.receivers = std::make_shared<const Receivers>(std::move(receivers), std::move(base));
  return set;
}

}  // namespace outrider
