// SPDX-License-Identifier: Apache-2.0
// The times of Alertmanager's clients: what go-openapi's strfmt.DateTime decodes, and offsets
// without a colon everywhere.
#include <algorithm>
#include <chrono>
#include <optional>

#include "exporter/api/am_common.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kYearOneSeconds = -62135596800;  // 0001-01-01T00:00:00Z
// As imports of silences have it: a second short of what fits, so that a fraction does.
constexpr int64_t kMostSeconds = INT64_MAX / kNanosPerSecond - 1;

// Takes pieces off the front of a text; once one is missing, nothing is taken any more.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  bool Next(std::string_view any) const {
    return !rest_.empty() && any.find(rest_.front()) != std::string_view::npos;
  }
  void Char(std::string_view any) {
    ok_ = ok_ && Next(any);
    if (ok_) rest_.remove_prefix(1);
  }
  int Number(size_t digits) {
    int number = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char digit = rest_.empty() ? ' ' : rest_.front();
      Char("0123456789");
      number = number * 10 + (digit - '0');
      if (!ok_) return 0;
    }
    return number;
  }
  // Behind the point; digits beyond the ninth are dropped.
  int64_t Fraction() {
    int64_t nanos = Number(1);
    int digits = 1;
    for (; ok_ && Next("0123456789"); ++digits) {
      const int digit = Number(1);
      if (digits < 9) nanos = nanos * 10 + digit;
    }
    for (; digits < 9; ++digits) nanos *= 10;
    return nanos;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct TimeOfDay {
  int64_t seconds = 0;
  int64_t nanos = 0;
  int offset = 0;
};

int Offset(Cursor* text) {
  if (text->Next("Zz")) {
    text->Char("Zz");
    return 0;
  }
  const int sign = text->Next("-") ? -1 : 1;
  text->Char("+-");
  const int hours = text->Number(2);
  if (text->Next(":")) text->Char(":");
  const int minutes = text->Number(2);
  return sign * (hours * 3600 + minutes * 60);
}

// nullopt: not one.
std::optional<TimeOfDay> ReadTimeOfDay(Cursor* text) {
  TimeOfDay time;
  const int hour = text->Number(2);
  text->Char(":");
  const int minute = text->Number(2);
  int second = 0;
  if (text->Next(":")) {
    text->Char(":");
    second = text->Number(2);
    if (text->Next(".,")) {
      text->Char(".,");
      time.nanos = text->Fraction();
    }
  }
  if (!text->done()) time.offset = Offset(text);
  const bool good = text->ok() && text->done() && hour < 24 && minute < 60 && second <= 60;
  if (!good || time.offset <= -25 * 3600 || time.offset >= 25 * 3600) return std::nullopt;
  time.seconds = hour * 3600 + minute * 60 + second;
  return time;
}

}  // namespace

StatusOr<AlertTime> ParseAmTime(std::string_view text) {
  if (text.empty()) return AlertTime{1, 0};
  Cursor cursor(text);
  const int year = cursor.Number(4);
  cursor.Char("-");
  const int month = cursor.Number(2);
  cursor.Char("-");
  const int day = cursor.Number(2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  std::optional<TimeOfDay> time = TimeOfDay();
  if (!cursor.done()) {
    cursor.Char("Tt ");
    time = ReadTimeOfDay(&cursor);
  }
  if (!cursor.ok() || !time || !date.ok()) {
    return InvalidArgument("not an RFC 3339 time: " + Quote(text));
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86400 + time->seconds - time->offset;
  if (seconds == kYearOneSeconds && time->nanos == 0) return AlertTime{0, time->offset};
  const Nanos nanos =
      std::clamp(seconds, -kMostSeconds, kMostSeconds) * kNanosPerSecond + time->nanos;
  return AlertTime{nanos == 0 ? 1 : nanos, time->offset};
}

}  // namespace outrider
