// SPDX-License-Identifier: Apache-2.0
// The thread that brings the write-ahead log to the disk (storage.wal_sync).
#pragma once

#include <functional>
#include <stop_token>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// Calls `sync` every `interval` until a stop is requested; `sync` does nothing when nothing was
// written. Requests of senders that wait for the disk themselves (`interval` 0) leave the results
// of rules to it: those it syncs every 100 ms. Errors are logged at most once a minute.
void RunLogSync(const std::function<Status()>& sync, const Clock& clock, DurationMs interval,
                std::stop_token stop);

}  // namespace outrider
