// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/week_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<int> ClockMinutes(const YamlNode& owner, const std::string& text,
                           const std::string& file) {
  const bool shape = text.size() == 5 && text[2] == ':' &&
                     text.find_first_not_of("0123456789:") == std::string::npos;
  const int hour = shape ? (text[0] - '0') * 10 + (text[1] - '0') : -1;
  const int minute = shape ? (text[3] - '0') * 10 + (text[4] - '0') : -1;
  if (text == "24:00") return 0;
  if (hour < 0 || hour > 23 || minute > 59) {
    return YamlError(file, owner, fmt::format("{} is no time of the day (09:00)", Quote(text)));
  }
  return 60 * hour + minute;
}

}  // namespace

StatusOr<WeekWindow> ParseWeekWindow(const YamlNode& node, const std::string& file) {
  constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
  WeekWindow window;
  std::vector<std::string> days;
  std::string from = "00:00";
  std::string to = "24:00";
  YamlReader reader(node, file, "type hours");
  if (reader.StringList("weekdays", &days)) window.weekdays.fill(false);
  reader.String("from", &from);
  reader.String("to", &to);
  TRY(reader.Finish());
  for (const std::string& day : days) {
    const auto* const found = std::find(std::begin(kDays), std::end(kDays), ToLower(day));
    if (found == std::end(kDays)) {
      return YamlError(file, node, fmt::format("{} is no day of the week", Quote(day)));
    }
    window.weekdays[static_cast<size_t>(found - std::begin(kDays))] = true;
  }
  window.start = TRY(ClockMinutes(node, from, file));
  window.end = TRY(ClockMinutes(node, to, file));
  return window;
}

}  // namespace outrider
