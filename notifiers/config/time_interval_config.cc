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

// An empty list is not an absent one: Alertmanager takes it for "never". A range of nothing.
constexpr Range kNever{1, 0};

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool IsEmptyList(const YamlNode* list) {
  return list != nullptr && list->IsSequence() && list->items.empty();
}

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

// What a field reads, and whether a range of it is one: "" or the problem, in Alertmanager's words.
struct FieldGrammar {
  const char* name;
  StatusOr<int> (*value)(std::string_view);
  std::string (*problem)(const Range& range);
};

std::string WeekdaysProblem(const Range& range) {
  return range.begin > range.end ? "start day cannot be before end day" : "";
}

// Days from the end are compared as in the shortest month.
std::string DaysProblem(const Range& range) {
  constexpr int kShortest = 28;
  const auto in_shortest = [](int day) { return day < 0 ? kShortest + day : day; };
  if (range.begin < 0 && range.end > 0) {
    return "end day must be negative if start day is negative";
  }
  if (in_shortest(range.begin) <= in_shortest(range.end)) return "";
  return fmt::format("end day {} is always before start day {}", range.end, range.begin);
}

std::string MonthsProblem(const Range& range) {
  if (range.begin <= range.end) return "";
  const auto name = [](int month) { return kMonths[static_cast<size_t>(month - 1)]; };
  return fmt::format("end month {} is before start month {}", name(range.end), name(range.begin));
}

std::string YearsProblem(const Range& range) {
  if (range.begin <= range.end) return "";
  return fmt::format("end year {} is before start year {}", range.end, range.begin);
}

constexpr FieldGrammar kWeekdayField{"weekdays", Weekday, WeekdaysProblem};
constexpr FieldGrammar kDayField{"days_of_month", DayOfMonth, DaysProblem};
constexpr FieldGrammar kMonthField{"months", Month, MonthsProblem};
constexpr FieldGrammar kYearField{"years", Year, YearsProblem};

// `a` or `a:b`, both inclusive.
StatusOr<Range> ParseRange(std::string_view text, const FieldGrammar& field) {
  const size_t colon = text.find(':');
  Range range;
  range.begin = TRY(field.value(text.substr(0, colon)));
  range.end = range.begin;
  if (colon != std::string_view::npos) range.end = TRY(field.value(text.substr(colon + 1)));
  const std::string problem = field.problem(range);
  if (!problem.empty()) return InvalidArgument(problem);
  return range;
}

Status ParseRanges(const YamlNode* list, const FieldGrammar& field, const SectionContext& context,
                   std::vector<Range>* out) {
  const std::vector<const YamlNode*> items = TRY(ListItems(list, field.name, context));
  if (IsEmptyList(list)) out->push_back(kNever);
  for (const YamlNode* item : items) {
    if (!item->IsScalar()) return context.Error(*item, "a value or a range a:b is wanted here");
    const auto range = ParseRange(item->scalar, field);
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
  const std::vector<const YamlNode*> items = TRY(ListItems(list, "times", context));
  if (IsEmptyList(list)) out->push_back(kNever);
  for (const YamlNode* item : items) {
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
  if (spec.location.empty()) spec.location = "UTC";  // as Go reads it
  absl::TimeZone zone;
  if (spec.location != "Local" && !absl::LoadTimeZone(spec.location, &zone)) {
    reader.Fail("location", fmt::format("unknown time zone {}", spec.location));
  }
  TRY(reader.Finish());
  TRY(ParseTimes(times, context, &spec.times));
  TRY(ParseRanges(weekdays, kWeekdayField, context, &spec.weekdays));
  TRY(ParseRanges(days, kDayField, context, &spec.days_of_month));
  TRY(ParseRanges(months, kMonthField, context, &spec.months));
  TRY(ParseRanges(years, kYearField, context, &spec.years));
  return spec;
}

}  // namespace

StatusOr<std::vector<TimeIntervalSpec>> ParseTimeIntervalSpecs(const YamlNode& list,
                                                               const std::string& what) {
  std::vector<std::string> warnings;
  const SectionContext context{what, &warnings};
  std::vector<TimeIntervalSpec> specs;
  for (const YamlNode* spec : TRY(ListItems(&list, "time_intervals", context))) {
    for (const auto& [key, value] : spec->entries) {
      if (!IsEmptyList(&value)) continue;
      return context.Error(value,
                           fmt::format("an empty list of {} means no time at all", key.scalar));
    }
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
