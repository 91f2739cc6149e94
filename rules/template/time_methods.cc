// SPDX-License-Identifier: Apache-2.0
// The methods of time.Time and time.Duration that templates use, one table row each.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <limits>
#include <optional>

#include "rules/template/args.h"
#include "rules/template/time_format.h"
#include "rules/template/time_layout.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

struct TimeMethod {
  std::string_view name;
  const char* params;  // as in Function
  StatusOr<Value> (*call)(const Time& time, const Civil& civil, Args args);
};

Nanos AddSaturated(Nanos time, int64_t delta) {
  Nanos sum = 0;
  if (!__builtin_add_overflow(time, delta, &sum)) return sum;
  return delta > 0 ? std::numeric_limits<Nanos>::max() : std::numeric_limits<Nanos>::min();
}

// Saturates as Go does; the zero time is further away than a Duration reaches.
Duration Difference(const Time& a, const Time& b) {
  if (a.IsZero() == b.IsZero()) {
    int64_t delta = 0;
    if (!__builtin_sub_overflow(a.nanos, b.nanos, &delta)) return {delta};
  }
  const bool later = UnixSeconds(a) > UnixSeconds(b);
  return {later ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min()};
}

bool Earlier(const Time& a, const Time& b) {
  return UnixSeconds(a) != UnixSeconds(b) ? UnixSeconds(a) < UnixSeconds(b) : a.nanos < b.nanos;
}

// To a multiple of `step` since Go's zero time, down or to the nearest.
Nanos Rounded(Nanos nanos, int64_t step, bool nearest) {
  if (step <= 0) return nanos;
  // 0001-01-01 is a whole number of days before the epoch, so steps up to a day that divide it
  // count from there too.
  int64_t rest = nanos % step;
  if (rest < 0) rest += step;
  return AddSaturated(nanos, nearest && rest >= step - rest ? step - rest : -rest);
}

StatusOr<Value> AddDate(const Time& time, const Civil& civil, Args args) {
  const int64_t years = TRY(IntArg(args[0]));
  const int64_t months = TRY(IntArg(args[1]));
  const int64_t days = TRY(IntArg(args[2]));
  constexpr int64_t kLimit = 4000;
  const auto beyond = [](int64_t n, int64_t limit) { return n > limit || n < -limit; };
  if (beyond(years, kLimit) || beyond(months, 12 * kLimit) || beyond(days, 366 * kLimit)) {
    return InvalidArgument("AddDate: out of range");
  }
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar arithmetic
  const year_month first =
      year(static_cast<int>(civil.year)) / month(static_cast<unsigned>(civil.month)) +
      std::chrono::years(years) + std::chrono::months(months);
  // A day past the month's end runs into the next one, as in Go.
  const sys_days old_date = year(static_cast<int>(civil.year)) /
                            month(static_cast<unsigned>(civil.month)) /
                            day(static_cast<unsigned>(civil.day));
  const sys_days new_date =
      sys_days(first / day(1)) + std::chrono::days(civil.day - 1) + std::chrono::days(days);
  const int64_t shift = duration_cast<seconds>(new_date - old_date).count();
  int64_t nanos = 0;
  if (__builtin_mul_overflow(shift, kNanosPerSecond, &nanos)) {
    return InvalidArgument("AddDate: out of range");
  }
  return Value(Time{AddSaturated(time.nanos, nanos), time.offset_seconds, time.zone});
}

constexpr TimeMethod kTimeMethods[] = {
    {"Format", "s",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(FormatTime(t, TRY(StringArg(a[0]))));
     }},
    {"String", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(TimeText(t)); }},
    {"Unix", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(UnixSeconds(t)); }},
    {"UnixMilli", "",
     [](const Time& t, const Civil& c, Args) -> StatusOr<Value> {
       return Value(UnixSeconds(t) * 1000 + c.nano / kNanosPerMilli);
     }},
    {"UnixMicro", "",
     [](const Time& t, const Civil& c, Args) -> StatusOr<Value> {
       return Value(UnixSeconds(t) * 1'000'000 + c.nano / 1000);
     }},
    {"UnixNano", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(t.nanos); }},
    {"UTC", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> {
       return Value(Time{t.nanos, 0, "", t.epoch});
     }},
    {"Local", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> {
       return Value(Time{t.nanos, 0, "", t.epoch});
     }},
    {"Location", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> {
       return Value(t.zone.empty() && t.offset_seconds == 0 ? "UTC" : t.zone);
     }},
    {"IsZero", "",
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(t.IsZero()); }},
    {"Sub", "t",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Difference(t, TRY(TimeArg(a[0]))));
     }},
    {"Add", "d",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const Duration d = TRY(DurationArg(a[0]));
       return Value(Time{AddSaturated(t.nanos, d.nanos), t.offset_seconds, t.zone});
     }},
    {"AddDate", "iii", AddDate},
    {"Before", "t",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Earlier(t, TRY(TimeArg(a[0]))));
     }},
    {"After", "t",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Earlier(TRY(TimeArg(a[0])), t));
     }},
    {"Equal", "t",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(TRY(TimeArg(a[0])).nanos == t.nanos);
     }},
    {"Truncate", "d",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Time{Rounded(t.nanos, step, false), t.offset_seconds, t.zone});
     }},
    {"Round", "d",
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Time{Rounded(t.nanos, step, true), t.offset_seconds, t.zone});
     }},
    {"Year", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.year); }},
    {"Month", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> {
       return Value(NamedInt{c.month, MonthName(c.month), "time.Month"});
     }},
    {"Day", "", [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.day); }},
    {"YearDay", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.year_day); }},
    {"Weekday", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> {
       return Value(NamedInt{c.weekday, WeekdayName(c.weekday), "time.Weekday"});
     }},
    {"Hour", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.hour); }},
    {"Minute", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.minute); }},
    {"Second", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.second); }},
    {"Nanosecond", "",
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.nano); }},
};

struct DurationMethod {
  std::string_view name;
  const char* params;
  StatusOr<Value> (*call)(int64_t nanos, Args args);
};

constexpr DurationMethod kDurationMethods[] = {
    {"String", "", [](int64_t n, Args) -> StatusOr<Value> { return Value(DurationText(n)); }},
    {"Hours", "",
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 3600e9); }},
    {"Minutes", "",
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 60e9); }},
    {"Seconds", "",
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 1e9); }},
    {"Milliseconds", "", [](int64_t n, Args) -> StatusOr<Value> { return Value(n / 1'000'000); }},
    {"Microseconds", "", [](int64_t n, Args) -> StatusOr<Value> { return Value(n / 1'000); }},
    {"Nanoseconds", "", [](int64_t n, Args) -> StatusOr<Value> { return Value(n); }},
    {"Abs", "",
     [](int64_t n, Args) -> StatusOr<Value> {
       if (n == std::numeric_limits<int64_t>::min()) ++n;
       return Value(Duration{std::abs(n)});
     }},
    {"Truncate", "d",
     [](int64_t n, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Duration{step > 0 ? n - n % step : n});
     }},
    {"Round", "d",
     [](int64_t n, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       if (n >= 0) return Value(Duration{Rounded(n, step, true)});
       return Value(Duration{
           -Rounded(n == std::numeric_limits<int64_t>::min() ? -(n + 1) : -n, step, true)});
     }},
};

}  // namespace

std::optional<Function> FindTimeMethod(const Value& receiver, std::string_view name) {
  if (const auto* duration = std::get_if<Duration>(&receiver.data())) {
    for (const DurationMethod& method : kDurationMethods) {
      if (method.name != name) continue;
      return Function(
          [call = method.call, nanos = duration->nanos](Args args) { return call(nanos, args); },
          method.params);
    }
  }
  const auto* time = std::get_if<Time>(&receiver.data());
  if (time == nullptr) return std::nullopt;
  for (const TimeMethod& method : kTimeMethods) {
    if (method.name != name) continue;
    return Function(
        [call = method.call, t = *time](Args args) { return call(t, ToCivil(t), args); },
        method.params);
  }
  return std::nullopt;
}

}  // namespace outrider::tmpl
