// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/fixes.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider {

StatusOr<AlertingFixes> ParseFixes(std::span<const std::string> names) {
  struct Fix {
    std::string_view name;
    bool AlertingFixes::* field;
  };
  constexpr Fix kFixes[] = {
      {"refire_after_silence", &AlertingFixes::refire_after_silence},
      {"repeat_on_time", &AlertingFixes::repeat_on_time},
      {"resolved_told_once", &AlertingFixes::resolved_told_once},
  };
  AlertingFixes fixes;
  for (const std::string& name : names) {
    bool known = false;
    for (const Fix& fix : kFixes) {
      if (name != fix.name && name != "all") continue;
      fixes.*fix.field = true;
      known = true;
    }
    if (!known) {
      return InvalidArgument(
          fmt::format("{} is no fix; there are refire_after_silence, repeat_on_time, "
                      "resolved_told_once and all",
                      name));
    }
  }
  return fixes;
}

Nanos ToldAt(const AlertingFixes& fixes, Nanos delivered, Nanos beat, DurationMs group_interval) {
  if (!fixes.repeat_on_time || delivered == 0 || delivered > beat) return delivered;
  const int64_t interval = std::max<DurationMs>(group_interval, 1) * kNanosPerMilli;
  // The last beat not behind the delivery; a repeat is due when more than the interval has passed.
  const Nanos made = beat - (beat - delivered + interval - 1) / interval * interval;
  return made - 1;
}

}  // namespace outrider
