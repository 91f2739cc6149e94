// SPDX-License-Identifier: Apache-2.0
// RFC 3339 times.
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kYearOneSeconds = -62135596800;  // 0001-01-01T00:00:00Z

int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// Reads exactly `digits` digits.
bool TakeNumber(std::string_view* text, size_t digits, int* out) {
  if (text->size() < digits) return false;
  *out = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return false;
    *out = *out * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return true;
}

bool TakeChar(std::string_view* text, std::string_view allowed) {
  if (text->empty() || allowed.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeFraction(std::string_view* text, int64_t* nanos) {
  if (text->empty() || text->front() != '.') return true;
  text->remove_prefix(1);
  int64_t scale = kNanosPerSecond / 10;
  size_t n = 0;
  for (; n < text->size() && (*text)[n] >= '0' && (*text)[n] <= '9'; ++n) {
    *nanos += ((*text)[n] - '0') * scale;
    scale /= 10;
  }
  text->remove_prefix(n);
  return n > 0;
}

bool TakeOffset(std::string_view* text, int* offset_seconds) {
  *offset_seconds = 0;
  if (TakeChar(text, "Zz")) return true;
  if (text->empty()) return false;
  const int sign = text->front() == '-' ? -1 : 1;
  int hours = 0;
  int minutes = 0;
  if (!TakeChar(text, "+-") || !TakeNumber(text, 2, &hours) || !TakeChar(text, ":") ||
      !TakeNumber(text, 2, &minutes) || hours > 23 || minutes > 59) {
    return false;
  }
  *offset_seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

// Appends at least `digits` digits; the number is not negative.
void AppendDigits(int64_t number, int digits, std::string* out) {
  char text[20];
  size_t at = sizeof text;
  for (; number > 0 || digits > 0; number /= 10, --digits) {
    text[--at] = static_cast<char>('0' + number % 10);
  }
  out->append(text + at, sizeof text - at);
}

}  // namespace

std::string FormatRfc3339(Nanos time, int offset_seconds) {
  if (time == 0) return "0001-01-01T00:00:00Z";
  const int64_t seconds = FloorDiv(time, kNanosPerSecond);
  int64_t fraction = time - seconds * kNanosPerSecond;
  const int64_t local = seconds + offset_seconds;
  const std::chrono::sys_days days{std::chrono::days(FloorDiv(local, 86400))};
  const std::chrono::year_month_day date(days);
  const int64_t of_day = local - FloorDiv(local, 86400) * 86400;
  std::string out;
  out.reserve(40);
  AppendDigits(static_cast<int>(date.year()), 4, &out);  // 1677 to 2262
  const auto part = [&out](char before, int64_t number) {
    out += before;
    AppendDigits(number, 2, &out);
  };
  part('-', static_cast<unsigned>(date.month()));
  part('-', static_cast<unsigned>(date.day()));
  part('T', of_day / 3600);
  part(':', of_day / 60 % 60);
  part(':', of_day % 60);
  if (fraction != 0) {
    int digits = 9;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    out += '.';
    AppendDigits(fraction, digits, &out);
  }
  if (offset_seconds == 0) return out += 'Z';
  const int magnitude = std::abs(offset_seconds);
  part(offset_seconds < 0 ? '-' : '+', magnitude / 3600);
  part(':', magnitude / 60 % 60);
  return out;
}

StatusOr<Nanos> ParseRfc3339(std::string_view text, int* offset_seconds) {
  std::string_view rest = text;
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int offset = 0;
  int64_t fraction = 0;
  const bool shape =
      TakeNumber(&rest, 4, &year) && TakeChar(&rest, "-") && TakeNumber(&rest, 2, &month) &&
      TakeChar(&rest, "-") && TakeNumber(&rest, 2, &day) && TakeChar(&rest, "Tt ") &&
      TakeNumber(&rest, 2, &hour) && TakeChar(&rest, ":") && TakeNumber(&rest, 2, &minute) &&
      TakeChar(&rest, ":") && TakeNumber(&rest, 2, &second) && TakeFraction(&rest, &fraction) &&
      TakeOffset(&rest, &offset) && rest.empty();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!shape || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return InvalidArgument("not an RFC 3339 time: " + Quote(text));
  }
  if (offset_seconds != nullptr) *offset_seconds = offset;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
  if (seconds == kYearOneSeconds && fraction == 0) return 0;
  Nanos nanos = 0;
  if (__builtin_mul_overflow(seconds, kNanosPerSecond, &nanos)) {
    return InvalidArgument("time out of range: " + Quote(text));
  }
  return nanos + fraction;
}

StatusOr<Timestamp> ParseApiTime(std::string_view text) {
  if (const auto seconds = ParseDouble(text); seconds.ok() && std::isfinite(*seconds)) {
    const double ms = std::round(*seconds * 1000);
    if (std::fabs(ms) > 9.2e18) return InvalidArgument("time out of range: " + Quote(text));
    return static_cast<Timestamp>(ms);
  }
  if (const auto nanos = ParseRfc3339(text); nanos.ok()) return FloorDiv(*nanos, kNanosPerMilli);
  return InvalidArgument(fmt::format("cannot parse {} to a valid timestamp", Quote(text)));
}

}  // namespace outrider
