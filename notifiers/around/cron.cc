// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/cron.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Clocks are set by at most a day (Apia left one out).
constexpr int64_t kLargestChange = 86'400;
// 29 February comes every four years, around 2100 after eight.
constexpr int kMostDays = 9 * 366;

struct Field {
  const char* what;
  int least;
  int most;
  std::span<const std::string_view> names;  // of least, least + 1, …
};
constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
const Field kFields[] = {{"minute", 0, 59, {}},
                         {"hour", 0, 23, {}},
                         {"day of the month", 1, 31, {}},
                         {"month", 1, 12, kMonths},
                         {"day of the week", 0, 7, kDays}};

StatusOr<int> ParseNumber(const Field& field, std::string_view text) {
  for (size_t i = 0; i < field.names.size(); ++i) {
    if (ToLower(text) == field.names[i]) return field.least + static_cast<int>(i);
  }
  const StatusOr<int64_t> number = ParseInt(text);
  if (!number.ok() || *number < field.least || *number > field.most) {
    return InvalidArgument(
        fmt::format("{} is no {} ({} to {})", Quote(text), field.what, field.least, field.most));
  }
  return static_cast<int>(*number);
}

// `*`, `5`, `1-5`, each with an optional `/2`; sets bits of `numbers`.
Status AddPart(const Field& field, std::string_view part, std::bitset<60>* numbers) {
  const size_t slash = part.find('/');
  const std::string_view range = part.substr(0, slash);
  int step = 1;
  if (slash != part.npos) {
    const StatusOr<int64_t> number = ParseInt(part.substr(slash + 1));
    if (!number.ok() || *number < 1 || *number > field.most) {
      return InvalidArgument(fmt::format("{} is no step", Quote(part.substr(slash + 1))));
    }
    step = static_cast<int>(*number);
  }
  int first = field.least;
  int last = field.most;
  if (range != "*") {
    const size_t dash = range.find('-');
    first = TRY(ParseNumber(field, range.substr(0, dash)));
    last = dash != range.npos   ? TRY(ParseNumber(field, range.substr(dash + 1)))
           : slash != part.npos ? field.most
                                : first;
  }
  if (last < first) {
    return InvalidArgument(fmt::format("{} begins behind its end", Quote(range)));
  }
  for (int i = first; i <= last; i += step) numbers->set(static_cast<size_t>(i));
  return absl::OkStatus();
}

StatusOr<std::bitset<60>> ParseField(const Field& field, std::string_view text) {
  std::bitset<60> numbers;
  for (std::string_view part : Split(text, ',')) TRY(AddPart(field, part, &numbers));
  return numbers;
}

template <size_t N>
std::bitset<N> Narrow(const std::bitset<60>& wide) {
  std::bitset<N> narrow;
  for (size_t i = 0; i < N && i < 60; ++i) narrow[i] = wide[i];
  return narrow;
}

bool HasDay(const CronSpec& cron, absl::CivilDay day) {
  if (!cron.months[static_cast<size_t>(day.month())]) return false;
  const bool in_month = cron.days[static_cast<size_t>(day.day())];
  // absl counts from Monday.
  const size_t weekday = (static_cast<size_t>(absl::GetWeekday(day)) + 1) % 7;
  const bool in_week = cron.weekdays[weekday];
  if (cron.any_day || cron.any_weekday) return in_month && in_week;
  return in_month || in_week;
}

// Local times of a day, in seconds after midnight, from the first or from the last on, until
// `visit` returns true.
template <typename Visit>
bool FindTime(const CronSpec& cron, bool backwards, Visit&& visit) {
  for (int i = 0; i < 24; ++i) {
    const int hour = backwards ? 23 - i : i;
    if (!cron.hours[static_cast<size_t>(hour)]) continue;
    for (int k = 0; k < 60; ++k) {
      const int minute = backwards ? 59 - k : k;
      if (!cron.minutes[static_cast<size_t>(minute)]) continue;
      if (visit(3600 * hour + 60 * minute)) return true;
    }
  }
  return false;
}

}  // namespace

StatusOr<CronSpec> ParseCron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::string_view field : Split(text, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != std::size(kFields)) {
    return InvalidArgument(fmt::format(
        "{}: five fields are wanted: minute, hour, day of the month, month, day of the week",
        Quote(text)));
  }
  CronSpec cron;
  cron.minutes = TRY(ParseField(kFields[0], fields[0]));
  cron.hours = Narrow<24>(TRY(ParseField(kFields[1], fields[1])));
  cron.days = Narrow<32>(TRY(ParseField(kFields[2], fields[2])));
  cron.months = Narrow<13>(TRY(ParseField(kFields[3], fields[3])));
  const std::bitset<60> weekdays = TRY(ParseField(kFields[4], fields[4]));
  cron.weekdays = Narrow<7>(weekdays);
  if (weekdays[7]) cron.weekdays.set(0);
  cron.any_day = fields[2].starts_with('*');
  cron.any_weekday = fields[4].starts_with('*');
  bool ever = false;
  for (absl::CivilDay day(2096, 1, 1); !ever && day < absl::CivilDay(2105, 1, 1); ++day) {
    ever = HasDay(cron, day);
  }
  if (!ever) return InvalidArgument(fmt::format("{}: there is no such day", Quote(text)));
  return cron;
}

std::optional<Nanos> LastStart(const CronSpec& cron, absl::TimeZone zone, Nanos time,
                               int64_t within) {
  const absl::CivilSecond local = LocalAt(time, zone);
  const absl::CivilDay first(LocalAt(time - within, zone) - kLargestChange);
  std::optional<Nanos> found;
  for (absl::CivilDay day(local + kLargestChange); day >= first; --day) {
    if (!HasDay(cron, day)) continue;
    const bool done = FindTime(cron, /*backwards=*/true, [&](int seconds) {
      const absl::CivilSecond candidate = absl::CivilSecond(day) + seconds;
      if (candidate - local > kLargestChange) return false;
      const Nanos start = InstantOf(candidate, zone);
      if (start > time) return false;
      found = start;
      return true;
    });
    if (done) break;
  }
  if (found && time - *found > within) return std::nullopt;
  return found;
}

std::optional<Nanos> NextStart(const CronSpec& cron, absl::TimeZone zone, Nanos time) {
  const absl::CivilSecond local = LocalAt(time, zone);
  absl::CivilDay day(local - kLargestChange);
  for (int i = 0; i < kMostDays; ++i, ++day) {
    if (!HasDay(cron, day)) continue;
    std::optional<Nanos> found;
    FindTime(cron, /*backwards=*/false, [&](int seconds) {
      const absl::CivilSecond candidate = absl::CivilSecond(day) + seconds;
      if (local - candidate > kLargestChange) return false;
      const Nanos start = InstantOf(candidate, zone);
      if (start <= time) return false;
      found = start;
      return true;
    });
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace outrider
