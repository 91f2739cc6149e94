// SPDX-License-Identifier: Apache-2.0
// The range grammars of time_intervals. Source: specs/alertmanager.md §1 "time_intervals".
#include <fmt/format.h>

#include <array>
#include <optional>

#include "absl/time/time.h"
#include "notifiers/config/sections.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Range = TimeIntervalSpec::Range;

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

template <size_t N>
std::optional<int> NameIndex(const std::array<std::string_view, N>& names, std::string_view text) {
  const std::string lower = ToLower(text);
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == lower) return static_cast<int>(i);
  }
  return std::nullopt;
}

StatusOr<int> Number(std::string_view text, std::string_view what) {
  const auto number = ParseInt(text);
  if (!number.ok() || *number < -9999 || *number > 9999) {
    return InvalidArgument(fmt::format("{} is not a valid {}", text, what));
  }
  return static_cast<int>(*number);
}

StatusOr<int> Weekday(std::string_view text) {
  if (const auto index = NameIndex(kWeekdays, text)) return *index;
  return InvalidArgument(fmt::format("{} is not a valid weekday", text));
}

StatusOr<int> Month(std::string_view text) {
  if (const auto index = NameIndex(kMonths, text)) return *index + 1;
  const auto number = Number(text, "month");
  if (number.ok() && *number >= 1 && *number <= 12) return *number;
  return InvalidArgument(fmt::format("{} is not a valid month", text));
}

StatusOr<int> DayOfMonth(std::string_view text) {
  const int day = TRY(Number(text, "day of the month"));
  if (day == 0 || day < -31 || day > 31) {
    return InvalidArgument(fmt::format("{} is not a valid day of the month: out of range", day));
  }
  return day;
}

StatusOr<int> Year(std::string_view text) { return Number(text, "year"); }

// `a` or `a:b`, both inclusive.
StatusOr<Range> ParseRange(std::string_view text, StatusOr<int> (*value)(std::string_view)) {
  const size_t colon = text.find(':');
  Range range;
  range.begin = TRY(value(Trim(text.substr(0, colon))));
  range.end = range.begin;
  if (colon != std::string_view::npos) range.end = TRY(value(Trim(text.substr(colon + 1))));
  if (range.begin < 0 && range.end > 0) {
    return InvalidArgument("end day must be negative if start day is negative");
  }
  const bool same_sign = (range.begin < 0) == (range.end < 0);
  if (same_sign && range.begin > range.end) {
    return InvalidArgument(fmt::format("start of the range {} lies behind its end", text));
  }
  return range;
}

Status ParseRanges(const YamlNode* list, const char* what, StatusOr<int> (*value)(std::string_view),
                   const SectionContext& context, std::vector<Range>* out) {
  for (const YamlNode* item : TRY(ListItems(list, what, context))) {
    if (!item->IsScalar()) return context.Error(*item, "a value or a range a:b is wanted here");
    const auto range = ParseRange(item->scalar, value);
    if (!range.ok()) return context.Error(*item, Message(range.status()));
    out->push_back(*range);
  }
  return absl::OkStatus();
}

StatusOr<int> MinuteOfDay(const std::string& text) {
  const bool shape = text.size() == 5 && text[2] == ':';
  const auto hour = ParseInt(text.substr(0, shape ? 2 : 0));
  const auto minute = ParseInt(shape ? text.substr(3) : "");
  const bool digits = shape && text.find_first_not_of("0123456789:") == std::string::npos;
  if (!digits || !hour.ok() || !minute.ok() || *minute > 59 || *hour > 24 ||
      (*hour == 24 && *minute > 0)) {
    return InvalidArgument(fmt::format("couldn't parse timestamp {}, invalid format", text));
  }
  return static_cast<int>(*hour * 60 + *minute);
}

Status ParseTimes(const YamlNode* list, const SectionContext& context, std::vector<Range>* out) {
  for (const YamlNode* item : TRY(ListItems(list, "times", context))) {
    std::string start;
    std::string end;
    YamlReader reader(*item, context.file, "type times");
    reader.String("start_time", &start);
    reader.String("end_time", &end);
    TRY(reader.Finish());
    if (start.empty() || end.empty()) {
      return context.Error(*item, "both start and end times must be provided");
    }
    const auto begin = MinuteOfDay(start);
    const auto stop = MinuteOfDay(end);
    if (!begin.ok()) return context.Error(*item, Message(begin.status()));
    if (!stop.ok()) return context.Error(*item, Message(stop.status()));
    if (*begin >= *stop) {
      return context.Error(*item, "start time cannot be equal or greater than end time");
    }
    out->push_back({*begin, *stop});
  }
  return absl::OkStatus();
}

StatusOr<TimeIntervalSpec> ParseSpec(const YamlNode& node, const SectionContext& context) {
  TimeIntervalSpec spec;
  YamlReader reader(node, context.file, "type time_interval");
  const YamlNode* times = reader.Child("times");
  const YamlNode* weekdays = reader.Child("weekdays");
  const YamlNode* days = reader.Child("days_of_month");
  const YamlNode* months = reader.Child("months");
  const YamlNode* years = reader.Child("years");
  reader.String("location", &spec.location);
  absl::TimeZone zone;
  if (spec.location != "Local" && !absl::LoadTimeZone(spec.location, &zone)) {
    reader.Fail("location", fmt::format("unknown time zone {}", spec.location));
  }
  TRY(reader.Finish());
  TRY(ParseTimes(times, context, &spec.times));
  TRY(ParseRanges(weekdays, "weekdays", Weekday, context, &spec.weekdays));
  TRY(ParseRanges(days, "days_of_month", DayOfMonth, context, &spec.days_of_month));
  TRY(ParseRanges(months, "months", Month, context, &spec.months));
  TRY(ParseRanges(years, "years", Year, context, &spec.years));
  return spec;
}

}  // namespace

StatusOr<std::vector<TimeIntervalSpec>> ParseTimeIntervalSpecs(const YamlNode& list,
                                                               const std::string& what) {
  std::vector<std::string> warnings;
  const SectionContext context{what, &warnings};
  std::vector<TimeIntervalSpec> specs;
  for (const YamlNode* spec : TRY(ListItems(&list, "time_intervals", context))) {
    specs.push_back(TRY(ParseSpec(*spec, context)));
  }
  return specs;
}

Status ParseTimeIntervals(const YamlNode* list, const std::string& what,
                          const SectionContext& context, std::set<std::string>* names,
                          std::vector<NamedTimeInterval>* out) {
  for (const YamlNode* item : TRY(ListItems(list, what, context))) {
    NamedTimeInterval interval;
    YamlReader reader(*item, context.file, "type " + what);
    reader.String("name", &interval.name);
    const YamlNode* specs = reader.Child("time_intervals");
    TRY(reader.Finish());
    if (interval.name.empty()) return context.Error(*item, "missing name in " + what);
    for (const YamlNode* spec : TRY(ListItems(specs, "time_intervals", context))) {
      interval.intervals.push_back(TRY(ParseSpec(*spec, context)));
    }
    if (!names->insert(interval.name).second) {
      return context.Error(*item, fmt::format("{} {} is not unique", what, Quote(interval.name)));
    }
    out->push_back(std::move(interval));
  }
  return absl::OkStatus();
}

}  // namespace outrider
