// SPDX-License-Identifier: Apache-2.0
// Shifts out of an iCalendar file (RFC 5545), such as the export of another on-call tool: each
// event is a shift of whom its summary names. Understood are folded lines, times in UTC, local ones
// (TZID, else the schedule's zone) and whole days, DTEND and DURATION, RRULE with FREQ DAILY,
// WEEKLY, MONTHLY, INTERVAL, BYDAY, UNTIL, COUNT and WKST, EXDATE, RECURRENCE-ID, STATUS:CANCELLED.
// What else a rule says is an error, for leaving it out would put somebody on call at the wrong
// time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "notifiers/oncall/schedule.h"
#include "storage/base/status.h"

namespace outrider {

struct CalendarImport {
  absl::TimeZone zone = absl::UTCTimeZone();  // of floating times and whole days
  std::string file;                           // for errors: file:line: message
};

// By start. A summary as our own feed writes it (`On call: anna (primary)`) names anna. Recurring
// events are followed until the year 2040, a file has at most 100,000 shifts and 4 MiB.
StatusOr<std::vector<FixedShift>> ParseICalendar(std::string_view text,
                                                 const CalendarImport& import);

}  // namespace outrider
