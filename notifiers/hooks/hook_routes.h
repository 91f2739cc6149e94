// SPDX-License-Identifier: Apache-2.0
// How alerts reach webhooks: each enabled one is a receiver behind a route of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/hooks/hook_channel.h"
#include "notifiers/outbox/receivers.h"
#include "storage/base/status.h"

namespace outrider {

// "outrider/webhooks/ID": no name of a file's receiver is likely to be it.
std::string HookReceiverName(const Hook& hook);

// Alerts of at least the webhook's severity, one message an alert, at once and once.
StatusOr<RouteConfig> MakeHookRoute(const Hook& hook, const IncidentsConfig& severities);

struct HookSet {
  std::vector<RouteConfig> routes;
  std::shared_ptr<const Receivers> receivers;  // those of `base` too
};
// Of the enabled webhooks. `base` are the receivers of the files, which stay as they are.
StatusOr<HookSet> MakeHookSet(const std::vector<Hook>& hooks, const IncidentsConfig& severities,
                              const HookTools& tools, std::shared_ptr<const Receivers> base);

}  // namespace outrider
