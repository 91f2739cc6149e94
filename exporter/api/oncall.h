// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/oncall: who is on call now and next, shifts of a period, gaps, calendars.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct OnCallApiDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET /outrider/v1/oncall                        every schedule: now, next, gaps of 14 days
//   GET /outrider/v1/oncall/:name                  shifts, gaps and fairness of a period
//   GET /outrider/v1/oncall/:name/calendar.ics     shifts as iCalendar, of all or of one user
// `from`, `to`: seconds or RFC 3339, by default now and 14 days on, at most two years. `time_zone`:
// the reader's, shown beside the schedule's.
void RegisterOnCallApi(Router& router, const OnCallApiDeps& deps);

}  // namespace outrider
