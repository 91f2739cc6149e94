// SPDX-License-Identifier: Apache-2.0
#include "rules/template/time_layout.h"

#include <array>
#include <chrono>
#include <utility>

namespace outrider::tmpl {
namespace {

using enum LayoutChunk;
constexpr int64_t kYearOne = -62135596800;  // 0001-01-01T00:00:00Z

// Longer spellings first.
constexpr std::array<std::pair<std::string_view, LayoutChunk>, 33> kChunks = {{
    {"January", kLongMonth}, {"Jan", kMonth},       {"Monday", kLongWeekDay}, {"Mon", kWeekDay},
    {"MST", kZoneName},      {"002", kZeroYearDay}, {"01", kZeroMonth},       {"02", kZeroDay},
    {"03", kZeroHour12},     {"04", kZeroMinute},   {"05", kZeroSecond},      {"06", kYear},
    {"15", kHour},           {"1", kNumMonth},      {"2006", kLongYear},      {"2", kDay},
    {"__2", kUnderYearDay},  {"_2", kUnderDay},     {"3", kHour12},           {"4", kMinute},
    {"5", kSecond},          {"PM", kUpperPm},      {"pm", kLowerPm},         {"-070000", kZone},
    {"-07:00:00", kZone},    {"-0700", kZone},      {"-07:00", kZone},        {"-07", kZone},
    {"Z070000", kZone},      {"Z07:00:00", kZone},  {"Z0700", kZone},         {"Z07:00", kZone},
    {"Z07", kZone},
}};

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The fraction of a second at the start of `rest`: .000 or ,999; "" when there is none.
std::string_view Fraction(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',')) return {};
  if (rest[1] != '0' && rest[1] != '9') return {};
  size_t end = 1;
  while (end < rest.size() && rest[end] == rest[1]) ++end;
  if (end < rest.size() && IsDigit(rest[end])) return {};
  return rest.substr(0, end);
}

std::pair<std::string_view, LayoutChunk> ChunkAt(std::string_view rest) {
  if (const std::string_view fraction = Fraction(rest); !fraction.empty()) {
    return {fraction, fraction[1] == '0' ? kFractionZeros : kFractionNines};
  }
  if (rest.starts_with("_2006")) return {rest.substr(0, 1), kLiteral};
  for (const auto& chunk : kChunks) {
    if (!rest.starts_with(chunk.first)) continue;
    const bool abbreviation = chunk.second == kMonth || chunk.second == kWeekDay;
    if (abbreviation && rest.size() > 3 && IsLower(rest[3])) continue;
    return chunk;
  }
  return {rest.substr(0, 1), kLiteral};
}

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

}  // namespace

std::string_view MonthName(int month) { return kMonths[static_cast<size_t>(month - 1) % 12]; }
std::string_view WeekdayName(int weekday) { return kWeekdays[static_cast<size_t>(weekday) % 7]; }

std::vector<LayoutPart> SplitLayout(std::string_view layout) {
  std::vector<LayoutPart> parts;
  while (!layout.empty()) {
    const auto [text, chunk] = ChunkAt(layout);
    layout.remove_prefix(text.size());
    if (chunk == kLiteral && !parts.empty() && parts.back().chunk == kLiteral) {
      parts.back().text += text;
    } else {
      parts.push_back({chunk, std::string(text)});
    }
  }
  return parts;
}

int64_t UnixSeconds(const Time& time) {
  if (time.IsZero()) return kYearOne;
  return std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(time.nanos)).count();
}

Civil ToCivil(const Time& time) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::seconds;
  using std::chrono::sys_days;
  const std::chrono::sys_seconds local{seconds(UnixSeconds(time) + time.offset_seconds)};
  const sys_days date = floor<days>(local);
  const std::chrono::year_month_day ymd(date);
  const auto second_of_day = static_cast<int>((local - date).count());
  Civil civil;
  civil.year = static_cast<int>(ymd.year());
  civil.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  const sys_days new_year = ymd.year() / std::chrono::January / 1;
  civil.year_day = static_cast<int>((date - new_year).count()) + 1;
  civil.weekday = static_cast<int>(std::chrono::weekday(date).c_encoding());
  civil.hour = second_of_day / 3600;
  civil.minute = second_of_day / 60 % 60;
  civil.second = second_of_day % 60;
  const int64_t nano = time.nanos % kNanosPerSecond;
  civil.nano = static_cast<int>(nano < 0 ? nano + kNanosPerSecond : nano);
  return civil;
}

}  // namespace outrider::tmpl
