// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/cost_window.h"

#include <fmt/format.h>

#include "rules/cost/cost_ledger.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kWeek = 7 * kDay;
constexpr int64_t kMostUnits = 100'000;

Status Refuse(std::string_view text) {
  return InvalidArgument(fmt::format(
      "window {} is not understood: want today, yesterday, week, lastweek, month, lastmonth, a "
      "duration such as 24h or 7d, or two times with a comma between",
      Quote(text)));
}

// The end of a day, so that whole days are meant.
Timestamp DayAfter(Timestamp time) { return SpanOf(CostTier::kDays, time).end; }

StatusOr<TimeRange> ParseLength(std::string_view text, Timestamp now) {
  if (text.size() < 2) return Refuse(text);
  const StatusOr<int64_t> count = ParseInt(text.substr(0, text.size() - 1));
  if (!count.ok() || *count <= 0 || *count > kMostUnits) return Refuse(text);
  switch (text.back()) {
    case 'm':
      return TimeRange{now - *count * kMinute, now};
    case 'h':
      return TimeRange{now - *count * kHour, now};
    case 'd':
      return TimeRange{DayAfter(now) - *count * kDay, DayAfter(now)};
    case 'w':
      return TimeRange{DayAfter(now) - *count * kWeek, DayAfter(now)};
    default:
      return Refuse(text);
  }
}

StatusOr<Timestamp> ParseTime(std::string_view text) {
  if (const StatusOr<int64_t> seconds = ParseInt(text); seconds.ok()) return *seconds * kSecond;
  const StatusOr<Nanos> time = ParseRfc3339(text);
  if (!time.ok()) return Refuse(text);
  return *time / kNanosPerMilli;
}

TimeRange Week(Timestamp now) {
  const Timestamp today = SpanOf(CostTier::kDays, now).begin;
  const int64_t weekday = (today / kDay + 4) % 7;  // 0: Sunday
  return {today - weekday * kDay, today - weekday * kDay + kWeek};
}

}  // namespace

StatusOr<TimeRange> ParseCostWindow(std::string_view text, Timestamp now) {
  text = Trim(text);
  if (const size_t comma = text.find(','); comma != std::string_view::npos) {
    const TimeRange range = {TRY(ParseTime(Trim(text.substr(0, comma)))),
                             TRY(ParseTime(Trim(text.substr(comma + 1))))};
    if (range.from >= range.to) return InvalidArgument("window: the end is not after the start");
    return range;
  }
  if (const size_t at = text.find(" offset "); at != std::string_view::npos) {
    const DurationMs offset = TRY(ParseDuration(Trim(text.substr(at + 8))));
    return ParseCostWindow(text.substr(0, at), now - offset);
  }
  const CostSpan today = SpanOf(CostTier::kDays, now);
  const CostSpan month = SpanOf(CostTier::kMonths, now);
  if (text == "today") return TimeRange{today.begin, today.end};
  if (text == "yesterday") return TimeRange{today.begin - kDay, today.begin};
  if (text == "week") return Week(now);
  if (text == "lastweek") return Week(now - kWeek);
  if (text == "month") return TimeRange{month.begin, month.end};
  if (text == "lastmonth") {
    return TimeRange{SpanOf(CostTier::kMonths, month.begin - 1).begin, month.begin};
  }
  return ParseLength(text, now);
}

}  // namespace outrider
