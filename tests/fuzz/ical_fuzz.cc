// SPDX-License-Identifier: Apache-2.0
// Calendars, cron expressions and maintenance windows from outside: no input may crash or take
// forever; shifts are in order and none is empty; edges of a window lie ahead.
#include <cstdlib>

#include "notifiers/around/maintenance.h"
#include "notifiers/oncall/ical_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto shifts = outrider::ParseICalendar(text, {absl::UTCTimeZone(), "fuzz.ics"});
  if (shifts.ok()) {
    for (size_t i = 0; i < shifts->size(); ++i) {
      if (shifts->at(i).end <= shifts->at(i).start) std::abort();
      if (i > 0 && shifts->at(i).start < shifts->at(i - 1).start) std::abort();
    }
  }
  constexpr outrider::Nanos kNow = 1'795'253'047 * outrider::kNanosPerSecond;
  if (const auto cron = outrider::ParseCron(text); cron.ok()) {
    const auto next = outrider::NextStart(*cron, absl::UTCTimeZone(), kNow);
    if (!next || *next <= kNow) std::abort();
    if (outrider::LastStart(*cron, absl::UTCTimeZone(), *next, 0) != next) std::abort();
  }
  const auto window = outrider::ParseMaintenanceText(text, "");
  if (!window.ok()) return 0;
  const outrider::Nanos edge = window->NextEdge(kNow);
  if (edge != 0 && edge <= kNow) std::abort();
  if (edge == 0 && window->ActiveAt(kNow)) std::abort();  // it would never end
  return 0;
}
