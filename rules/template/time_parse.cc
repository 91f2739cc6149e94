// SPDX-License-Identifier: Apache-2.0
// time.Parse: the layout's chunks read one after the other from the text.
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "rules/template/time_format.h"
#include "rules/template/time_layout.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

struct Fields {
  int64_t year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nano = 0;
  int offset = 0;
  std::string zone;
  bool pm_given = false;
  bool pm = false;
};

class TimeParser {
 public:
  explicit TimeParser(std::string_view text) : rest_(text) {}

  bool Part(const LayoutPart& part) {
    switch (part.chunk) {
      case LayoutChunk::kLiteral:
        return Literal(part.text);
      case LayoutChunk::kLongMonth:
        return Name(1, 12, MonthName, std::string_view::npos, &fields_.month);
      case LayoutChunk::kMonth:
        return Name(1, 12, MonthName, 3, &fields_.month);
      case LayoutChunk::kNumMonth:
        return Number(1, 2, &fields_.month);
      case LayoutChunk::kZeroMonth:
        return Number(2, 2, &fields_.month);
      case LayoutChunk::kLongWeekDay:
        return Name(0, 6, WeekdayName, std::string_view::npos, &ignored_);
      case LayoutChunk::kWeekDay:
        return Name(0, 6, WeekdayName, 3, &ignored_);
      case LayoutChunk::kUnderDay:
        if (rest_.starts_with(' ')) rest_.remove_prefix(1);
        return Number(1, 2, &fields_.day);
      case LayoutChunk::kDay:
        return Number(1, 2, &fields_.day);
      case LayoutChunk::kZeroDay:
        return Number(2, 2, &fields_.day);
      case LayoutChunk::kHour:
      case LayoutChunk::kHour12:
        return Number(1, 2, &fields_.hour);
      case LayoutChunk::kZeroHour12:
        return Number(2, 2, &fields_.hour);
      case LayoutChunk::kMinute:
        return Number(1, 2, &fields_.minute);
      case LayoutChunk::kZeroMinute:
        return Number(2, 2, &fields_.minute);
      case LayoutChunk::kSecond:
        return Number(1, 2, &fields_.second) && OptionalFraction();
      case LayoutChunk::kZeroSecond:
        return Number(2, 2, &fields_.second) && OptionalFraction();
      case LayoutChunk::kLongYear:
        return Year(4);
      case LayoutChunk::kYear:
        return Year(2);
      case LayoutChunk::kUpperPm:
        return Meridiem("AM", "PM");
      case LayoutChunk::kLowerPm:
        return Meridiem("am", "pm");
      case LayoutChunk::kZoneName:
        return ZoneName();
      case LayoutChunk::kZone:
        return Zone(part.text);
      case LayoutChunk::kFractionZeros:
      case LayoutChunk::kFractionNines:
        return OptionalFraction();
      case LayoutChunk::kUnderYearDay:
      case LayoutChunk::kZeroYearDay:
        return false;
    }
    return false;
  }

  std::optional<Time> Finish() const {
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(fields_.year)),
                                           std::chrono::month(static_cast<unsigned>(fields_.month)),
                                           std::chrono::day(static_cast<unsigned>(fields_.day)));
    int hour = fields_.hour;
    if (fields_.pm_given) hour = hour % 12 + (fields_.pm ? 12 : 0);
    if (!rest_.empty() || !date.ok() || hour > 23 || fields_.minute > 59 || fields_.second > 59) {
      return std::nullopt;
    }
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const int64_t seconds =
        days * 86400 + hour * 3600 + fields_.minute * 60 + fields_.second - fields_.offset;
    Time time{0, fields_.offset, fields_.zone};
    // Years that nanoseconds cannot hold become the zero time.
    if (__builtin_mul_overflow(seconds, kNanosPerSecond, &time.nanos)) time.nanos = 0;
    if (time.nanos != 0) time.nanos += fields_.nano;
    return time;
  }

 private:
  bool Literal(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool Number(size_t min, size_t max, int* out) {
    size_t end = 0;
    int value = 0;
    while (end < max && end < rest_.size() && rest_[end] >= '0' && rest_[end] <= '9') {
      value = value * 10 + (rest_[end++] - '0');
    }
    if (end < min) return false;
    rest_.remove_prefix(end);
    *out = value;
    return true;
  }

  bool Year(size_t digits) {
    int year = 0;
    if (!Number(digits, digits, &year)) return false;
    fields_.year = digits == 4 ? year : year >= 69 ? 1900 + year : 2000 + year;
    return true;
  }

  bool Name(int first, int last, std::string_view (*name)(int), size_t length, int* out) {
    for (int i = first; i <= last; ++i) {
      const std::string_view word = name(i).substr(0, length);
      if (ToLower(rest_.substr(0, word.size())) != ToLower(word)) continue;
      rest_.remove_prefix(word.size());
      *out = i;
      return true;
    }
    return false;
  }

  // A fraction may follow the seconds even where the layout has none.
  bool OptionalFraction() {
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',')) return true;
    if (rest_[1] < '0' || rest_[1] > '9') return true;
    rest_.remove_prefix(1);
    int nano = 0;
    for (int i = 0; i < 9; ++i) {
      const bool digit = !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9';
      nano = nano * 10 + (digit ? rest_[0] - '0' : 0);
      if (digit) rest_.remove_prefix(1);
    }
    fields_.nano = nano;
    return true;
  }

  bool Meridiem(std::string_view am, std::string_view pm) {
    fields_.pm_given = true;
    fields_.pm = rest_.starts_with(pm);
    return Literal(fields_.pm ? pm : am);
  }

  bool ZoneName() {
    size_t end = 0;
    while (end < rest_.size() && end < 5 && rest_[end] >= 'A' && rest_[end] <= 'Z') ++end;
    if (end < 3) return false;
    fields_.zone = rest_.substr(0, end) == "UTC" ? "" : std::string(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return true;
  }

  bool Zone(const std::string& layout) {
    if (layout[0] == 'Z' && Literal("Z")) return true;
    const bool minus = rest_.starts_with('-');
    if (!minus && !rest_.starts_with('+')) return false;
    rest_.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!Number(2, 2, &hours)) return false;
    if (layout.size() > 3) {
      if (layout[3] == ':' && !Literal(":")) return false;
      if (!Number(2, 2, &minutes)) return false;
    }
    fields_.offset = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
    return true;
  }

  std::string_view rest_;
  Fields fields_;
  int ignored_ = 0;
};

}  // namespace

StatusOr<Time> ParseTime(std::string_view layout, std::string_view text) {
  TimeParser parser(text);
  bool ok = true;
  for (const LayoutPart& part : SplitLayout(layout)) ok = ok && parser.Part(part);
  const std::optional<Time> time = ok ? parser.Finish() : std::nullopt;
  if (time.has_value()) return *time;
  return InvalidArgument(fmt::format("parsing time {} as {}", Quote(text), Quote(layout)));
}

}  // namespace outrider::tmpl
