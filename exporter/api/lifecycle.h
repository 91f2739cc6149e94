// SPDX-License-Identifier: Apache-2.0
// /-/healthy, /-/ready, /-/reload, and the guard that holds queries back until the log is replayed.
#pragma once

#include <functional>

#include "exporter/http/server.h"
#include "storage/base/status.h"

namespace outrider {

struct LifecycleDeps {
  std::function<bool()> ready;  // false while the write-ahead log is replayed, and while stopping
  // All or nothing; the error is told to the caller.
  std::function<Status(const HttpRequest&)> reload;
};

void RegisterLifecycle(Router& router, const LifecycleDeps& deps);

// 503 for the Prometheus API while not ready; writes are taken all the same (contract.md "Start and
// reload").
HttpGuard MakeReadyGuard(std::function<bool()> ready);

}  // namespace outrider
