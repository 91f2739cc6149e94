// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/schedule_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/incidents_config.h"
#include "notifiers/oncall/ical_import.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// A preview of two years lists every shift.
constexpr DurationMs kShortestShift = 15 * kMinute;

// What the readers of one schedule share.
struct Context {
  const std::string& file;
  const std::set<std::string>& users;
  const CalendarReader& read_calendar;
  std::vector<std::string>* unknown_users;  // all are told of, a line for each
  absl::TimeZone zone = absl::UTCTimeZone();

  Status Error(const YamlNode& node, const std::string& message) const {
    return YamlError(file, node, message);
  }
};

StatusOr<std::vector<const YamlNode*>> Items(const YamlNode* list, const char* what,
                                             const Context& context) {
  std::vector<const YamlNode*> items;
  if (list == nullptr || list->IsNull()) return items;
  if (!list->IsSequence()) {
    return context.Error(*list, fmt::format("a list is wanted for {}", what));
  }
  for (const YamlNode& item : list->items) items.push_back(&item);
  return items;
}

StatusOr<absl::CivilSecond> LocalTime(const YamlNode& node, const Context& context) {
  const StatusOr<absl::CivilSecond> local = ParseLocalTime(node.scalar, context.zone);
  return local.ok() ? local : context.Error(node, Message(local.status()));
}

StatusOr<Nanos> Instant(const YamlNode& node, const Context& context) {
  const StatusOr<Nanos> instant = ParseLocalInstant(node.scalar, context.zone);
  return instant.ok() ? instant : context.Error(node, Message(instant.status()));
}

// `start` and `end` of a period, both wanted.
Status ReadPeriod(const YamlNode& node, YamlReader* reader, const Context& context, Nanos* start,
                  Nanos* end) {
  const YamlNode* from = reader->Child("start");
  const YamlNode* to = reader->Child("end");
  if (from == nullptr || to == nullptr) return context.Error(node, "start and end are wanted");
  *start = TRY(Instant(*from, context));
  *end = TRY(Instant(*to, context));
  if (*end <= *start) return context.Error(*to, "the end must lie behind the start");
  return absl::OkStatus();
}

void CheckUser(const YamlNode& node, const std::string& user, const Context& context) {
  constexpr size_t kMostNamed = 100;
  std::vector<std::string>& unknown = *context.unknown_users;
  if (context.users.contains(user) || unknown.size() >= kMostNamed) return;
  std::string problem =
      Message(context.Error(node, fmt::format("there is no user {}", Quote(user))));
  // Of a calendar, once for all shifts.
  if (std::ranges::find(unknown, problem) == unknown.end()) unknown.push_back(std::move(problem));
}

// Of a text under `key`, or of the texts of a list, each at its place. "" is nobody.
void CheckUsersAt(const YamlNode& map, const char* key, const Context& context) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return;
  if (node->IsScalar()) return CheckUser(*node, node->scalar, context);
  for (const YamlNode& item : node->items) {
    if (!item.scalar.empty()) CheckUser(item, item.scalar, context);
  }
}

StatusOr<ShiftUnit> ParseUnit(const YamlNode& node, const std::string& text,
                              const Context& context) {
  if (text == "hourly") return ShiftUnit::kHours;
  if (text == "daily") return ShiftUnit::kDays;
  if (text == "weekly") return ShiftUnit::kWeeks;
  if (text == "monthly") return ShiftUnit::kMonths;
  if (text == "custom") return ShiftUnit::kCustom;
  return context.Error(
      node,
      fmt::format("unknown rotation {}: hourly, daily, weekly, monthly or custom", Quote(text)));
}

// The length of a shift; a scalar stands for a list of one.
Status ReadLengths(const YamlNode& node, const Context& context, std::vector<int64_t>* lengths) {
  const size_t count = node.IsSequence() ? node.items.size() : 1;
  if (count < 1 || count > 400) return context.Error(node, "1 to 400 lengths are wanted");
  for (size_t i = 0; i < count; ++i) {
    const YamlNode& item = node.IsSequence() ? node.items[i] : node;
    const StatusOr<DurationMs> length = ParseDuration(item.scalar);
    if (!item.IsScalar() || !length.ok()) {
      return context.Error(item, "a length of a shift is wanted, such as 4d or 84h");
    }
    if (*length < kShortestShift || *length > 3660 * kDay || *length % kSecond != 0) {
      return context.Error(item, "a shift lasts from 15m to 10y, in whole seconds");
    }
    lengths->push_back(*length / kSecond);
  }
  return absl::OkStatus();
}

// What says how long shifts are, each key only where it has a meaning.
Status ReadUnit(const YamlNode& node, const std::string& unit, const Context& context,
                Rotation* rotation) {
  const YamlNode* named = node.Find("rotation");
  const YamlNode* lengths = node.Find("lengths");
  rotation->unit = TRY(ParseUnit(named == nullptr ? node : *named, unit, context));
  if (rotation->unit != ShiftUnit::kCustom) {
    if (lengths == nullptr) return absl::OkStatus();
    return context.Error(*lengths, "lengths goes with rotation custom");
  }
  if (const YamlNode* every = node.Find("every")) {
    return context.Error(*every, "rotation custom has lengths in place of every");
  }
  if (lengths == nullptr) return context.Error(*named, "rotation custom needs lengths");
  return ReadLengths(*lengths, context, &rotation->lengths);
}

// The layer's shifts are those of a calendar file.
Status ReadCalendar(const YamlNode& node, const std::string& name, const Context& context,
                    Layer* layer) {
  if (!context.read_calendar) {
    return context.Error(node, "ical_file goes with schedules of a file only");
  }
  const StatusOr<std::string> text = context.read_calendar(name);
  if (!text.ok()) return context.Error(node, Message(text.status()));
  StatusOr<std::vector<FixedShift>> shifts = ParseICalendar(*text, {context.zone, name});
  if (!shifts.ok()) return shifts.status();
  layer->imported = true;
  layer->shifts = *std::move(shifts);
  for (const FixedShift& shift : layer->shifts) {
    CheckUser(node, shift.user, context);
    layer->longest_shift = std::max(layer->longest_shift, shift.end - shift.start);
  }
  return absl::OkStatus();
}

StatusOr<Layer> ParseLayer(const YamlNode& node, int position, const Context& context) {
  Layer layer;
  std::string unit = "weekly";
  int64_t priority = position;
  layer.name = fmt::format("layer {}", position + 1);
  YamlReader reader(node, context.file, "type layer");
  reader.String("name", &layer.name);
  reader.StringList("users", &layer.rotation.participants);
  std::string calendar;
  reader.String("ical_file", &calendar);
  const bool rotates = reader.String("rotation", &unit) || !layer.rotation.participants.empty();
  if (reader.Int("every", &layer.rotation.length) &&
      (layer.rotation.length < 1 || layer.rotation.length > 10'000)) {
    reader.Fail("every", "must lie in 1..10000");
  }
  if (reader.Int("priority", &priority) && (priority < -1000 || priority > 1000)) {
    reader.Fail("priority", "must lie in -1000..1000");
  }
  const YamlNode* start = reader.Child("start");
  const YamlNode* until = reader.Child("until");
  const YamlNode* hours = reader.Child("hours");
  const bool lengths = reader.Child("lengths") != nullptr;
  const bool backwards = reader.Bool("before_start", &layer.rotation.before_start);
  TRY(reader.Finish());
  layer.priority = static_cast<int>(priority);
  if (until != nullptr) layer.until = TRY(Instant(*until, context));
  for (const YamlNode* item : TRY(Items(hours, "hours", context))) {
    layer.windows.push_back(TRY(ParseWeekWindow(*item, context.file)));
  }
  if (!calendar.empty()) {
    if (rotates || lengths || backwards || start != nullptr) {
      return context.Error(node, "a layer has either an ical_file or users and a start");
    }
    TRY(ReadCalendar(node, calendar, context, &layer));
    return layer;
  }
  if (start == nullptr) return context.Error(node, "a layer needs a start");
  if (layer.rotation.participants.empty()) return context.Error(node, "a layer needs users");
  CheckUsersAt(node, "users", context);
  layer.rotation.zone = context.zone;
  TRY(ReadUnit(node, unit, context, &layer.rotation));
  layer.rotation.start = TRY(LocalTime(*start, context));
  return layer;
}

StatusOr<Override> ParseOverride(const YamlNode& node, const Context& context) {
  Override change;
  std::string kind = "replace";
  YamlReader reader(node, context.file, "type override");
  reader.String("user", &change.user);
  reader.String("replaces", &change.replaced);
  reader.String("kind", &kind);
  reader.String("reason", &change.reason);
  TRY(ReadPeriod(node, &reader, context, &change.start, &change.end));
  TRY(reader.Finish());
  if (change.user.empty()) return context.Error(node, "an override needs a user");
  CheckUsersAt(node, "user", context);
  if (!change.replaced.empty()) CheckUsersAt(node, "replaces", context);
  constexpr std::string_view kKinds[] = {"add", "remove", "replace"};
  const auto* const found = std::find(std::begin(kKinds), std::end(kKinds), kind);
  if (found == std::end(kKinds)) {
    return context.Error(node, fmt::format("unknown kind {}: replace, add or remove", Quote(kind)));
  }
  change.kind = static_cast<OverrideKind>(found - std::begin(kKinds));
  if (change.kind != OverrideKind::kReplace && !change.replaced.empty()) {
    return context.Error(node, "replaces goes with kind replace only");
  }
  return change;
}

StatusOr<Substitution> ParseSwap(const YamlNode& node, const Context& context) {
  Substitution swap;
  YamlReader reader(node, context.file, "type swap");
  reader.String("from", &swap.from);
  reader.String("to", &swap.to);
  TRY(ReadPeriod(node, &reader, context, &swap.start, &swap.end));
  TRY(reader.Finish());
  if (swap.from.empty() || swap.to.empty()) return context.Error(node, "a swap needs from and to");
  CheckUsersAt(node, "from", context);
  CheckUsersAt(node, "to", context);
  return swap;
}

StatusOr<TemporarySchedule> ParseTemporary(const YamlNode& node, const Context& context) {
  TemporarySchedule temporary;
  YamlReader reader(node, context.file, "type temporary");
  const YamlNode* shifts = reader.Child("shifts");
  TRY(ReadPeriod(node, &reader, context, &temporary.start, &temporary.end));
  TRY(reader.Finish());
  for (const YamlNode* item : TRY(Items(shifts, "shifts", context))) {
    FixedShift shift;
    YamlReader shift_reader(*item, context.file, "type shift");
    shift_reader.String("user", &shift.user);
    TRY(ReadPeriod(*item, &shift_reader, context, &shift.start, &shift.end));
    TRY(shift_reader.Finish());
    if (shift.user.empty()) return context.Error(*item, "a shift needs a user");
    CheckUsersAt(*item, "user", context);
    temporary.shifts.push_back(std::move(shift));
  }
  return temporary;
}

// Of two overrides that put the same person on call at once one must be a mistake. Looks at the
// last.
Status CheckOverrides(const YamlNode& node, const Schedule& schedule, const Context& context) {
  const Override& a = schedule.overrides.back();
  for (size_t i = 0; i + 1 < schedule.overrides.size(); ++i) {
    const Override& b = schedule.overrides[i];
    if (a.user == b.user && a.start < b.end && b.start < a.end) {
      return context.Error(node, fmt::format("two overrides with {} overlap", Quote(a.user)));
    }
  }
  return absl::OkStatus();
}

StatusOr<Schedule> ParseSchedule(const YamlNode& node, Context context) {
  Schedule schedule;
  YamlReader reader(node, context.file, "type schedule");
  reader.String("name", &schedule.name);
  if (reader.String("time_zone", &schedule.zone_name)) {
    const std::optional<absl::TimeZone> zone = FindZone(schedule.zone_name);
    if (!zone) {
      reader.Fail("time_zone", fmt::format("unknown time zone {}", Quote(schedule.zone_name)));
    }
    schedule.zone = zone.value_or(absl::UTCTimeZone());
  }
  const YamlNode* layers = reader.Child("layers");
  const YamlNode* overrides = reader.Child("overrides");
  const YamlNode* swaps = reader.Child("swaps");
  const YamlNode* temporary = reader.Child("temporary");
  reader.StringList("fallback", &schedule.fallback);
  reader.String("team", &schedule.team);
  if (reader.String("gap_severity", &schedule.gap_severity) &&
      schedule.gap_severity != kNoGapCheck && !ParseSeverity(schedule.gap_severity)) {
    reader.Fail("gap_severity", fmt::format("unknown severity {}: critical, high, medium, low, "
                                            "info, or none for no warning",
                                            Quote(schedule.gap_severity)));
  }
  TRY(reader.Finish());
  if (schedule.name.empty()) return context.Error(node, "missing name in schedule");
  context.zone = schedule.zone;
  for (const YamlNode* item : TRY(Items(layers, "layers", context))) {
    const auto position = static_cast<int>(schedule.layers.size());
    schedule.layers.push_back(TRY(ParseLayer(*item, position, context)));
  }
  if (schedule.layers.empty()) return context.Error(node, "a schedule needs a layer");
  for (const YamlNode* item : TRY(Items(overrides, "overrides", context))) {
    schedule.overrides.push_back(TRY(ParseOverride(*item, context)));
    TRY(CheckOverrides(*item, schedule, context));
  }
  for (const YamlNode* item : TRY(Items(swaps, "swaps", context))) {
    schedule.substitutions.push_back(TRY(ParseSwap(*item, context)));
  }
  for (const YamlNode* item : TRY(Items(temporary, "temporary", context))) {
    schedule.temporary.push_back(TRY(ParseTemporary(*item, context)));
  }
  CheckUsersAt(node, "fallback", context);
  return schedule;
}

}  // namespace

std::set<std::string> CalendarNames(const YamlNode* schedules) {
  std::set<std::string> named;
  for (const YamlNode& schedule :
       schedules == nullptr ? std::vector<YamlNode>() : schedules->items) {
    const YamlNode* layers = schedule.Find("layers");
    if (layers == nullptr) continue;
    for (const YamlNode& layer : layers->items) {
      if (const YamlNode* calendar = layer.Find("ical_file")) named.insert(calendar->scalar);
    }
  }
  return named;
}

CalendarReader CalendarsBeside(const YamlNode* schedules, const std::string& file) {
  return
      [named = CalendarNames(schedules), file](const std::string& name) -> StatusOr<std::string> {
        if (!named.contains(name)) {
          return InvalidArgument("ical_file goes with schedules of a file only");
        }
        return ReadFile(ResolveBeside(file, name));
      };
}

StatusOr<std::vector<Schedule>> ParseSchedules(const YamlNode* list, const std::string& file,
                                               const std::set<std::string>& users,
                                               const CalendarReader& read_calendar) {
  std::vector<std::string> unknown;
  const Context context{file, users, read_calendar, &unknown};
  std::vector<Schedule> schedules;
  std::set<std::string> names;
  for (const YamlNode* item : TRY(Items(list, "schedules", context))) {
    schedules.push_back(TRY(ParseSchedule(*item, context)));
    if (!names.insert(schedules.back().name).second) {
      return context.Error(*item,
                           fmt::format("schedule {} is not unique", Quote(schedules.back().name)));
    }
  }
  if (!unknown.empty()) return InvalidArgument(Join(unknown, "\n"));
  return schedules;
}

}  // namespace outrider
