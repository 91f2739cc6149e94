// SPDX-License-Identifier: Apache-2.0
// /api/v1/webhooks: webhooks made, changed, tested and deleted by API, in KubeOpt's shapes.
// Source: specs/source_systems.md §1.8. Their secrets are never answered.
#pragma once

#include <functional>

#include "exporter/http/server.h"
#include "notifiers/hooks/hook_channel.h"
#include "notifiers/hooks/hook_store.h"
#include "storage/base/random.h"
#include "storage/base/status.h"

namespace outrider {

struct WebhooksApiDeps {
  std::function<HookTools()> tools;  // as of now; the store of the webhooks stays the same
  Random& random;
  // Called when who is told of what has changed; its error is answered (the webhook is kept).
  std::function<Status()> changed;
};

void RegisterWebhooksApi(Router& router, const WebhooksApiDeps& deps);

}  // namespace outrider
