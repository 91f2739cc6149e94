// SPDX-License-Identifier: Apache-2.0
// When a recurring silence holds: the time intervals of alertmanager.yml, and where they begin and
// end. Occurrences are computed, never stored.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

// Whether any of the intervals contains the time.
bool InOccurrence(std::span<const TimeIntervalSpec> intervals, Nanos time);
// The first time behind `after` and not behind `until` at which InOccurrence changes; `until` when
// there is none, and a time before it when none was found within two years: look again then.
// Minutes of the day are those of each interval's zone: an hour that does not exist begins when the
// clock is put forward, one that comes twice is two hours.
Nanos NextOccurrenceEdge(std::span<const TimeIntervalSpec> intervals, Nanos after, Nanos until);

// As in `time_intervals` of alertmanager.yml: [{"times":[{"start_time":"22:00","end_time":"24:00"}],
// "weekdays":["saturday","sunday"],"location":"Europe/Berlin"}]. The error names what is wrong.
StatusOr<std::vector<TimeIntervalSpec>> ReadRecurrence(const JsonValue& list);
void WriteRecurrence(std::span<const TimeIntervalSpec> intervals, JsonWriter* json);

}  // namespace outrider
