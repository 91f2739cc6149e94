// SPDX-License-Identifier: Apache-2.0
// Lines, then events, then occurrences. An occurrence is a local time of its zone; its end is the
// local time as much later as in the first one, so that a shift over a change of clocks ends when
// the clock says so.
#include "notifiers/oncall/ical_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kMostShifts = 100'000;
constexpr int kMostInterval = 1000;
const absl::CivilSecond kHorizon(2040, 1, 1);
constexpr std::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

struct Line {
  size_t number = 0;  // where it begins, 1-based
  std::string name;   // upper case, without parameters
  std::map<std::string, std::string> parameters;
  std::string value;
};

// A moment as the file writes it.
struct When {
  absl::CivilSecond local;
  absl::TimeZone zone;
  bool whole_day = false;
  Nanos instant() const { return InstantOf(local, zone); }
};

struct Rule {
  enum class Unit { kDays, kWeeks, kMonths };
  Unit unit = Unit::kDays;
  int interval = 1;
  int64_t count = 0;           // 0: no bound
  std::optional<Nanos> until;  // the last start at the latest
  size_t week_start = 0;       // in kWeekdays
  // Weekday and which of the month: 1, 2, …, -1 the last, 0 every.
  std::vector<std::pair<size_t, int>> days;
};

struct Event {
  size_t line = 0;
  std::string uid;
  std::string user;
  std::optional<When> start;
  std::optional<When> end;
  std::optional<int64_t> duration;  // seconds
  std::optional<Rule> rule;
  std::set<Nanos> excluded;
  std::optional<Nanos> replaces;  // RECURRENCE-ID
  bool cancelled = false;
};

class Reader {
 public:
  Reader(std::string_view text, const CalendarImport& import) : text_(text), import_(import) {}
  StatusOr<std::vector<Event>> Events();
  Status Error(size_t line, const std::string& message) const {
    return InvalidArgument(fmt::format("{}:{}: {}", import_.file, line, message));
  }

 private:
  std::optional<Line> Next();
  StatusOr<When> ReadWhen(const Line& line, std::string_view value) const;
  StatusOr<int64_t> ReadDuration(const Line& line) const;
  StatusOr<Rule> ReadRule(const Line& line, const Event& event) const;
  Status ReadRulePart(const Line& line, std::string_view key, std::string_view value,
                      const Event& event, Rule* rule) const;
  Status ReadByDay(const Line& line, std::string_view value, Rule* rule) const;
  Status ReadProperty(const Line& line, Event* event) const;
  Status Check(const Event& event) const;

  std::string_view text_;
  const CalendarImport& import_;
  size_t at_ = 0;
  size_t number_ = 0;
};

std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' || text[i] == 'N' ? ' ' : text[i];
    } else {
      out += text[i];
    }
  }
  return std::string(Trim(out));
}

std::string UserOf(std::string_view summary) {
  std::string user = Unescaped(summary);
  constexpr std::string_view kOurs = "On call: ";
  if (!user.starts_with(kOurs)) return user;
  user.erase(0, kOurs.size());
  const size_t schedule = user.rfind(" (");
  if (schedule != user.npos && user.ends_with(')')) user.resize(schedule);
  return user;
}

// Digits of a fixed width at `at`; -1: something else.
int Digits(std::string_view text, size_t at, size_t width) {
  int number = 0;
  if (at + width > text.size()) return -1;
  for (size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

// NAME;KEY=VALUE;KEY="VALUE":VALUE
Line ParseLine(std::string_view text, size_t number) {
  Line line;
  line.number = number;
  size_t colon = text.npos;
  bool quoted = false;
  std::vector<size_t> cuts;
  for (size_t i = 0; i < text.size() && colon == text.npos; ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted) continue;
    if (text[i] == ';') cuts.push_back(i);
    if (text[i] == ':') colon = i;
  }
  const size_t end = std::min(colon, text.size());
  line.value = colon == text.npos ? "" : std::string(text.substr(colon + 1));
  cuts.push_back(end);
  line.name = ToUpper(text.substr(0, cuts.front()));
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::string_view part = text.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1);
    const size_t equal = part.find('=');
    if (equal == part.npos) continue;
    std::string_view value = part.substr(equal + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    line.parameters[ToUpper(part.substr(0, equal))] = value;
  }
  return line;
}

// A line with its continuations.
std::optional<Line> Reader::Next() {
  std::string whole;
  size_t first = 0;
  while (at_ < text_.size()) {
    const bool more = text_[at_] == ' ' || text_[at_] == '\t';
    if (first != 0 && !more) break;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view raw = text_.substr(at_, end - at_);
    at_ = end + 1;
    ++number_;
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    if (first == 0 && raw.empty()) continue;
    if (first == 0) first = number_;
    whole += more ? raw.substr(1) : raw;
  }
  if (first == 0) return std::nullopt;
  return ParseLine(whole, first);
}

StatusOr<When> Reader::ReadWhen(const Line& line, std::string_view value) const {
  When when{{}, import_.zone, false};
  const int year = Digits(value, 0, 4);
  const int month = Digits(value, 4, 2);
  const int day = Digits(value, 6, 2);
  when.whole_day = value.size() == 8;
  const bool utc = value.size() == 16 && value.back() == 'Z';
  const bool timed = (value.size() == 15 || utc) && value[8] == 'T';
  const int hour = timed ? Digits(value, 9, 2) : 0;
  const int minute = timed ? Digits(value, 11, 2) : 0;
  const int second = timed ? Digits(value, 13, 2) : 0;
  const bool good = (when.whole_day || timed) && year >= 1970 && year <= 2200 && month >= 1 &&
                    month <= 12 && day >= 1 && hour >= 0 && hour < 24 && minute >= 0 &&
                    minute < 60 && second >= 0 && second <= 60;
  when.local = absl::CivilSecond(year, month, day, hour, minute, second);
  if (!good || when.local.day() != day) {
    return Error(line.number, fmt::format("{} is no time", Quote(value)));
  }
  if (utc) when.zone = absl::UTCTimeZone();
  const auto named = line.parameters.find("TZID");
  if (utc || when.whole_day || named == line.parameters.end()) return when;
  const std::optional<absl::TimeZone> zone = FindZone(named->second);
  if (!zone) {
    return Error(line.number, fmt::format("unknown time zone {}", Quote(named->second)));
  }
  when.zone = *zone;
  return when;
}

// P1W, P1DT12H, PT8H30M
StatusOr<int64_t> Reader::ReadDuration(const Line& line) const {
  const std::string_view text = line.value;
  const Status bad = Error(line.number, fmt::format("{} is no duration", Quote(text)));
  if (!text.starts_with('P')) return bad;
  int64_t seconds = 0;
  int64_t number = -1;
  bool time = false;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      number = std::max<int64_t>(number, 0) * 10 + (c - '0');
      if (number > 1'000'000) return bad;
      continue;
    }
    if (c == 'T' && number < 0 && !time) {
      time = true;
      continue;
    }
    const int64_t unit = c == 'W' && !time   ? 7 * 86'400
                         : c == 'D' && !time ? 86'400
                         : c == 'H' && time  ? 3600
                         : c == 'M' && time  ? 60
                         : c == 'S' && time  ? 1
                                             : 0;
    if (number < 0 || unit == 0) return bad;
    seconds += number * unit;
    number = -1;
  }
  if (number >= 0 || seconds == 0) return bad;
  return seconds;
}

Status Reader::ReadByDay(const Line& line, std::string_view value, Rule* rule) const {
  for (std::string_view day : Split(value, ',')) {
    const std::string_view name = day.size() < 2 ? day : day.substr(day.size() - 2);
    const auto* const found = std::find(std::begin(kWeekdays), std::end(kWeekdays), name);
    const std::string_view which = day.substr(0, day.size() - name.size());
    const StatusOr<int64_t> nth = which.empty()
                                      ? StatusOr<int64_t>(0)
                                      : ParseInt(which.starts_with('+') ? which.substr(1) : which);
    if (found == std::end(kWeekdays) || !nth.ok() || *nth < -5 || *nth > 5 ||
        (!which.empty() && *nth == 0)) {
      return Error(line.number, fmt::format("RRULE: {} is no day of BYDAY", Quote(day)));
    }
    rule->days.emplace_back(static_cast<size_t>(found - std::begin(kWeekdays)),
                            static_cast<int>(*nth));
  }
  return absl::OkStatus();
}

Status Reader::ReadRulePart(const Line& line, std::string_view key, std::string_view value,
                            const Event& event, Rule* rule) const {
  const auto number = [&](int64_t most) -> StatusOr<int64_t> {
    const StatusOr<int64_t> parsed = ParseInt(value);
    if (parsed.ok() && *parsed >= 1 && *parsed <= most) return parsed;
    return Error(line.number, fmt::format("RRULE: {} is no {}", Quote(value), key));
  };
  if (key == "FREQ") {
    constexpr std::string_view kUnits[] = {"DAILY", "WEEKLY", "MONTHLY"};
    const auto* const found = std::find(std::begin(kUnits), std::end(kUnits), value);
    if (found == std::end(kUnits)) {
      return Error(line.number, fmt::format("RRULE: FREQ={} is not supported: DAILY, WEEKLY or "
                                            "MONTHLY",
                                            value));
    }
    rule->unit = static_cast<Rule::Unit>(found - std::begin(kUnits));
  } else if (key == "INTERVAL") {
    rule->interval = static_cast<int>(TRY(number(kMostInterval)));
  } else if (key == "COUNT") {
    rule->count = TRY(number(kMostShifts));
  } else if (key == "UNTIL") {
    When until = TRY(ReadWhen(line, value));
    if (until.whole_day) until.local = absl::CivilSecond(absl::CivilDay(until.local) + 1) - 1;
    if (!until.whole_day && !value.ends_with('Z') && event.start) until.zone = event.start->zone;
    rule->until = until.instant();
  } else if (key == "BYDAY") {
    return ReadByDay(line, value, rule);
  } else if (key == "WKST") {
    const auto* const found = std::find(std::begin(kWeekdays), std::end(kWeekdays), value);
    if (found == std::end(kWeekdays)) {
      return Error(line.number, fmt::format("RRULE: {} is no WKST", Quote(value)));
    }
    rule->week_start = static_cast<size_t>(found - std::begin(kWeekdays));
  } else {
    return Error(line.number, fmt::format("RRULE: {} is not supported", key));
  }
  return absl::OkStatus();
}

StatusOr<Rule> Reader::ReadRule(const Line& line, const Event& event) const {
  Rule rule;
  bool has_unit = false;
  for (std::string_view part : Split(line.value, ';')) {
    if (part.empty()) continue;
    const size_t equal = part.find('=');
    const std::string key = ToUpper(part.substr(0, equal));
    const std::string value = equal == part.npos ? "" : ToUpper(part.substr(equal + 1));
    has_unit = has_unit || key == "FREQ";
    TRY(ReadRulePart(line, key, value, event, &rule));
  }
  if (!has_unit) return Error(line.number, "RRULE: FREQ is missing");
  const bool nth = std::any_of(rule.days.begin(), rule.days.end(),
                               [](const auto& day) { return day.second != 0; });
  if (nth && rule.unit != Rule::Unit::kMonths) {
    return Error(line.number, "RRULE: numbered days go with FREQ=MONTHLY only");
  }
  return rule;
}

Status Reader::ReadProperty(const Line& line, Event* event) const {
  if (line.name == "UID") {
    event->uid = line.value;
  } else if (line.name == "SUMMARY") {
    event->user = UserOf(line.value);
  } else if (line.name == "DTSTART") {
    event->start = TRY(ReadWhen(line, line.value));
  } else if (line.name == "DTEND") {
    event->end = TRY(ReadWhen(line, line.value));
  } else if (line.name == "DURATION") {
    event->duration = TRY(ReadDuration(line));
  } else if (line.name == "RRULE") {
    if (event->rule) return Error(line.number, "a second RRULE is not supported");
    event->rule = TRY(ReadRule(line, *event));
  } else if (line.name == "EXDATE") {
    for (std::string_view value : Split(line.value, ',')) {
      event->excluded.insert(TRY(ReadWhen(line, value)).instant());
    }
  } else if (line.name == "RECURRENCE-ID") {
    event->replaces = TRY(ReadWhen(line, line.value)).instant();
  } else if (line.name == "RDATE" || line.name == "EXRULE") {
    return Error(line.number, line.name + " is not supported");
  } else if (line.name == "STATUS") {
    event->cancelled = ToUpper(line.value) == "CANCELLED";
  }
  return absl::OkStatus();
}

Status Reader::Check(const Event& event) const {
  if (!event.start) return Error(event.line, "an event without DTSTART");
  if (event.cancelled) return absl::OkStatus();
  if (event.user.empty()) return Error(event.line, "an event without SUMMARY: whose shift is it?");
  if (event.end && event.end->instant() <= event.start->instant()) {
    return Error(event.line, "an event must end behind its start");
  }
  if (!event.end && !event.duration && !event.start->whole_day) {
    return Error(event.line, "an event without DTEND and DURATION");
  }
  return absl::OkStatus();
}

StatusOr<std::vector<Event>> Reader::Events() {
  std::vector<Event> events;
  std::vector<std::string> open;  // the components around
  bool calendar = false;
  while (std::optional<Line> line = Next()) {
    if (line->name == "BEGIN") {
      open.push_back(ToUpper(line->value));
      if (open.size() > 8) return Error(line->number, "components lie too deep in each other");
      calendar = calendar || open.back() == "VCALENDAR";
      if (open.back() == "VEVENT") events.emplace_back().line = line->number;
    } else if (line->name == "END") {
      if (open.empty() || open.back() != ToUpper(line->value)) {
        return Error(line->number, fmt::format("END:{} without its BEGIN", line->value));
      }
      if (open.back() == "VEVENT") TRY(Check(events.back()));
      open.pop_back();
    } else if (!open.empty() && open.back() == "VEVENT") {
      TRY(ReadProperty(*line, &events.back()));
    }
  }
  if (!calendar) return Error(1, "BEGIN:VCALENDAR is missing");
  if (!open.empty()) return Error(number_, fmt::format("END:{} is missing", open.back()));
  return events;
}

// ---- occurrences

// Which of its kind in its month a day is, counted from the begin and from the end.
bool IsNth(absl::CivilDay day, int nth) {
  if (nth == 0) return true;
  if (nth > 0) return (day.day() - 1) / 7 + 1 == nth;
  const absl::CivilDay last = absl::CivilDay(absl::CivilMonth(day) + 1) - 1;
  return (last.day() - day.day()) / 7 + 1 == -nth;
}

bool HasWeekday(const Rule& rule, absl::CivilDay day) {
  const auto weekday = static_cast<size_t>(absl::GetWeekday(day));
  return std::any_of(rule.days.begin(), rule.days.end(), [&](const auto& wanted) {
    return wanted.first == weekday && IsNth(day, wanted.second);
  });
}

// Days of the `k`-th period of the rule, ascending.
std::vector<absl::CivilDay> DaysOf(const Rule& rule, absl::CivilDay start, int64_t k) {
  std::vector<absl::CivilDay> days;
  const int64_t steps = k * rule.interval;
  if (rule.unit == Rule::Unit::kDays) {
    const absl::CivilDay day = start + steps;
    if (rule.days.empty() || HasWeekday(rule, day)) days.push_back(day);
  } else if (rule.unit == Rule::Unit::kWeeks) {
    if (rule.days.empty()) return {start + 7 * steps};
    const auto weekday = static_cast<int64_t>(absl::GetWeekday(start));
    const absl::CivilDay first =
        start - (weekday + 7 - static_cast<int64_t>(rule.week_start)) % 7 + 7 * steps;
    for (absl::CivilDay day = first; day < first + 7; ++day) {
      if (day >= start && HasWeekday(rule, day)) days.push_back(day);
    }
  } else {
    const absl::CivilMonth month = absl::CivilMonth(start) + steps;
    if (rule.days.empty()) {
      // A month without such a day has no occurrence.
      const absl::CivilDay day(month.year(), month.month(), start.day());
      if (absl::CivilMonth(day) == month) days.push_back(day);
      return days;
    }
    for (absl::CivilDay day(month); absl::CivilMonth(day) == month; ++day) {
      if (day >= start && HasWeekday(rule, day)) days.push_back(day);
    }
  }
  return days;
}

// Local starts of an event, the first one included.
std::vector<absl::CivilSecond> StartsOf(const Event& event) {
  const absl::CivilSecond start = event.start->local;
  if (!event.rule) return {start};
  const Rule& rule = *event.rule;
  const int64_t of_day = start - absl::CivilSecond(absl::CivilDay(start));
  std::vector<absl::CivilSecond> starts;
  for (int64_t k = 0; starts.size() <= kMostShifts; ++k) {
    const std::vector<absl::CivilDay> days = DaysOf(rule, absl::CivilDay(start), k);
    // Periods without a day go by too, until the horizon.
    const int64_t step = rule.unit == Rule::Unit::kMonths ? 28 : 1;
    if (absl::CivilSecond(absl::CivilDay(start) + k * step * rule.interval) > kHorizon) break;
    for (const absl::CivilDay day : days) {
      const absl::CivilSecond local = absl::CivilSecond(day) + of_day;
      const bool over = local > kHorizon ||
                        (rule.until && InstantOf(local, event.start->zone) > *rule.until) ||
                        (rule.count > 0 && static_cast<int64_t>(starts.size()) >= rule.count);
      if (over) return starts;
      starts.push_back(local);
    }
  }
  return starts;
}

FixedShift ShiftOf(const Event& event, absl::CivilSecond local) {
  const When& start = *event.start;
  FixedShift shift;
  shift.user = event.user;
  shift.start = InstantOf(local, start.zone);
  if (event.end && event.end->zone == start.zone) {
    shift.end = InstantOf(local + (event.end->local - start.local), start.zone);
  } else if (event.end) {
    shift.end = shift.start + (event.end->instant() - start.instant());
  } else if (event.duration) {
    // Days by the calendar, the rest by the clock.
    const int64_t days = *event.duration / 86'400;
    shift.end =
        InstantOf(local + days * 86'400, start.zone) + (*event.duration % 86'400) * kNanosPerSecond;
  } else {
    shift.end = InstantOf(absl::CivilSecond(absl::CivilDay(local) + 1), start.zone);
  }
  return shift;
}

}  // namespace

StatusOr<std::vector<FixedShift>> ParseICalendar(std::string_view text,
                                                 const CalendarImport& import) {
  Reader reader(text, import);
  if (text.size() > kMostBytes) return reader.Error(1, "the file is larger than 4 MiB");
  const std::vector<Event> events = TRY(reader.Events());
  std::map<std::string, std::set<Nanos>> replaced;  // by UID
  for (const Event& event : events) {
    if (event.replaces) replaced[event.uid].insert(*event.replaces);
  }
  std::vector<FixedShift> shifts;
  for (const Event& event : events) {
    if (event.cancelled) continue;
    for (const absl::CivilSecond local : StartsOf(event)) {
      const FixedShift shift = ShiftOf(event, local);
      const bool gone = event.excluded.contains(shift.start) ||
                        (!event.replaces && replaced[event.uid].contains(shift.start));
      if (gone || shift.end <= shift.start) continue;
      shifts.push_back(shift);
      if (shifts.size() > kMostShifts) {
        return reader.Error(event.line, "the file has more than 100,000 shifts");
      }
    }
  }
  std::stable_sort(shifts.begin(), shifts.end(),
                   [](const FixedShift& a, const FixedShift& b) { return a.start < b.start; });
  return shifts;
}

}  // namespace outrider
