// SPDX-License-Identifier: Apache-2.0
// Signals as values: blocked in every thread from construction on, taken one by one by Wait.
#pragma once

#include "storage/base/clock.h"

namespace outrider {

enum class Signal { kStop, kReload, kTimeout };

// Construct before any thread is started.
class SignalWaiter {
 public:
  SignalWaiter();
  // Blocks until SIGINT or SIGTERM (kStop), SIGHUP (kReload), or `timeout` has passed (0: never).
  Signal Wait(DurationMs timeout) const;
};

}  // namespace outrider
