// SPDX-License-Identifier: Apache-2.0
// Edges are looked for day by day: within a day the answer can change only at its midnight, at a
// minute some interval names, and where the zone's offset changes. Each such instant is tried.
#include "notifiers/mute/recurrence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "notifiers/mute/time_interval.h"

namespace outrider {
namespace {

using Range = TimeIntervalSpec::Range;

constexpr int kDaysAhead = 731;
constexpr Nanos kDayNanos = kDay * kNanosPerMilli;
constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};

absl::TimeZone ZoneOf(const TimeIntervalSpec& spec) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (spec.location == "Local") return absl::LocalTimeZone();
  absl::LoadTimeZone(spec.location, &zone);  // checked when it was read
  return zone;
}

void AddInstant(absl::TimeZone zone, const absl::CivilSecond& civil, std::vector<Nanos>* out) {
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  for (const absl::Time time : {info.pre, info.trans, info.post}) {
    out->push_back(absl::ToUnixNanos(time));
  }
}

// Where the answer of `spec` may change on the local day, and a day around it.
void AddCandidates(const TimeIntervalSpec& spec, absl::TimeZone zone, const absl::CivilDay& day,
                   std::vector<Nanos>* out) {
  const absl::CivilSecond midnight(day);
  AddInstant(zone, midnight, out);
  for (const Range& range : spec.times) {
    AddInstant(zone, midnight + range.begin * 60, out);
    AddInstant(zone, midnight + range.end * 60, out);
  }
  absl::TimeZone::CivilTransition change;
  const absl::Time start = zone.At(midnight).pre - absl::Nanoseconds(1);
  if (zone.NextTransition(start, &change) && absl::CivilDay(change.from) <= day + 1) {
    out->push_back(absl::ToUnixNanos(zone.At(change.to).trans));
    AddInstant(zone, change.to, out);
  }
}

// Sorted, behind `from` and not behind `to`, which are a day apart. Zones are not in step, hence the
// days around.
std::vector<Nanos> CandidatesWithin(std::span<const TimeIntervalSpec> intervals,
                                    std::span<const absl::TimeZone> zones, Nanos from, Nanos to) {
  std::vector<Nanos> candidates;
  for (size_t i = 0; i < intervals.size(); ++i) {
    const absl::CivilDay today(absl::ToCivilDay(absl::FromUnixNanos(from), zones[i]));
    for (int day = -1; day <= 2; ++day) {
      AddCandidates(intervals[i], zones[i], today + day, &candidates);
    }
  }
  std::erase_if(candidates, [&](Nanos time) { return time <= from || time > to; });
  std::ranges::sort(candidates);
  return candidates;
}

YamlNode ToYaml(const JsonValue& json) {
  YamlNode node;
  switch (json.kind) {
    case JsonValue::Kind::kNull:
      return node;
    case JsonValue::Kind::kArray:
      node.kind = YamlNode::Kind::kSequence;
      for (const JsonValue& item : json.items) node.items.push_back(ToYaml(item));
      return node;
    case JsonValue::Kind::kObject:
      node.kind = YamlNode::Kind::kMap;
      for (const auto& [key, value] : json.members) {
        YamlNode name;
        name.kind = YamlNode::Kind::kScalar;
        name.scalar = key;
        node.entries.push_back({std::move(name), ToYaml(value)});
      }
      return node;
    case JsonValue::Kind::kString:
      node.scalar = json.string;
      node.quoted = true;
      break;
    case JsonValue::Kind::kNumber:
      node.scalar = fmt::format("{}", json.integer);
      break;
    case JsonValue::Kind::kBool:
      node.scalar = json.boolean ? "true" : "false";
      break;
  }
  node.kind = YamlNode::Kind::kScalar;
  return node;
}

void WriteRanges(std::string_view key, const std::vector<Range>& ranges, std::string (*text)(int),
                 JsonWriter* json) {
  if (ranges.empty()) return;
  json->Key(key).StartArray();
  for (const auto& [begin, end] : ranges) {
    json->String(begin == end ? text(begin) : text(begin) + ":" + text(end));
  }
  json->EndArray();
}

std::string NumberText(int number) { return fmt::format("{}", number); }
std::string WeekdayText(int day) { return std::string(kWeekdays.at(static_cast<size_t>(day))); }
std::string MinuteText(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

}  // namespace

bool InOccurrence(std::span<const TimeIntervalSpec> intervals, Nanos time) {
  return std::ranges::any_of(
      intervals, [time](const TimeIntervalSpec& spec) { return ContainedIn(spec, time); });
}

Nanos NextOccurrenceEdge(std::span<const TimeIntervalSpec> intervals, Nanos after, Nanos until) {
  const bool inside = InOccurrence(intervals, after);
  std::vector<absl::TimeZone> zones;
  zones.reserve(intervals.size());
  for (const TimeIntervalSpec& spec : intervals) zones.push_back(ZoneOf(spec));
  for (int ahead = 0; ahead < kDaysAhead; ++ahead) {
    const Nanos from = after + ahead * kDayNanos;
    const Nanos to = from + kDayNanos;
    for (const Nanos candidate : CandidatesWithin(intervals, zones, from, to)) {
      if (candidate >= until) return until;
      if (InOccurrence(intervals, candidate) != inside) return candidate;
    }
    if (to >= until) return until;
  }
  return after + kDaysAhead * kDayNanos;
}

StatusOr<std::vector<TimeIntervalSpec>> ReadRecurrence(const JsonValue& list) {
  if (list.IsNull()) return std::vector<TimeIntervalSpec>();
  if (list.kind != JsonValue::Kind::kArray) {
    return InvalidArgument("recurrence must be a list of time intervals");
  }
  return ParseTimeIntervalSpecs(ToYaml(list), "recurrence");
}

void WriteRecurrence(std::span<const TimeIntervalSpec> intervals, JsonWriter* json) {
  json->StartArray();
  for (const TimeIntervalSpec& spec : intervals) {
    json->StartObject();
    if (!spec.times.empty()) {
      json->Key("times").StartArray();
      for (const auto& [begin, end] : spec.times) {
        json->StartObject().Key("start_time").String(MinuteText(begin));
        json->Key("end_time").String(MinuteText(end)).EndObject();
      }
      json->EndArray();
    }
    WriteRanges("weekdays", spec.weekdays, WeekdayText, json);
    WriteRanges("days_of_month", spec.days_of_month, NumberText, json);
    WriteRanges("months", spec.months, NumberText, json);
    WriteRanges("years", spec.years, NumberText, json);
    json->Key("location").String(spec.location).EndObject();
  }
  json->EndArray();
}

}  // namespace outrider
