// SPDX-License-Identifier: Apache-2.0
// The methods of time.Time and time.Duration that templates use, one table row each.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <limits>

#include "rules/template/args.h"
#include "rules/template/time_format.h"
#include "rules/template/time_layout.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

struct TimeMethod {
  std::string_view name;
  size_t args;
  StatusOr<Value> (*call)(const Time& time, const Civil& civil, Args args);
};

Nanos AddSaturated(Nanos time, int64_t delta) {
  Nanos sum = 0;
  if (!__builtin_add_overflow(time, delta, &sum)) return sum;
  return delta > 0 ? std::numeric_limits<Nanos>::max() : std::numeric_limits<Nanos>::min();
}

// Saturates as Go does; the zero time is further away than a Duration reaches.
Duration Difference(const Time& a, const Time& b) {
  if ((a.nanos == 0) == (b.nanos == 0)) {
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
  return nearest && rest >= step - rest ? nanos - rest + step : nanos - rest;
}

StatusOr<Value> AddDate(const Time& time, const Civil& civil, Args args) {
  const int64_t years = TRY(IntArg(args[0]));
  const int64_t months = TRY(IntArg(args[1]));
  const int64_t days = TRY(IntArg(args[2]));
  constexpr int64_t kLimit = 4000;
  if (std::abs(years) > kLimit || std::abs(months) > 12 * kLimit || std::abs(days) > 366 * kLimit) {
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
    {"Format", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(FormatTime(t, TRY(StringArg(a[0]))));
     }},
    {"String", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(TimeText(t)); }},
    {"Unix", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(UnixSeconds(t)); }},
    {"UnixMilli", 0,
     [](const Time& t, const Civil& c, Args) -> StatusOr<Value> {
       return Value(UnixSeconds(t) * 1000 + c.nano / kNanosPerMilli);
     }},
    {"UnixNano", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(t.nanos); }},
    {"UTC", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> {
       return Value(Time{t.nanos, 0, ""});
     }},
    {"Local", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> {
       return Value(Time{t.nanos, 0, ""});
     }},
    {"IsZero", 0,
     [](const Time& t, const Civil&, Args) -> StatusOr<Value> { return Value(t.nanos == 0); }},
    {"Sub", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Difference(t, TRY(TimeArg(a[0]))));
     }},
    {"Add", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const Duration d = TRY(DurationArg(a[0]));
       return Value(Time{AddSaturated(t.nanos, d.nanos), t.offset_seconds, t.zone});
     }},
    {"AddDate", 3, AddDate},
    {"Before", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Earlier(t, TRY(TimeArg(a[0]))));
     }},
    {"After", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(Earlier(TRY(TimeArg(a[0])), t));
     }},
    {"Equal", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       return Value(TRY(TimeArg(a[0])).nanos == t.nanos);
     }},
    {"Truncate", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Time{Rounded(t.nanos, step, false), t.offset_seconds, t.zone});
     }},
    {"Round", 1,
     [](const Time& t, const Civil&, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Time{Rounded(t.nanos, step, true), t.offset_seconds, t.zone});
     }},
    {"Year", 0, [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.year); }},
    {"Month", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> {
       return Value(MonthName(c.month));
     }},
    {"Day", 0, [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.day); }},
    {"YearDay", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.year_day); }},
    {"Weekday", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> {
       return Value(WeekdayName(c.weekday));
     }},
    {"Hour", 0, [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.hour); }},
    {"Minute", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.minute); }},
    {"Second", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.second); }},
    {"Nanosecond", 0,
     [](const Time&, const Civil& c, Args) -> StatusOr<Value> { return Value(c.nano); }},
};

struct DurationMethod {
  std::string_view name;
  size_t args;
  StatusOr<Value> (*call)(int64_t nanos, Args args);
};

constexpr DurationMethod kDurationMethods[] = {
    {"String", 0, [](int64_t n, Args) -> StatusOr<Value> { return Value(DurationText(n)); }},
    {"Hours", 0,
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 3600e9); }},
    {"Minutes", 0,
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 60e9); }},
    {"Seconds", 0,
     [](int64_t n, Args) -> StatusOr<Value> { return Value(static_cast<double>(n) / 1e9); }},
    {"Milliseconds", 0, [](int64_t n, Args) -> StatusOr<Value> { return Value(n / 1'000'000); }},
    {"Microseconds", 0, [](int64_t n, Args) -> StatusOr<Value> { return Value(n / 1'000); }},
    {"Nanoseconds", 0, [](int64_t n, Args) -> StatusOr<Value> { return Value(n); }},
    {"Abs", 0,
     [](int64_t n, Args) -> StatusOr<Value> {
       if (n == std::numeric_limits<int64_t>::min()) ++n;
       return Value(Duration{std::abs(n)});
     }},
    {"Truncate", 1,
     [](int64_t n, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       return Value(Duration{step > 0 ? n - n % step : n});
     }},
    {"Round", 1,
     [](int64_t n, Args a) -> StatusOr<Value> {
       const int64_t step = TRY(DurationArg(a[0])).nanos;
       if (n >= 0) return Value(Duration{Rounded(n, step, true)});
       return Value(Duration{
           -Rounded(n == std::numeric_limits<int64_t>::min() ? -(n + 1) : -n, step, true)});
     }},
};

}  // namespace

StatusOr<Value> CallTimeMethod(const Time& time, std::string_view name, Args args) {
  for (const TimeMethod& method : kTimeMethods) {
    if (method.name != name) continue;
    TRY(CheckCount(args, method.args));
    return method.call(time, ToCivil(time), args);
  }
  return NotFound("");
}

StatusOr<Value> CallDurationMethod(Duration duration, std::string_view name, Args args) {
  for (const DurationMethod& method : kDurationMethods) {
    if (method.name != name) continue;
    TRY(CheckCount(args, method.args));
    return method.call(duration.nanos, args);
  }
  return NotFound("");
}

}  // namespace outrider::tmpl
