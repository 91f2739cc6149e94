// SPDX-License-Identifier: Apache-2.0
// The shifts of a period as an iCalendar feed (RFC 5545).
#pragma once

#include <span>
#include <string>

#include "notifiers/oncall/schedule.h"

namespace outrider {

// Final shifts: what overrides cut off is cut off. `user`: only theirs; "" : everybody's, an event
// for each who is on call. Events keep their UID as long as user and start stay, so `segments`
// should begin before the shift that holds at `since`; what ends by then is left out. `stamp`: when
// the feed was made.
std::string ICalendar(const Schedule& schedule, std::span<const Segment> segments,
                      const std::string& user, Nanos since, Nanos stamp);

}  // namespace outrider
