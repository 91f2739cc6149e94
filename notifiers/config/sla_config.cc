// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/sla_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "notifiers/config/week_window.h"
#include "storage/base/business_calendar.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongest = 3650 * kDay;  // nanoseconds of it fit well into 64 bits
constexpr int kMinutesADay = 24 * 60;
constexpr std::string_view kGeneral[] = {"calendar", "pause", "notify"};
constexpr std::string_view kPauses[] = {"maintenance", "hold", "snooze"};

// Hours across midnight are those of two days.
void AddHours(const WeekWindow& window, BusinessCalendar::Week* week) {
  for (size_t day = 0; day < week->size(); ++day) {
    if (!window.weekdays[day]) continue;
    if (window.end > window.start) {
      (*week)[day].push_back({window.start, window.end});
      continue;
    }
    (*week)[day].push_back({window.start, kMinutesADay});
    if (window.end > 0) (*week)[(day + 1) % week->size()].push_back({0, window.end});
  }
}

StatusOr<absl::CivilDay> ParseHoliday(const YamlNode& node, const SectionContext& context) {
  std::string date = node.scalar;
  if (node.IsMap()) {
    std::string name;  // for people who read the file
    YamlReader reader(node, context.file, "type holiday");
    reader.String("date", &date);
    reader.String("name", &name);
    TRY(reader.Finish());
  }
  absl::CivilDay day;
  const bool shape = date.size() == 10 && date[4] == '-' && date[7] == '-' &&
                     date.find_first_not_of("0123456789-") == std::string::npos;
  if (!shape || !absl::ParseCivilTime(date, &day) || day.year() < 1970) {
    return context.Error(node, fmt::format("{} is no day (2026-12-25)", Quote(date)));
  }
  return day;
}

StatusOr<std::shared_ptr<const BusinessCalendar>> ParseCalendar(const YamlNode& node,
                                                                const SectionContext& context) {
  BusinessCalendar::Options options;
  YamlReader reader(node, context.file, "type calendar");
  reader.String("name", &options.name);
  reader.String("time_zone", &options.zone_name);
  const YamlNode* hours = reader.Child("hours");
  const YamlNode* holidays = reader.Child("holidays");
  TRY(reader.Finish());
  if (options.name.empty()) return context.Error(node, "missing name in calendar");
  if (options.name == kAlwaysCalendar) {
    return context.Error(node, "a calendar cannot be named always: that is none");
  }
  const std::optional<absl::TimeZone> zone = FindZone(options.zone_name);
  if (!zone) {
    return context.Error(node, fmt::format("unknown time zone {}", Quote(options.zone_name)));
  }
  options.zone = *zone;
  const std::vector<const YamlNode*> windows = TRY(ListItems(hours, "hours", context));
  for (const YamlNode* item : windows) {
    AddHours(TRY(ParseWeekWindow(*item, context.file)), &options.week);
  }
  if (std::all_of(options.week.begin(), options.week.end(),
                  [](const auto& day) { return day.empty(); })) {
    return context.Error(
        node, fmt::format("calendar {} has no hours: no time would count", Quote(options.name)));
  }
  for (const YamlNode* item : TRY(ListItems(holidays, "holidays", context))) {
    options.holidays.push_back(TRY(ParseHoliday(*item, context)));
  }
  return std::make_shared<const BusinessCalendar>(std::move(options));
}

Status ParseCalendars(const YamlNode* list, const SectionContext& context, SlaRules* rules) {
  for (const YamlNode* item : TRY(ListItems(list, "calendars", context))) {
    std::shared_ptr<const BusinessCalendar> calendar = TRY(ParseCalendar(*item, context));
    const std::string name = calendar->name();
    if (!rules->calendars.emplace(name, std::move(calendar)).second) {
      return context.Error(*item, fmt::format("calendar {} is not unique", Quote(name)));
    }
  }
  return absl::OkStatus();
}

// A calendar's name as the rules have it: "" for always.
StatusOr<std::string> CalendarName(const YamlNode& node, const std::string& name,
                                   const SectionContext& context, const SlaRules& rules) {
  if (name.empty() || name == kAlwaysCalendar) return std::string();
  if (!rules.calendars.contains(name)) {
    return context.Error(node, fmt::format("there is no calendar {}", Quote(name)));
  }
  return name;
}

// The keys of `sla` that are not severities.
Status ParseGeneral(const YamlNode& sla, const SectionContext& context, IncidentsConfig* config) {
  SlaRules& rules = config->sla_rules;
  YamlNode general = sla;
  general.entries.clear();
  for (const YamlNode::Entry& entry : sla.entries) {
    const std::string& key = entry.first.scalar;
    if (std::find(std::begin(kGeneral), std::end(kGeneral), key) != std::end(kGeneral)) {
      general.entries.push_back(entry);
    } else if (!ParseSeverity(key)) {
      return context.Error(entry.first,
                           fmt::format("unknown severity {}: critical, high, medium, low and info "
                                       "are known",
                                       Quote(key)));
    }
  }
  std::string calendar;
  YamlReader reader(general, context.file, "type sla");
  reader.String("calendar", &calendar);
  const bool pauses = reader.StringList("pause", &rules.pause);
  reader.StringList("notify", &rules.notify);
  TRY(reader.Finish());
  if (pauses) {
    for (const std::string& reason : rules.pause) {
      if (std::find(std::begin(kPauses), std::end(kPauses), reason) != std::end(kPauses)) continue;
      return context.Error(
          *sla.Find("pause"),
          fmt::format("{} cannot pause SLA clocks: maintenance, hold and snooze can",
                      Quote(reason)));
    }
  }
  if (calendar.empty()) return absl::OkStatus();
  const std::string name = TRY(CalendarName(*sla.Find("calendar"), calendar, context, rules));
  for (size_t i = 0; i < rules.calendar_of.size(); ++i) {
    // What is critical does not wait for the morning, unless its own key says so.
    if (static_cast<Severity>(i) != Severity::kCritical) rules.calendar_of[i] = name;
  }
  return absl::OkStatus();
}

Status ParseTarget(const YamlNode& node, Severity severity, const SectionContext& context,
                   IncidentsConfig* config) {
  const auto index = static_cast<size_t>(severity);
  SlaTarget& target = config->sla[index];
  std::string calendar;
  YamlReader reader(node, context.file, "type sla");
  reader.Duration("acknowledge", &target.acknowledge);
  reader.Duration("resolve", &target.resolve);
  const bool named = reader.String("calendar", &calendar);
  TRY(reader.Finish());
  if (target.acknowledge <= 0 || target.resolve <= 0) {
    return context.Error(node, "an SLA target must be longer than zero");
  }
  if (std::max(target.acknowledge, target.resolve) > kLongest) {
    return context.Error(node, "an SLA target must not be longer than 10y");
  }
  SlaRules& rules = config->sla_rules;
  if (named) {
    rules.calendar_of[index] = TRY(CalendarName(*node.Find("calendar"), calendar, context, rules));
  }
  return absl::OkStatus();
}

}  // namespace

Status ParseSlaSections(const YamlNode* sla, const YamlNode* calendars,
                        const SectionContext& context, IncidentsConfig* config) {
  TRY(ParseCalendars(calendars, context, &config->sla_rules));
  if (sla == nullptr || sla->IsNull()) return absl::OkStatus();
  if (!sla->IsMap()) return context.Error(*sla, "a map of severities is wanted for sla");
  TRY(ParseGeneral(*sla, context, config));
  for (const auto& [key, value] : sla->entries) {
    if (const auto severity = ParseSeverity(key.scalar)) {
      TRY(ParseTarget(value, *severity, context, config));
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const BusinessCalendar> FindCalendar(const SlaRules& rules,
                                                     const std::string& name) {
  const auto found = rules.calendars.find(name);
  return found == rules.calendars.end() ? nullptr : found->second;
}

std::shared_ptr<const BusinessCalendar> CalendarOf(const IncidentsConfig& config,
                                                   Severity severity) {
  return FindCalendar(config.sla_rules,
                      config.sla_rules.calendar_of[static_cast<size_t>(severity)]);
}

}  // namespace outrider
