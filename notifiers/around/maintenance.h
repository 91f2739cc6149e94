// SPDX-License-Identifier: Apache-2.0
// Maintenance windows: while one lasts, nobody is paged for what it matches; incidents open, their
// clocks stand still, and at its end people hear of what still fires.
//   maintenance:
//   - name: move to the new rack
//     match: ['cluster = berlin']
//     start: 2026-12-01T20:00           # local times of the zone, or instants with an offset
//     end: 2026-12-02T02:00
//     time_zone: Europe/Berlin          # UTC
//     note: CHG-1234
//   - name: backup
//     match: ['service = postgres']
//     every: {cron: "0 2 * * sat", duration: 2h}
//     time_zone: Europe/Berlin
//   - name: weekend
//     match: ['tier = batch']
//     every: {hours: [{weekdays: [saturday, sunday], from: "00:00", to: "24:00"}]}
// `start` and `end` bound a recurring one too. An hour that clocks leave out begins when they are
// set forward, one that comes twice begins once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "notifiers/around/cron.h"
#include "notifiers/oncall/restriction.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/matcher.h"

namespace outrider {

struct MaintenanceWindow {
  std::string name;
  std::vector<Matcher> match;
  Nanos start = 0;  // 0: not bounded; this and the next
  Nanos end = 0;
  std::optional<CronSpec> cron;  // each start lasts for …
  DurationMs duration = 0;
  std::vector<WeekWindow>
      hours;  // … or, without cron, these; none: all the time between the bounds
  std::string zone_name = "UTC";
  absl::TimeZone zone = absl::UTCTimeZone();
  std::string note;
  // Of one made by the API: its text, and who made it. Else "".
  std::string text;
  std::string made_by;

  bool ActiveAt(Nanos time) const;
  // The first time behind `time` at which it may begin or end; 0: it never does again.
  Nanos NextEdge(Nanos time) const;
  bool FromApi() const { return !text.empty(); }
};
// The team whose incidents it holds at most: that of a matcher `team="…"`; "" : not one team's.
std::string TeamOf(const MaintenanceWindow& window, std::string_view team_label);

// `list`: null for none. Names are unique. Errors: file:line:column.
StatusOr<std::vector<MaintenanceWindow>> ParseMaintenance(const YamlNode& list,
                                                          const std::string& file);
// One window, as an item of the list, in YAML or JSON; `text` and `made_by` are set.
StatusOr<MaintenanceWindow> ParseMaintenanceText(std::string_view text, std::string made_by);

}  // namespace outrider
