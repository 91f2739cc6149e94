// SPDX-License-Identifier: Apache-2.0
// The clock on the wall was set back: whatever is due a while after something would wait for the
// clock to catch up, and a page for an hour with it.
#pragma once

#include "notifiers/desk/transaction.h"

namespace outrider {

inline constexpr std::string_view kClockSubject = "clock";  // of the audit trail

// The clock shows `now` and showed `by` nanoseconds more just before. Stamps and the timers that
// count from them move back by as much, so that what has passed since stays what it was. What is
// planned by the calendar stays where it is, and has its timer set anew: ends of silences and of
// snoozes, maintenance windows, shifts. One event of the audit trail says so; older ones stay.
void OnSetBack(Transaction& tx, int64_t by, Nanos now);

}  // namespace outrider
