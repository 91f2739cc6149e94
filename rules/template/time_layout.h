// SPDX-License-Identifier: Apache-2.0
// Go's reference-time layouts cut into chunks, and times cut into calendar fields. Part of
// time_format.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template/value.h"

namespace outrider::tmpl {

enum class LayoutChunk {
  kLiteral,
  kLongMonth,      // January
  kMonth,          // Jan
  kNumMonth,       // 1
  kZeroMonth,      // 01
  kLongWeekDay,    // Monday
  kWeekDay,        // Mon
  kDay,            // 2
  kUnderDay,       // _2
  kZeroDay,        // 02
  kUnderYearDay,   // __2
  kZeroYearDay,    // 002
  kHour,           // 15
  kHour12,         // 3
  kZeroHour12,     // 03
  kMinute,         // 4
  kZeroMinute,     // 04
  kSecond,         // 5
  kZeroSecond,     // 05
  kLongYear,       // 2006
  kYear,           // 06
  kUpperPm,        // PM
  kLowerPm,        // pm
  kZoneName,       // MST
  kZone,           // -0700 -07:00 -07 and the Z… forms: text tells which
  kFractionZeros,  // .000
  kFractionNines,  // .999
};
struct LayoutPart {
  LayoutChunk chunk = LayoutChunk::kLiteral;
  std::string text;
};
std::vector<LayoutPart> SplitLayout(std::string_view layout);

// A time in its own offset.
struct Civil {
  int64_t year = 1;
  int month = 1;
  int day = 1;
  int year_day = 1;  // 1..366
  int weekday = 0;   // 0 = Sunday
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nano = 0;
};
Civil ToCivil(const Time& time);
// Whole seconds since the epoch, floor; Go's zero time is far before it.
int64_t UnixSeconds(const Time& time);

std::string_view MonthName(int month);      // 1..12
std::string_view WeekdayName(int weekday);  // 0..6

}  // namespace outrider::tmpl
