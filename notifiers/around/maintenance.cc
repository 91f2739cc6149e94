// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/config/sections.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongest = 31 * kDay;
// Windows of the week have an edge within this.
constexpr int64_t kWeek = 8 * kDay * kNanosPerMilli;

bool WithinBounds(const MaintenanceWindow& window, Nanos time) {
  return time >= window.start && (window.end == 0 || time < window.end);
}

Status ParseEvery(const YamlNode& node, const SectionContext& context, MaintenanceWindow* window) {
  std::string cron;
  YamlReader reader(node, context.file, "type every");
  const bool has_cron = reader.String("cron", &cron);
  reader.Duration("duration", &window->duration);
  const YamlNode* hours = reader.Child("hours");
  TRY(reader.Finish());
  if (has_cron == (hours != nullptr)) {
    return context.Error(node, "every needs either cron with duration, or hours");
  }
  if (has_cron) {
    StatusOr<CronSpec> spec = ParseCron(cron);
    if (!spec.ok()) return context.Error(*node.Find("cron"), Message(spec.status()));
    window->cron = *spec;
    if (window->duration <= 0 || window->duration > kLongest) {
      return context.Error(node,
                           "a recurring window needs a duration of more than 0s, at most 31d");
    }
    return absl::OkStatus();
  }
  if (window->duration != 0) return context.Error(node, "duration goes with cron only");
  for (const YamlNode* item : TRY(ListItems(hours, "hours", context))) {
    window->hours.push_back(TRY(ParseWeekWindow(*item, context.file)));
  }
  if (window->hours.empty()) return context.Error(node, "hours are empty");
  return absl::OkStatus();
}

Status ParseBound(const YamlNode* node, const SectionContext& context, absl::TimeZone zone,
                  Nanos* out) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  const StatusOr<Nanos> time = ParseLocalInstant(node->scalar, zone);
  if (!time.ok()) return context.Error(*node, Message(time.status()));
  *out = *time;
  return absl::OkStatus();
}

StatusOr<MaintenanceWindow> ParseWindow(const YamlNode& node, const SectionContext& context) {
  MaintenanceWindow window;
  YamlReader reader(node, context.file, "type maintenance window");
  reader.String("name", &window.name);
  reader.String("note", &window.note);
  if (reader.String("time_zone", &window.zone_name)) {
    const std::optional<absl::TimeZone> zone = FindZone(window.zone_name);
    if (!zone) {
      reader.Fail("time_zone", fmt::format("unknown time zone {}", Quote(window.zone_name)));
    }
    window.zone = zone.value_or(absl::UTCTimeZone());
  }
  const YamlNode* match = reader.Child("match");
  const YamlNode* start = reader.Child("start");
  const YamlNode* end = reader.Child("end");
  const YamlNode* every = reader.Child("every");
  TRY(reader.Finish());
  if (window.name.empty()) return context.Error(node, "missing name in maintenance window");
  if (match != nullptr) window.match = TRY(ParseMatcherNodes({.matchers = match}, context));
  if (window.match.empty()) {
    return context.Error(node, "a maintenance window needs matchers of the alerts it is about");
  }
  TRY(ParseBound(start, context, window.zone, &window.start));
  TRY(ParseBound(end, context, window.zone, &window.end));
  if (window.end != 0 && window.end <= window.start) {
    return context.Error(*end, "the end must lie behind the start");
  }
  if (every != nullptr && !every->IsNull()) {
    TRY(ParseEvery(*every, context, &window));
  } else if (window.end == 0) {
    return context.Error(node, "a maintenance window needs an end, or every");
  }
  return window;
}

}  // namespace

bool MaintenanceWindow::ActiveAt(Nanos time) const {
  if (!WithinBounds(*this, time)) return false;
  if (!cron) return InWindows(hours, time, zone);
  const int64_t lasts = duration * kNanosPerMilli;
  const std::optional<Nanos> began = LastStart(*cron, zone, time, lasts);
  return began && time < *began + lasts;
}

Nanos MaintenanceWindow::NextEdge(Nanos time) const {
  Nanos next = 0;
  const auto take = [&](Nanos edge) {
    if (edge > time && (next == 0 || edge < next)) next = edge;
  };
  if (end != 0 && time >= end) return 0;
  take(start);
  take(end);
  if (time < start) return next;  // nothing before
  if (cron) {
    const int64_t lasts = duration * kNanosPerMilli;
    if (const auto began = LastStart(*cron, zone, time, lasts)) take(*began + lasts);
    if (const auto begins = NextStart(*cron, zone, time)) take(*begins);
  } else if (!hours.empty()) {
    std::vector<Nanos> edges;
    WindowBoundaries(hours, time + 1, time + kWeek, zone, &edges);
    for (const Nanos edge : edges) take(edge);
  }
  return next;
}

StatusOr<std::vector<MaintenanceWindow>> ParseMaintenance(const YamlNode& list,
                                                          const std::string& file) {
  std::vector<std::string> warnings;
  const SectionContext context{file, &warnings};
  std::vector<MaintenanceWindow> windows;
  std::set<std::string> names;
  for (const YamlNode* item : TRY(ListItems(&list, "maintenance", context))) {
    windows.push_back(TRY(ParseWindow(*item, context)));
    if (!names.insert(windows.back().name).second) {
      return context.Error(
          *item, fmt::format("maintenance window {} is not unique", Quote(windows.back().name)));
    }
  }
  return windows;
}

StatusOr<MaintenanceWindow> ParseMaintenanceText(std::string_view text, std::string made_by) {
  const std::string what = "body";
  std::vector<std::string> warnings;
  const SectionContext context{what, &warnings};
  MaintenanceWindow window = TRY(ParseWindow(TRY(ParseYaml(text, what)), context));
  window.text = text;
  window.made_by = std::move(made_by);
  return window;
}

std::string TeamOf(const MaintenanceWindow& window, std::string_view team_label) {
  for (const Matcher& matcher : window.match) {
    if (matcher.name() == team_label && matcher.type() == MatchType::kEqual) return matcher.value();
  }
  return "";
}

}  // namespace outrider
