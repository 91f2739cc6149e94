// SPDX-License-Identifier: Apache-2.0
#include "rules/template/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"
#include "rules/template/time_layout.h"

namespace outrider::tmpl {
namespace {

// -0700, -07:00, -07 and with seconds; a layout with Z writes Z at offset 0.
std::string ZoneText(const std::string& layout, int offset) {
  if (layout[0] == 'Z' && offset == 0) return "Z";
  const int magnitude = std::abs(offset);
  const char* colon = layout.find(':') != std::string::npos ? ":" : "";
  std::string out = fmt::format("{}{:02}", offset < 0 ? '-' : '+', magnitude / 3600);
  const auto digits =
      std::count_if(layout.begin(), layout.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits >= 4) out += fmt::format("{}{:02}", colon, magnitude / 60 % 60);
  if (digits >= 6) out += fmt::format("{}{:02}", colon, magnitude % 60);
  return out;
}

std::string FractionText(const LayoutPart& part, int nano) {
  std::string digits = fmt::format("{:09}", nano);
  digits.resize(std::min<size_t>(part.text.size() - 1, 9), '0');
  if (part.chunk == LayoutChunk::kFractionNines) {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return "";
  }
  return part.text[0] + digits;
}

std::string ZoneName(const Time& time) {
  if (!time.zone.empty()) return time.zone;
  return time.offset_seconds == 0 ? "UTC" : ZoneText("-0700", time.offset_seconds);
}

std::string YearText(int64_t year) {
  return year < 0 ? fmt::format("-{:04}", -year) : fmt::format("{:04}", year);
}

std::string PartText(const LayoutPart& part, const Civil& civil, const Time& time) {
  const int hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12;
  switch (part.chunk) {
    case LayoutChunk::kLiteral:
      return part.text;
    case LayoutChunk::kLongMonth:
      return std::string(MonthName(civil.month));
    case LayoutChunk::kMonth:
      return std::string(MonthName(civil.month).substr(0, 3));
    case LayoutChunk::kNumMonth:
      return fmt::format("{}", civil.month);
    case LayoutChunk::kZeroMonth:
      return fmt::format("{:02}", civil.month);
    case LayoutChunk::kLongWeekDay:
      return std::string(WeekdayName(civil.weekday));
    case LayoutChunk::kWeekDay:
      return std::string(WeekdayName(civil.weekday).substr(0, 3));
    case LayoutChunk::kDay:
      return fmt::format("{}", civil.day);
    case LayoutChunk::kUnderDay:
      return fmt::format("{:2}", civil.day);
    case LayoutChunk::kZeroDay:
      return fmt::format("{:02}", civil.day);
    case LayoutChunk::kUnderYearDay:
      return fmt::format("{:3}", civil.year_day);
    case LayoutChunk::kZeroYearDay:
      return fmt::format("{:03}", civil.year_day);
    case LayoutChunk::kHour:
      return fmt::format("{:02}", civil.hour);
    case LayoutChunk::kHour12:
      return fmt::format("{}", hour12);
    case LayoutChunk::kZeroHour12:
      return fmt::format("{:02}", hour12);
    case LayoutChunk::kMinute:
      return fmt::format("{}", civil.minute);
    case LayoutChunk::kZeroMinute:
      return fmt::format("{:02}", civil.minute);
    case LayoutChunk::kSecond:
      return fmt::format("{}", civil.second);
    case LayoutChunk::kZeroSecond:
      return fmt::format("{:02}", civil.second);
    case LayoutChunk::kLongYear:
      return YearText(civil.year);
    case LayoutChunk::kYear:
      return fmt::format("{:02}", civil.year % 100);
    case LayoutChunk::kUpperPm:
      return civil.hour >= 12 ? "PM" : "AM";
    case LayoutChunk::kLowerPm:
      return civil.hour >= 12 ? "pm" : "am";
    case LayoutChunk::kZoneName:
      return ZoneName(time);
    case LayoutChunk::kZone:
      return ZoneText(part.text, time.offset_seconds);
    case LayoutChunk::kFractionZeros:
    case LayoutChunk::kFractionNines:
      return FractionText(part, civil.nano);
  }
  return "";
}

constexpr size_t kLongestZone = 64;

// Zones are files. A name comes from a label, that is from anybody: what leads out of their
// directory (Abseil opens `/etc/passwd` and `file:/etc/passwd` as they are) is no name of a zone.
bool IsZoneName(std::string_view name) {
  constexpr std::string_view kOthers = "/_+-";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return name.size() <= kLongestZone && !name.starts_with('/') && std::ranges::all_of(name, fits);
}

}  // namespace

std::string FormatTime(const Time& time, std::string_view layout) {
  const Civil civil = ToCivil(time);
  std::string out;
  for (const LayoutPart& part : SplitLayout(layout)) out += PartText(part, civil, time);
  return out;
}

std::string TimeText(const Time& time) {
  return FormatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string DurationText(int64_t nanos) {
  if (nanos == 0) return "0s";
  const uint64_t magnitude =
      nanos < 0 ? uint64_t{0} - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  const auto fraction = [](uint64_t value, uint64_t unit, int digits) {
    std::string text = fmt::format("{}", value / unit);
    std::string rest = fmt::format("{:0{}}", value % unit, digits);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    return rest.empty() ? text : text + "." + rest;
  };
  const std::string sign = nanos < 0 ? "-" : "";
  if (magnitude < 1000) return fmt::format("{}{}ns", sign, magnitude);
  if (magnitude < 1000'000) return sign + fraction(magnitude, 1000, 3) + "µs";
  if (magnitude < 1000'000'000) return sign + fraction(magnitude, 1000'000, 6) + "ms";
  const uint64_t minutes = magnitude / 60'000'000'000;
  std::string out = fraction(magnitude % 60'000'000'000, 1000'000'000, 9) + "s";
  if (minutes > 0) out = fmt::format("{}m{}", minutes % 60, out);
  if (minutes >= 60) out = fmt::format("{}h{}", minutes / 60, out);
  return sign + out;
}

StatusOr<Time> InZone(const Time& time, const std::string& zone) {
  if (zone.empty() || zone == "UTC" || zone == "Local") return Time{time.nanos, 0, "", time.epoch};
  absl::TimeZone loaded;
  if (!IsZoneName(zone) || !absl::LoadTimeZone(zone, &loaded)) {
    return InvalidArgument(fmt::format("unknown time zone {}", zone.substr(0, kLongestZone)));
  }
  const absl::TimeZone::CivilInfo info = loaded.At(absl::FromUnixSeconds(UnixSeconds(time)));
  return Time{time.nanos, info.offset, info.zone_abbr, time.epoch};
}

}  // namespace outrider::tmpl
