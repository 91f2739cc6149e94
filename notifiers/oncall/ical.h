// SPDX-License-Identifier: Apache-2.0
// The shifts of a period as an iCalendar feed (RFC 5545).
#pragma once

#include <string>
#include <vector>

#include "notifiers/oncall/schedule.h"

namespace outrider {

// What a feed of [from, to) is made of. Its first shifts may have begun before `from`.
struct FeedSegments {
  std::vector<Segment> segments;
  Nanos from = 0;  // shifts that are over by then are left out
  // The first segment begins here. A shift that runs then began earlier still, longer ago than is
  // looked for: years.
  Nanos looked_from = 0;
};
FeedSegments SegmentsForFeed(const Schedule& schedule, Nanos from, Nanos to);

// Final shifts: what overrides cut off is cut off. `user`: only theirs; "" : everybody's, an event
// for each who is on call. Events keep their UID as long as user and start stay, wherever the
// period of the feed begins. `stamp`: when the feed was made.
std::string ICalendar(const Schedule& schedule, const FeedSegments& feed, const std::string& user,
                      Nanos stamp);

}  // namespace outrider
