// SPDX-License-Identifier: Apache-2.0
// The bodies of webhooks without a template: Slack blocks, a Teams card, a Discord embed, flat
// JSON. Texts are cut where the service would refuse them.
#pragma once

#include <string>

#include "notifiers/hooks/hook.h"
#include "notifiers/hooks/hook_message.h"

namespace outrider {

std::string FormatHook(HookType type, const HookMessage& message);

// The hook's template, else its type's format.
std::string HookBody(const Hook& hook, const HookMessage& message);

}  // namespace outrider
