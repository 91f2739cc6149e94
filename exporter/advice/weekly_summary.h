// SPDX-License-Identifier: Apache-2.0
// What a team is told once a week: spend, possible and realised savings, the five largest
// opportunities, what is at risk, how well last day's recommendations held. And when. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/advice/report.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct WeeklySummary {
  std::string title;  // one line
  std::string text;   // plain lines, without markup that a channel would have to know
};

struct SummarySubject {
  std::string team;                          // for the title; empty: everything
  std::optional<double> realised_per_month;  // dollars saved a month by what was taken up
  std::string link;                          // where more stands; may be empty
};

WeeklySummary MakeWeeklySummary(const AdviceReport& report, const SummarySubject& subject);

// A moment of every week by a clock on a wall: `monday 09:00`.
struct WeeklySlot {
  int weekday = 1;  // 0: Sunday
  int hour = 9;
  int minute = 0;
  friend bool operator==(const WeeklySlot&, const WeeklySlot&) = default;
};
StatusOr<WeeklySlot> ParseWeeklySlot(std::string_view text);

// The last such moment at or before `now`. Where the clocks skip it, the moment they skip to;
// where they show it twice, the first. InvalidArgument for an unknown time zone.
StatusOr<Timestamp> LastSlot(const WeeklySlot& slot, std::string_view time_zone, Timestamp now);

}  // namespace outrider
